"""Which way pixels move: histograms of the angle of flow, block by block."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray
from astsvm.baselines.block_grid import Blocks, block_numbers

__all__ = ["MOST_BINS", "orientation_histograms"]

MOST_BINS: Final = 64


def orientation_histograms(
    fields: FloatArray,
    weights: npt.NDArray[np.floating],
    bins: int,
    blocks: Blocks,
    *,
    mirrored: bool = False,
    fuzzy: bool = False,
) -> npt.NDArray[np.float64]:
    """Return the sum of weights in each bin of angles, for every field and block.

    Parameters
    ----------
    fields : ndarray of shape (T, H, W, 2), float32
        (u, v).
    weights : ndarray of shape (T, H, W)
        What each pixel adds, 0 or more.
    bins : int
        Number of bins of equal width. They begin at the angle -pi of the full circle (leftwards),
        from there over upwards (v < 0), rightwards and downwards; or, if mirrored, at -pi/2
        (upwards) and end at pi/2 (downwards).
    blocks : (int, int)
        Rows and columns of the grid.
    mirrored : bool
        Take leftwards for rightwards.
    fuzzy : bool
        Divide each weight between the two bins whose middles are nearest, in proportion.

    Returns
    -------
    ndarray of shape (T, rows * columns, bins), float64
    """
    u, v = np.moveaxis(fields.astype(np.float64), -1, 0)
    if mirrored:
        place = (np.arctan2(v, np.abs(u)) / np.pi + 0.5) * bins
    else:
        place = (np.arctan2(v, u) / np.pi + 1) / 2 * bins
    count = blocks[0] * blocks[1]
    first = np.arange(len(fields))[:, None, None] * count
    histogram = (first + block_numbers((fields.shape[1], fields.shape[2]), blocks)) * bins
    size = len(fields) * count * bins
    sums = np.zeros(size)
    for number, share in _shares(place, bins, mirrored, fuzzy):
        sums += np.bincount(
            (histogram + number).ravel(), weights=(weights * share).ravel(), minlength=size
        )
    return sums.reshape(len(fields), count, bins)


def _shares(
    place: npt.NDArray[np.float64], bins: int, mirrored: bool, fuzzy: bool
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """Return the bins each place belongs to, and how much it belongs to each.

    Beyond the ends of a mirrored half circle lies the image of the last bin, so the share of a
    neighbour there goes to that bin itself.
    """
    position = place - 0.5 if fuzzy else place
    lower = np.floor(position).astype(np.int64)
    share = position - lower
    parts = [(lower, 1 - share), (lower + 1, share)] if fuzzy else [(lower, np.ones_like(share))]
    return [
        (np.clip(number, 0, bins - 1) if mirrored else number % bins, part)
        for number, part in parts
    ]
