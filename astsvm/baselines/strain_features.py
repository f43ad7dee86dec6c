"""Optical strain as a descriptor (OSF), and as the weight of LBP-TOP's blocks (OSW)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray
from astsvm.baselines.binary_codes import Radii
from astsvm.baselines.block_grid import Blocks, block_means, checked_blocks
from astsvm.baselines.descriptor_input import as_strain_maps, require_whole_number
from astsvm.baselines.descriptor_svm import DescriptorSvm
from astsvm.baselines.lbp_top import PLANES, lbp_top
from astsvm.errors import InvalidInputError

__all__ = ["OSF_SVM", "OSW_SVM", "osf", "osw"]

_REPORTED: Final = (
    "Linear with C = 10000, as its authors are reported to use it; their text was not at hand."
)

OSF_SVM: Final = DescriptorSvm(kernel="linear", c=10_000.0, note=_REPORTED)

OSW_SVM: Final = DescriptorSvm(kernel="linear", c=10_000.0, note=_REPORTED)


def osf(strain: npt.ArrayLike, side: int = 50) -> FloatArray:
    """Return the strain of a clip as one small picture.

    Parameters
    ----------
    strain : array_like of shape (T, H, W), float
        Optical strain of each field, 0 or more; a single map as ``strain[None]``.
    side : int
        Pixels of the picture's side, 2 to 256.

    Returns
    -------
    ndarray of shape (side * side,), float32
        Row by row, within [0, 1]: the mean over time divided by its largest value, then resized.
        All 0 where nothing is strained.

    Raises
    ------
    InvalidInputError
        If the strain has another shape, is not finite or negative, or `side` is out of range.

    Notes
    -----
    The source's thresholds against noise are left out. It resizes each map and then pools; here,
    as both are linear, the pooled one is resized: by the mean over the area where it shrinks,
    linearly where it grows.

    References
    ----------
    S.-T. Liong et al., "Optical strain based recognition of subtle emotions", ISPACS 2014,
    doi:10.1109/ISPACS.2014.7024448. S.-T. Liong et al., "Spontaneous subtle expression detection
    and recognition based on facial strain", 2016, arXiv:1606.02792.
    """
    import cv2

    maps = as_strain_maps(strain, axes=3)
    side = require_whole_number(side, "side", low=2, high=256)
    pooled = maps.mean(axis=0, dtype=np.float64).astype(np.float32)
    scaled = pooled / (pooled.max() or np.float32(1))
    shrinks = min(scaled.shape) >= side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(scaled, (side, side), interpolation=method)
    return np.asarray(resized, dtype=np.float32).ravel()


def osw(
    frames: npt.ArrayLike,
    strain: npt.ArrayLike,
    radii: Radii = (1, 1, 4),
    points: int = 4,
    blocks: Blocks = (5, 5),
    *,
    uniform: bool = False,
) -> FloatArray:
    """Return LBP-TOP with every block weighted by its strain.

    Parameters
    ----------
    frames : array_like of shape (n, H, W)
        Grey frames, as :func:`astsvm.baselines.lbp_top.lbp_top` takes them.
    strain : array_like of shape (T, H, W), float
        Optical strain of each field, 0 or more, of the frames' size.
    radii, points, blocks, uniform
        As :func:`astsvm.baselines.lbp_top.lbp_top` takes them.

    Returns
    -------
    ndarray of the length of LBP-TOP's, float32
        Each block's histograms sum to its weight: the mean of its strain over time, divided by that
        of the block with the largest. All 0 where nothing is strained.

    Raises
    ------
    InvalidInputError
        If frames or strain are unfit or of different sizes, or a setting is out of range.

    Notes
    -----
    The source's thresholds against noise are left out. Blocks of the strain divide the whole
    frame, those of the codes what the radii leave of it.

    References
    ----------
    S.-T. Liong et al., "Subtle expression recognition using optical strain weighted features",
    ACCV 2014 workshops, doi:10.1007/978-3-319-16631-5_47.
    """
    histograms = lbp_top(frames, radii, points, blocks, uniform=uniform)
    maps = as_strain_maps(strain, axes=3)
    size = np.shape(frames)[1:]
    if maps.shape[1:] != size:
        raise InvalidInputError(
            f"strain: expected maps of the frames' size, {size}, received {maps.shape[1:]}."
        )
    rows, columns = checked_blocks(blocks, (size[0], size[1]))
    weights = block_means(maps, (rows, columns)).mean(axis=0)
    weights /= weights.max() or 1.0
    by_block = histograms.reshape(rows * columns, len(PLANES), -1)
    return np.asarray(by_block * weights.reshape(-1, 1, 1), dtype=np.float32).ravel()
