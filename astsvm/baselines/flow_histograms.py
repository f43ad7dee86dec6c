"""Histograms of oriented optical flow, with hard bins (HOOF) and with fuzzy ones (FHOOF)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray
from astsvm.baselines.block_grid import Blocks, checked_blocks
from astsvm.baselines.descriptor_input import as_flow_fields, require_whole_number
from astsvm.baselines.descriptor_svm import DescriptorSvm
from astsvm.baselines.orientation_histogram import MOST_BINS, orientation_histograms

__all__ = ["FHOOF_SVM", "HOOF_SVM", "fhoof", "hoof"]

HOOF_SVM: Final = DescriptorSvm(
    kernel="chi_square",
    c=1.0,
    note="The source compares histograms by chi-square among other kernels, within Binet-Cauchy "
    "kernels of dynamical systems; a plain chi-square machine with C = 1 is ours.",
)

FHOOF_SVM: Final = DescriptorSvm(
    kernel="chi_square",
    c=1.0,
    note="The source tries several classifiers, a support vector machine among them; HOOF's, so "
    "that only the bins differ, is ours.",
)


def hoof(
    flow: npt.ArrayLike, bins: int = 8, blocks: Blocks = (5, 5), *, mirrored: bool = True
) -> FloatArray:
    """Return how much of the flow goes each way, in every field and block.

    Parameters
    ----------
    flow : array_like of shape (T, H, W, 2), float
        (u, v) in pixels, u rightwards, v downwards.
    bins : int
        Bins of the angle, 1 to 64.
    blocks : (int, int)
        Rows and columns of the grid; (1, 1) is the source's histogram.
    mirrored : bool
        Take leftwards for rightwards, as the source does; its bins then divide the half circle
        from upwards to downwards. Otherwise they divide the full circle, from leftwards over
        upwards.

    Returns
    -------
    ndarray of shape (T * rows * columns * bins,), float32
        Field by field, block by block (row by row), bin by bin. Each field sums to 1; one that
        moves nowhere is 0. The length of the flow does not matter, only what part goes where.

    Raises
    ------
    InvalidInputError
        If the flow has another shape or is not finite, or a setting is out of range.

    Notes
    -----
    Ours: the blocks, which share one sum so that a block where little moves weighs little, and the
    fields one after the other in place of a dynamical system.

    References
    ----------
    R. Chaudhry, A. Ravichandran, G. Hager, R. Vidal, "Histograms of oriented optical flow and
    Binet-Cauchy kernels on nonlinear dynamical systems for the recognition of human actions", CVPR
    2009, doi:10.1109/CVPR.2009.5206821.
    """
    return _part_of_each_field(flow, bins, blocks, mirrored=mirrored, fuzzy=False, weighted=True)


def fhoof(
    flow: npt.ArrayLike, bins: int = 8, blocks: Blocks = (5, 5), *, weighted: bool = True
) -> FloatArray:
    """Return how much of the flow goes each way, in fuzzy bins that noise changes little.

    Parameters
    ----------
    flow : array_like of shape (T, H, W, 2), float
        (u, v) in pixels, u rightwards, v downwards.
    bins : int
        Bins of the angle, 2 to 64, from leftwards over upwards.
    blocks : (int, int)
        Rows and columns of the grid.
    weighted : bool
        Let each pixel count by the length of its flow (FHOOF). Otherwise all that move count the
        same (FHOFO).

    Returns
    -------
    ndarray of shape (T * rows * columns * bins,), float32
        Laid out and summing up as :func:`hoof`'s.

    Raises
    ------
    InvalidInputError
        If the flow has another shape or is not finite, or a setting is out of range.

    Notes
    -----
    Ours: a pixel belongs to the two nearest bins, in proportion (triangular membership), where the
    source spreads it by a membership function of its own; and the fields one after the other.

    References
    ----------
    S. L. Happy, A. Routray, "Fuzzy histogram of optical flow orientations for micro-expression
    recognition", IEEE Transactions on Affective Computing 10(3), 2019,
    doi:10.1109/TAFFC.2017.2723386.
    """
    require_whole_number(bins, "bins", low=2, high=MOST_BINS)
    return _part_of_each_field(flow, bins, blocks, mirrored=False, fuzzy=True, weighted=weighted)


def _part_of_each_field(
    flow: npt.ArrayLike, bins: int, blocks: Blocks, *, mirrored: bool, fuzzy: bool, weighted: bool
) -> FloatArray:
    fields = as_flow_fields(flow)
    bins = require_whole_number(bins, "bins", low=1, high=MOST_BINS)
    blocks = checked_blocks(blocks, (fields.shape[1], fields.shape[2]))
    length = np.hypot(*np.moveaxis(fields.astype(np.float64), -1, 0))
    sums = orientation_histograms(
        fields,
        length if weighted else (length > 0).astype(np.float64),
        bins,
        blocks,
        mirrored=mirrored,
        fuzzy=fuzzy,
    )
    whole = sums.sum(axis=(1, 2), keepdims=True)
    parts = np.divide(sums, whole, out=sums, where=whole > 0)
    return np.asarray(parts, dtype=np.float32).ravel()
