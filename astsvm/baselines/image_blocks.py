"""Plain differences of frames, block by block: what IDSF holds before any network sees it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, as_grey_stack
from astsvm.baselines.block_grid import Blocks, block_means, checked_blocks
from astsvm.baselines.descriptor_svm import DescriptorSvm
from astsvm.features.image_difference import idsf

__all__ = ["IMAGE_BLOCKS_SVM", "adjacent_difference_blocks", "idsf_blocks"]

IMAGE_BLOCKS_SVM: Final = DescriptorSvm(
    kernel="rbf",
    c=1.0,
    standardise=True,
    note="No source: the method's own head, so that only the features differ.",
)


def idsf_blocks(frames: npt.ArrayLike, blocks: Blocks = (16, 16)) -> FloatArray:
    """Return the mean of each block of each difference to the onset frame.

    Parameters
    ----------
    frames : array_like of shape (n, H, W)
        Grey frames, n >= 2, the onset first.
    blocks : (int, int)
        Rows and columns of the grid.

    Returns
    -------
    ndarray of shape ((n - 1) * rows * columns,), float32
        Difference by difference, row by row; signed, in grey with white = 1.

    Raises
    ------
    InvalidInputError
        If the frames are no finite grey frames, fewer than two, or smaller than the grid.

    Notes
    -----
    Ours, to see what the network and its attention add to the paper's feature.
    """
    return _means(idsf(frames)[..., 0], blocks)


def adjacent_difference_blocks(frames: npt.ArrayLike, blocks: Blocks = (16, 16)) -> FloatArray:
    """Return the mean of each block of each difference between neighbouring frames.

    Parameters
    ----------
    frames : array_like of shape (n, H, W)
        Grey frames, n >= 2.
    blocks : (int, int)
        Rows and columns of the grid.

    Returns
    -------
    ndarray of shape ((n - 1) * rows * columns,), float32
        Difference by difference, row by row; signed, in grey with white = 1.

    Raises
    ------
    InvalidInputError
        If the frames are no finite grey frames, fewer than two, or smaller than the grid.

    Notes
    -----
    Ours: the counterpart of IDSF that looks one frame back instead of back to the onset. Added up
    over time, its blocks are those of IDSF.
    """
    stack = as_grey_stack(frames, minimum_frames=2)
    return _means(np.diff(stack, axis=0), blocks)


def _means(differences: FloatArray, blocks: Blocks) -> FloatArray:
    blocks = checked_blocks(blocks, (differences.shape[1], differences.shape[2]))
    return block_means(differences, blocks).astype(np.float32).ravel()
