"""The image operations of the flow as matrices, for graphs that must run without OpenCV.

Means over boxes, Sobel's derivatives and the steps of a pyramid are linear and separable: a matrix
over the rows and one over the columns, borders included. A dense product with a matrix that is
mostly zeros wastes arithmetic, but it is one operation that every runtime has and is fast at.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

__all__ = ["apply_operators", "box_operator", "enlarging_operator", "halving_operator"]
__all__ += ["local_mean", "sobel_operators", "warped"]

Operator = npt.NDArray[np.float64]


def apply_operators(images: Any, rows: Operator, columns: Operator) -> Any:
    """Return ``rows @ image @ columns.T`` for images of shape (..., H, W)."""
    along = tf.matmul(images, tf.constant(columns.T, images.dtype))
    return tf.matmul(tf.constant(rows, images.dtype), along)


def box_operator(size: int, width: int) -> Operator:
    """Return the mean over `width` neighbours, an odd number: matrix (size, size)."""
    return _filter(size, np.full(width, 1 / width))


def local_mean(images: Any, sigma: float) -> Any:
    """Return a Gaussian mean (N, H, W) of `sigma` pixels, made of three box means; 0 for no mean.

    Each is summed in float64 and rounded to float32, as OpenCV does: to the bit, since little is
    left of a grey level once its mean is taken off, and the flow is found by what is left.
    """
    if sigma == 0:
        return tf.zeros_like(images)
    width = 2 * round((math.sqrt(4 * sigma * sigma + 1) - 1) / 2) + 1
    boxes = [box_operator(size, width) for size in images.shape[1:]]
    for _ in range(3):
        images = tf.cast(apply_operators(tf.cast(images, tf.float64), *boxes), images.dtype)
    return images


def sobel_operators(size: int) -> tuple[Operator, Operator]:
    """Return derivative and smoothing along one axis; their outer product is Sobel's filter / 8."""
    return _filter(size, np.array([-0.5, 0, 0.5])), _filter(size, np.array([0.25, 0.5, 0.25]))


def halving_operator(size: int) -> Operator:
    """Return a step down the pyramid: binomial smoothing, every second pixel."""
    return _filter(size, np.array([1, 4, 6, 4, 1]) / 16)[::2]


def enlarging_operator(size: int, larger: int) -> Operator:
    """Return linear interpolation from `size` to `larger` pixels that cover the same extent."""
    places = np.clip((np.arange(larger) + 0.5) * size / larger - 0.5, 0, size - 1)
    lower = np.minimum(np.floor(places).astype(int), max(0, size - 2))
    matrix, fraction = np.zeros((larger, size)), places - lower
    every = np.arange(larger)
    matrix[every, lower] = 1 - fraction
    matrix[every, np.minimum(lower + 1, size - 1)] += fraction
    return matrix


def warped(images: Any, flow: Any) -> Any:
    """Fetch from images (N, H, W) what the flow (N, H, W, 2) says has moved there.

    Between pixels it interpolates linearly; beyond the border the border's pixels go on.
    """
    height, width = images.shape[1:]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    flat = tf.reshape(images, (-1, height * width))
    x, y = flow[..., 0] + columns, flow[..., 1] + rows
    left, top = tf.floor(x), tf.floor(y)
    right_part, lower_part = x - left, y - top

    def fetch(row: Any, column: Any) -> Any:
        row = tf.clip_by_value(tf.cast(row, tf.int32), 0, height - 1)
        column = tf.clip_by_value(tf.cast(column, tf.int32), 0, width - 1)
        places = tf.reshape(row * width + column, (-1, height * width))
        return tf.reshape(tf.gather(flat, places, batch_dims=1), (-1, height, width))

    upper = (1 - right_part) * fetch(top, left) + right_part * fetch(top, left + 1)
    lower = (1 - right_part) * fetch(top + 1, left) + right_part * fetch(top + 1, left + 1)
    return (1 - lower_part) * upper + lower_part * lower


def _filter(size: int, taps: npt.NDArray[np.float64]) -> Operator:
    """Return a filter with an odd number of taps; beyond the border the image is mirrored."""
    matrix, half = np.zeros((size, size)), len(taps) // 2
    for row in range(size):
        for offset, tap in enumerate(taps, -half):
            matrix[row, _mirrored(row + offset, size)] += tap
    return matrix


def _mirrored(index: int, size: int) -> int:
    """Return the pixel that stands for `index`, mirrored at the borders' pixels themselves."""
    if size == 1:
        return 0
    period = 2 * (size - 1)
    index %= period
    return min(index, period - index)
