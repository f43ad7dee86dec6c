"""Bi-weighted oriented optical flow (Bi-WOOF): what moves which way, weighted by strain."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray
from astsvm.baselines.block_grid import Blocks, block_means, checked_blocks
from astsvm.baselines.descriptor_input import as_motion, as_strain_maps, require_whole_number
from astsvm.baselines.descriptor_svm import DescriptorSvm
from astsvm.baselines.orientation_histogram import MOST_BINS, orientation_histograms
from astsvm.errors import InvalidInputError

__all__ = ["BI_WOOF_SVM", "bi_woof"]

BI_WOOF_SVM: Final = DescriptorSvm(
    kernel="linear",
    c=10_000.0,
    note="Linear with C = 10000, as its authors are reported to use it; their text was not at "
    "hand.",
)


def bi_woof(
    motion: npt.ArrayLike, strain: npt.ArrayLike, bins: int = 8, blocks: Blocks = (5, 5)
) -> FloatArray:
    """Return a histogram of the motion's angle in each block, weighted twice.

    Within a block every pixel counts by the length of its motion; the histogram is brought to a
    sum of 1 and then weighted by the block's mean strain.

    Parameters
    ----------
    motion : array_like of shape (H, W, 2), float
        (u, v) from onset to apex, in pixels, u rightwards, v downwards.
    strain : array_like of shape (H, W), float
        Its optical strain, 0 or more.
    bins : int
        Bins of the angle, 1 to 64, from leftwards over upwards.
    blocks : (int, int)
        Rows and columns of the grid.

    Returns
    -------
    ndarray of shape (rows * columns * bins,), float32
        Block by block, row by row, of norm 1: 200 values by default. All 0 where nothing moves or
        nothing is strained, for then it has no direction.

    Raises
    ------
    InvalidInputError
        If motion and strain are not of one size or not finite, strain is negative, or a setting is
        out of range.

    Notes
    -----
    Follows the authors' released program. Differs: blocks do not overlap (theirs do by a pixel);
    the weight of a block is the mean of its strain where theirs is the sum, so that blocks of
    slightly different size weigh the same. Where the apex is, is the caller's choice; the source
    takes the annotated one.

    References
    ----------
    S.-T. Liong, J. See, K. Wong, R. C.-W. Phan, "Less is more: micro-expression recognition from
    video using apex frame", Signal Processing: Image Communication 62, 2018,
    doi:10.1016/j.image.2017.11.006, arXiv:1606.01721.
    """
    field = as_motion(motion)
    map_of_strain = as_strain_maps(strain, axes=2)
    if map_of_strain.shape != field.shape[:2]:
        raise InvalidInputError(
            f"strain: expected the size of the motion, {field.shape[:2]}, received "
            f"{map_of_strain.shape}."
        )
    bins = require_whole_number(bins, "bins", low=1, high=MOST_BINS)
    blocks = checked_blocks(blocks, (field.shape[0], field.shape[1]))
    length = np.hypot(*np.moveaxis(field.astype(np.float64), -1, 0))
    sums = orientation_histograms(field[None], length[None], bins, blocks)[0]
    whole = sums.sum(axis=1, keepdims=True)
    local = np.divide(sums, whole, out=np.zeros_like(sums), where=whole > 0)
    weighted = local * block_means(map_of_strain, blocks).reshape(-1, 1)
    norm = float(np.linalg.norm(weighted))
    return np.asarray(weighted / (norm or 1.0), dtype=np.float32).ravel()
