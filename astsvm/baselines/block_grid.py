"""An image cut into a grid of blocks: what falls into which, and means over each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError

__all__ = ["Blocks", "block_means", "block_numbers", "checked_blocks"]

Blocks = tuple[int, int]
"""Number of blocks from top to bottom, and from left to right."""

MOST_BLOCKS = 64
"""Along either side."""


def checked_blocks(blocks: Blocks, shape: tuple[int, int]) -> Blocks:
    """Return `blocks` if an image of that shape has at least a pixel for each.

    Raises
    ------
    InvalidInputError
        If they are no two whole numbers from 1 to 64, or more than there are pixels.
    """
    if (
        not isinstance(blocks, tuple | list)
        or len(blocks) != 2
        or any(isinstance(n, bool) or not isinstance(n, int) for n in blocks)
        or not all(1 <= n <= MOST_BLOCKS for n in blocks)
    ):
        raise InvalidInputError(
            f"blocks: expected two whole numbers from 1 to {MOST_BLOCKS}, rows and columns of the "
            f"grid, received {blocks!r}."
        )
    rows, columns = blocks
    if rows > shape[0] or columns > shape[1]:
        raise InvalidInputError(
            f"blocks: expected at most {shape[0]} x {shape[1]}, the pixels there are to divide, "
            f"received {rows} x {columns}. Use fewer blocks or larger frames."
        )
    return rows, columns


def block_numbers(shape: tuple[int, int], blocks: Blocks) -> npt.NDArray[np.intp]:
    """Return the number of every pixel's block, row by row from 0, shape (H, W).

    Sides that do not divide evenly give blocks that differ by one pixel.
    """
    rows, columns = (_numbers(side, count) for side, count in zip(shape, blocks, strict=True))
    return rows[:, None] * blocks[1] + columns


def block_means(images: npt.NDArray[Any], blocks: Blocks) -> npt.NDArray[np.float64]:
    """Return the mean of each block of each image.

    Parameters
    ----------
    images : ndarray of shape (..., H, W)
    blocks : (int, int)
        Checked by :func:`checked_blocks`.

    Returns
    -------
    ndarray of shape (..., rows, columns), float64
    """
    sums = images.astype(np.float64)
    for axis, count in zip((-2, -1), blocks, strict=True):
        edges = _edges(sums.shape[axis], count)
        sums = np.add.reduceat(sums, edges[:-1], axis=axis)
    heights, widths = (
        np.diff(_edges(images.shape[axis], count))
        for axis, count in zip((-2, -1), blocks, strict=True)
    )
    return np.asarray(sums / (heights[:, None] * widths))


def _edges(side: int, count: int) -> npt.NDArray[np.intp]:
    """Return where blocks begin along a side, and its end: count + 1 places."""
    return np.arange(count + 1) * side // count


def _numbers(side: int, count: int) -> npt.NDArray[np.intp]:
    return np.repeat(np.arange(count), np.diff(_edges(side, count)))
