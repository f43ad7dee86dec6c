"""Convolution of tensors with few channels, rearranged into what the libraries are fast at.

Each form gives the numbers of the plain convolution; forward and backward on 32 clips of
10 x 32 x 32, one thread:

- one pixel wide: a matrix product (5 -> 2 ms);
- flat in time or in space: two-dimensional, on frames or on pixels side by side (19 -> 14 ms);
- five pixels wide on at most four channels: pairs of neighbours in a row become one pixel of twice
  the channels, which costs no copy. A fifth more arithmetic, on vectors half as empty
  (5 x 5 x 5 from 3 to 6 channels: 50 -> 32 ms).
"""

from __future__ import annotations

import math
from typing import Any

from keras import ops

__all__ = ["convolve"]

_FEW_CHANNELS = 4


def convolve(values: Any, kernel: Any) -> Any:
    """Convolve with zero padding and stride 1, keeping the size.

    Parameters
    ----------
    values : tensor of shape (B, H, W, C) or (B, T, H, W, C)
    kernel : tensor of shape (K, K, C, F) or (K, K, K, C, F)
        Any side may be 1; even sides are not allowed.

    Returns
    -------
    tensor of the values' shape but with F channels
    """
    lengths, sizes = tuple(kernel.shape[:-2]), tuple(values.shape[1:-1])
    flat = ops.reshape(kernel, (*(n for n in lengths if n > 1), *kernel.shape[-2:]))
    if len(flat.shape) == 2:
        convolved = ops.matmul(ops.reshape(values, (-1, values.shape[-1])), flat)
    elif len(lengths) == 3 and lengths[0] == 1:
        convolved = _convolve_wide(ops.reshape(values, (-1, *values.shape[2:])), kernel[0])
    elif len(lengths) == 3 and lengths[1:] == (1, 1):
        pixels = (-1, sizes[0], math.prod(sizes[1:]), values.shape[-1])
        convolved = _same(ops.reshape(values, pixels), kernel[:, :, 0])
    else:
        convolved = _convolve_wide(values, kernel)
    return ops.reshape(convolved, (-1, *sizes, kernel.shape[-1]))


def _convolve_wide(values: Any, kernel: Any) -> Any:
    *sizes, width, channels = values.shape[1:]
    if kernel.shape[-3] != 5 or channels > _FEW_CHANNELS or width % 2:
        return _same(values, kernel)
    return _same(ops.reshape(values, (-1, *sizes, width // 2, 2 * channels)), _for_pairs(kernel))


def _for_pairs(kernel: Any) -> Any:
    """Write a kernel 5 wide for pairs of pixels: 3 wide, one shifted copy for each of a pair."""
    rest = [[0, 0]] * (len(kernel.shape) - 3)
    shifted = [ops.pad(kernel, [*rest, side, [0, 0], [0, 0]]) for side in ([0, 1], [1, 0])]
    *lengths, _, channels, filters = kernel.shape
    return ops.reshape(ops.concatenate(shifted, -1), (*lengths, 3, 2 * channels, 2 * filters))


def _same(values: Any, kernel: Any) -> Any:
    return ops.conv(values, kernel, strides=1, padding="same", data_format="channels_last")
