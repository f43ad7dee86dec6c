"""Clips in memory, to be sent where their file is not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError, StorageError

__all__ = ["ClipArrays"]


class _Readable(Protocol):
    def read_batch(self, stream: str, indices: npt.ArrayLike) -> npt.NDArray[np.float16]:
        """Return the clips at `indices`."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipArrays:
    """Streams of some clips of a collection; made by :meth:`read`.

    A clip keeps the index it has in the collection, so that whatever was planned with the one can
    be carried out with the other. Copies of it, as in a cluster's object store, share the arrays.

    Parameters
    ----------
    positions : ndarray of shape (n,), int64
        Indices of the clips in the collection, in rising order.
    arrays : mapping of str to ndarray of shape (n, T, H, W, C), float16
        The clips' streams.
    sha256 : str
        Digest of the above when they were read.
    """

    positions: npt.NDArray[np.int64]
    arrays: Mapping[str, npt.NDArray[np.float16]]
    sha256: str

    @classmethod
    def read(
        cls, collection: _Readable, streams: Sequence[str], indices: npt.ArrayLike
    ) -> ClipArrays:
        """Read clips from their files.

        Parameters
        ----------
        collection : ClipCollection
            Where they are; anything that has its ``read_batch``.
        streams : sequence of str
            The streams to read.
        indices : array_like of shape (m,), integer
            Their indices; the order does not matter, and none is read twice.

        Raises
        ------
        InvalidInputError
            If there is no such stream or clip.
        StorageError
            If the files cannot be read.
        """
        positions = np.unique(np.asarray(indices, dtype=np.int64))
        arrays = {name: collection.read_batch(name, positions) for name in streams}
        return cls(positions, arrays, _digest(positions, arrays))

    @property
    def streams(self) -> dict[str, tuple[int, int, int, int]]:
        """Shape (T, H, W, C) of each stream."""
        shapes = {name: array.shape for name, array in self.arrays.items()}
        return {name: (shape[1], shape[2], shape[3], shape[4]) for name, shape in shapes.items()}

    def read_batch(self, stream: str, indices: npt.ArrayLike) -> npt.NDArray[np.float16]:
        """Return a stream of clips by their indices in the collection.

        Parameters
        ----------
        stream : str
            One of :attr:`streams`.
        indices : array_like of shape (B,), integer
            In any order, repetitions allowed.

        Returns
        -------
        ndarray of shape (B, T, H, W, C), float16

        Raises
        ------
        InvalidInputError
            If the stream or a clip is not here.
        """
        if stream not in self.arrays:
            raise InvalidInputError(
                f"there is no stream {stream!r}; expected one of {', '.join(self.arrays)}."
            )
        wanted = np.asarray(indices, dtype=np.int64)
        known = np.isin(wanted, self.positions)
        if not known.all():
            raise InvalidInputError(
                f"clip {wanted[~known][0]} is not among the {len(self.positions)} clips that were "
                "read into memory."
            )
        return self.arrays[stream][np.searchsorted(self.positions, wanted)]

    def verify(self) -> None:
        """Compare the digest.

        Raises
        ------
        StorageError
            If a number has changed since the clips were read.
        """
        if _digest(self.positions, self.arrays) != self.sha256:
            raise StorageError(
                "clips in memory are not what was read from their files: their SHA-256 differs. "
                "The memory or the network of this machine is at fault."
            )


def _digest(positions: npt.NDArray[np.int64], arrays: Mapping[str, npt.NDArray[np.float16]]) -> str:
    digest = hashlib.sha256(positions.tobytes())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"\n{name}{array.dtype.str}{array.shape}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
