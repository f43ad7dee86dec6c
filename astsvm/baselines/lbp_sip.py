"""Local binary patterns with six intersection points (LBP-SIP): LBP-TOP without its repetitions."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray
from astsvm.baselines.binary_codes import (
    Radii,
    block_histograms,
    checked_radii,
    codes_of,
    frames_within,
    ring,
)
from astsvm.baselines.block_grid import Blocks, checked_blocks
from astsvm.baselines.descriptor_svm import DescriptorSvm

__all__ = ["LBP_SIP_SVM", "lbp_sip"]

LBP_SIP_SVM: Final = DescriptorSvm(
    kernel="chi_square",
    c=1.0,
    note="The source uses a support vector machine; chi-square, as is usual for histograms of "
    "local binary patterns, with C = 1 is ours.",
)


def lbp_sip(frames: npt.ArrayLike, radii: Radii = (1, 1, 4), blocks: Blocks = (5, 5)) -> FloatArray:
    """Return histograms of two codes a pixel: its four neighbours in space, its two in time.

    The twelve neighbours of LBP-TOP with 4 points are six pixels, each looked at twice. Here each
    is looked at once.

    Parameters
    ----------
    frames : array_like of shape (n, H, W)
        Grey frames, n at least twice the radius along t plus 1.
    radii : (int, int, int)
        Along x, y (pixels) and t (frames).
    blocks : (int, int)
        Rows and columns of the grid.

    Returns
    -------
    ndarray of shape (rows * columns * 20,), float32
        Block by block, row by row; in each the 16 bins of space (right, up, left, down; the first
        is the lowest bit), which sum to 1, then the 4 of time (later, earlier), which sum to 1.

    Raises
    ------
    InvalidInputError
        If the frames are no finite grey frames or too few or too small, or a setting is out of
        range.

    Notes
    -----
    That the six points make a code of 4 bits and one of 2 bits, 20 bins in all, is our reading of
    the source. Differs: codes are taken of the whole frame and then divided into blocks; the
    source's Gaussian pyramid is left out. Any strictly increasing map of grey levels leaves the
    histograms as they are.

    References
    ----------
    Y. Wang, J. See, R. C.-W. Phan, Y.-H. Oh, "LBP with six intersection points: reducing redundant
    information in LBP-TOP for micro-expression recognition", ACCV 2014,
    doi:10.1007/978-3-319-16865-4_34.
    """
    radii = checked_radii(radii)
    stack = frames_within(frames, radii)
    height, width = stack.shape[1] - 2 * radii[1], stack.shape[2] - 2 * radii[0]
    blocks = checked_blocks(blocks, (height, width))
    space = codes_of(stack, ring(4, ("x", "y"), radii), radii)
    later, earlier = (float(radii[2]), 0.0, 0.0), (-float(radii[2]), 0.0, 0.0)
    time = codes_of(stack, (later, earlier), radii)
    histograms = [block_histograms(space, 16, blocks), block_histograms(time, 4, blocks)]
    return np.concatenate(histograms, axis=1).astype(np.float32).ravel()
