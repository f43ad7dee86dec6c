"""Reading clip files: records, checked when a file is opened, and fast batches of features.

HDF5 is asked only once, for where each array lies. Arrays are contiguous runs of bytes, so a batch
is then filled by positioned reads: no lock, no chunk cache, and any number of threads at a time.
"""

from __future__ import annotations

import difflib
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError, StorageError
from astsvm.storage.entry import ClipRecord
from astsvm.storage.opening import OpenedFiles, close_files, open_files
from astsvm.storage.schema import validate
from astsvm.storage.skipped import SkippedClip

__all__ = ["ClipCollection", "ClipRecord", "open_clips"]


def open_clips(*paths: Path | str) -> ClipCollection:
    """Open one or more clip files as one collection.

    Parameters
    ----------
    *paths : Path or str
        Files that `astsvm preprocess` wrote. Several must agree in settings and streams.

    Returns
    -------
    ClipCollection
        To be closed, or used in a ``with`` statement.

    Raises
    ------
    InvalidInputError
        If no path is given.
    StorageError
        If a file is missing, foreign, truncated, damaged or newer; if files differ in settings or
        streams; or if a clip comes twice.
    """
    collection = ClipCollection(paths)
    len(collection)
    return collection


class ClipCollection:
    """The clips of one or more files, ordered by (database, subject, clip) as plain text.

    The order of the paths changes nothing. A collection pickles as its paths and its digest: the
    copy opens the files when it is first used, and refuses them if they have changed by then.
    Batches may be read from several threads at a time.

    Parameters
    ----------
    paths : sequence of Path or str
        The clip files, opened at the first use; :func:`open_clips` opens them at once.
    """

    def __init__(self, paths: Sequence[Path | str]) -> None:
        if not paths:
            raise InvalidInputError("expected at least one clip file, received none.")
        self._paths = tuple(Path(path) for path in paths)
        self._expected_digest: str | None = None
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._state: OpenedFiles | None = None
        self._closed = False
        self._finalizer: weakref.finalize[Any, Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        digest = self._state.digest if self._state is not None else self._expected_digest
        return {"paths": self._paths, "digest": digest}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._paths = state["paths"]
        self._expected_digest = state["digest"]
        self._reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._opened.records)

    def __repr__(self) -> str:
        return f"ClipCollection({', '.join(repr(str(path)) for path in self._paths)})"

    def close(self) -> None:
        """Close the files; what is asked afterwards raises StorageError."""
        with self._lock:
            self._closed = True
            self._state = None
            if self._finalizer is not None:
                self._finalizer()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, in the order given."""
        return self._paths

    @property
    def records(self) -> tuple[ClipRecord, ...]:
        """One record a clip; a clip's index is its position here."""
        return self._opened.records

    @property
    def streams(self) -> dict[str, tuple[int, int, int, int]]:
        """Shape (T, H, W, C) of each stream."""
        return {name: _four(shape) for name, shape in self._opened.indexes[0].streams.items()}

    @property
    def skipped(self) -> tuple[SkippedClip, ...]:
        """What was left out of the files, with reasons."""
        return tuple(row for index in self._opened.indexes for row in index.skipped)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that turned frames into features, as a JSON object; all files agree."""
        return dict(self._opened.indexes[0].settings)

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the loaders that read the clips, with variants; each once, in text order."""
        return tuple(sorted({index.dataset for index in self._opened.indexes}))

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the libraries that wrote the first file."""
        return dict(self._opened.indexes[0].versions)

    @property
    def synthetic(self) -> bool:
        """Whether any of the clips was drawn by the generator."""
        return any(index.synthetic for index in self._opened.indexes)

    @property
    def digest(self) -> str:
        """SHA-256 over key, label and checksum of every clip, whatever their order or file."""
        return self._opened.digest

    def index_of(self, clip: str) -> int:
        """Return the index of a clip by its key, or by its id where that is unique.

        Raises
        ------
        InvalidInputError
            If there is no such clip, or more than one.
        """
        records = self.records
        exact = [i for i, record in enumerate(records) if record.key == clip]
        found = exact or [i for i, record in enumerate(records) if record.clip == clip]
        if len(found) == 1:
            return found[0]
        keys = [record.key for record in records]
        if found:
            several = ", ".join(keys[i] for i in found[:5])
            raise InvalidInputError(f"clip {clip!r} is ambiguous; expected one of: {several}.")
        for skipped in self.skipped:
            if clip and clip in (skipped.clip, skipped.clip.rpartition("/")[2]):
                raise InvalidInputError(f"clip {clip!r} was skipped: {skipped.reason}")
        close = difflib.get_close_matches(clip, keys + [record.clip for record in records], n=3)
        hint = ", ".join(close or keys[:3])
        raise InvalidInputError(f"there is no clip {clip!r}; expected for example: {hint}.")

    def read_batch(self, stream: str, indices: npt.ArrayLike) -> npt.NDArray[np.float16]:
        """Read a stream of several clips.

        Parameters
        ----------
        stream : str
            One of :attr:`streams`.
        indices : array_like of shape (B,), integer
            Positions in :attr:`records`, in any order, repetitions allowed.

        Returns
        -------
        ndarray of shape (B, T, H, W, C), float16
            The clips in the order of `indices`.

        Raises
        ------
        InvalidInputError
            If there is no such stream, or an index is out of range.
        StorageError
            If the collection is closed, or a file was cut since it was opened.
        """
        opened = self._opened
        shape = self.streams.get(stream)
        if shape is None:
            raise InvalidInputError(
                f"there is no stream {stream!r}; expected one of {', '.join(self.streams)}."
            )
        positions = _check_indices(indices, len(opened.records))
        batch = np.empty((len(positions), *shape), dtype=np.float16)
        name = f"streams/{stream}"
        for target, position in zip(batch, positions.tolist(), strict=True):
            opened.read_into(position, name, target)
        return batch

    def frames(self, index: int) -> npt.NDArray[np.uint8] | None:
        """Return the aligned frames of a clip, (n, H, W) uint8, or None if there are none."""
        return self._array("frames", index)

    def landmarks(self, index: int) -> npt.NDArray[np.float32] | None:
        """Return the onset landmarks of a clip, (points, 2) float32 source pixels, or None."""
        return self._array("landmarks", index)

    def transform(self, index: int) -> npt.NDArray[np.float64] | None:
        """Return the map from source to aligned pixels of a clip, (2, 3) float64, or None."""
        return self._array("transform", index)

    def verify(self) -> None:
        """Recompute every checksum.

        Raises
        ------
        StorageError
            If a clip has changed since it was written.
        """
        for path in self._paths:
            validate(path, deep=True)

    def _array(self, name: str, index: int) -> npt.NDArray[Any] | None:
        opened = self._opened
        position = int(_check_indices([index], len(opened.records))[0])
        place = opened.entries[position][1].arrays.get(name)
        if place is None:
            return None
        array = np.empty(place.shape, dtype=place.dtype)
        opened.read_into(position, name, array)
        return array

    @property
    def _opened(self) -> OpenedFiles:
        state = self._state
        if state is not None:
            return state
        with self._lock:
            if self._closed:
                raise StorageError(f"{self!r} is closed; open it again with open_clips.")
            if self._state is None:
                self._state = open_files(self._paths, self._expected_digest)
                self._finalizer = weakref.finalize(self, close_files, self._state.descriptors)
            return self._state


def _check_indices(indices: npt.ArrayLike, count: int) -> npt.NDArray[np.int64]:
    positions = np.asarray(indices)
    if positions.ndim != 1 or (positions.size and positions.dtype.kind not in "iu"):
        raise InvalidInputError(
            f"indices must be a one-dimensional array of integers, received {positions.dtype} "
            f"of shape {positions.shape}."
        )
    if positions.size and not (positions.min() >= 0 and positions.max() < count):
        raise InvalidInputError(
            f"indices must lie within 0..{count - 1}, received {positions.min()} to "
            f"{positions.max()}."
        )
    return positions.astype(np.int64)


def _four(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    length, height, width, channels = shape
    return length, height, width, channels
