"""Local binary patterns on three orthogonal planes (LBP-TOP): texture in space and over time."""

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
    uniform_bins,
)
from astsvm.baselines.block_grid import Blocks, checked_blocks
from astsvm.baselines.descriptor_input import require_whole_number
from astsvm.baselines.descriptor_svm import DescriptorSvm

__all__ = ["LBP_TOP_SVM", "PLANES", "lbp_top"]

PLANES: Final = (("x", "y"), ("x", "t"), ("y", "t"))
"""XY, XT and YT, in the order of the histograms."""

LBP_TOP_SVM: Final = DescriptorSvm(
    kernel="chi_square",
    c=1.0,
    note="The sources use a support vector machine; chi-square, as is usual for histograms of "
    "local binary patterns, with C = 1 is ours.",
)


def lbp_top(
    frames: npt.ArrayLike,
    radii: Radii = (1, 1, 4),
    points: int = 4,
    blocks: Blocks = (5, 5),
    *,
    uniform: bool = False,
) -> FloatArray:
    """Return histograms of the local binary patterns in the planes XY, XT and YT, block by block.

    Parameters
    ----------
    frames : array_like of shape (n, H, W)
        Grey frames, n at least twice the radius along t plus 1.
    radii : (int, int, int)
        Along x, y (pixels) and t (frames). The default is the setting of CASME II's baseline; the
        other usual one is radii (3, 3, 3), 8 points, 8 x 8 blocks, uniform patterns.
    points : int
        Neighbours in each plane, 4 to 12.
    blocks : (int, int)
        Rows and columns of the grid.
    uniform : bool
        Put all patterns that change more than twice around the ring into one bin (u2).

    Returns
    -------
    ndarray of shape (rows * columns * 3 * bins,), float32
        Block by block, row by row; in each the planes XY, XT, YT; in each plane the bins, which sum
        to 1. There are ``2 ** points`` bins, or ``points * (points - 1) + 3`` of uniform patterns.

    Raises
    ------
    InvalidInputError
        If the frames are no finite grey frames or too few or too small, or a setting is out of
        range.

    Notes
    -----
    From the sources differ, besides the frames (magnified, 11 points in time): codes are taken of
    the whole frame and then divided into blocks, so a block's rim looks at its neighbours; no
    block in time; neighbours between pixels are interpolated on differences to the centre, and
    never rounded to whole grey levels.

    Where every neighbour is a pixel (4 points) any strictly increasing map of grey levels leaves
    the histograms as they are. Interpolated neighbours (8 points) allow brightness and contrast
    only.

    References
    ----------
    G. Zhao, M. Pietikäinen, "Dynamic texture recognition using local binary patterns with an
    application to facial expressions", IEEE TPAMI 29(6), 2007, doi:10.1109/TPAMI.2007.1110.
    W.-J. Yan et al., "CASME II: an improved spontaneous micro-expression database and the baseline
    evaluation", PLoS ONE 9(1), 2014, doi:10.1371/journal.pone.0086041.
    """
    radii = checked_radii(radii)
    points = require_whole_number(points, "points", low=4, high=12)
    stack = frames_within(frames, radii)
    height, width = stack.shape[1] - 2 * radii[1], stack.shape[2] - 2 * radii[0]
    blocks = checked_blocks(blocks, (height, width))
    histograms = []
    for axes in PLANES:
        codes = codes_of(stack, ring(points, axes, radii), radii)
        bins = 2**points
        if uniform:
            table = uniform_bins(points)
            codes, bins = table[codes], int(table.max()) + 1
        histograms.append(block_histograms(codes, bins, blocks))
    return np.stack(histograms, axis=1).astype(np.float32).ravel()
