"""Clips and their mirror images, as one reader.

A face seen in a mirror moves as well as the face: left and right change places, and motion to the
right becomes motion to the left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from astsvm.network.input_pipeline import ClipReader

__all__ = ["MirroredReader", "mirrored"]


def mirrored(stream: str, clips: npt.NDArray[np.float16]) -> npt.NDArray[np.float16]:
    """Return clips as a mirror shows them: columns reversed, horizontal flow negated.

    Parameters
    ----------
    stream : str
        ``"flow"`` has the horizontal component u in channel 0; other streams have no direction.
    clips : ndarray of shape (B, T, H, W, C), float16

    Returns
    -------
    ndarray of the same shape and type
        A copy. Mirrored twice, clips are what they were, to the bit.
    """
    turned = clips[..., ::-1, :].copy()
    if stream == "flow":
        np.negative(turned[..., 0], out=turned[..., 0])
    return turned


class MirroredReader:
    """Reads clip i as index 2 i, and its mirror image as 2 i + 1.

    Parameters
    ----------
    reader : ClipReader
        Where the clips are.
    """

    def __init__(self, reader: ClipReader) -> None:
        self._reader = reader

    @property
    def streams(self) -> Mapping[str, tuple[int, int, int, int]]:
        """Shape (T, H, W, C) per stream."""
        return self._reader.streams

    def read_batch(self, stream: str, indices: npt.ArrayLike) -> npt.NDArray[np.float16]:
        """Return clips and mirror images at `indices`, in their order: (B, T, H, W, C) float16."""
        wanted = np.asarray(indices)
        clips = self._reader.read_batch(stream, wanted // 2)
        turned = wanted % 2 == 1
        clips[turned] = mirrored(stream, clips[turned])
        return clips
