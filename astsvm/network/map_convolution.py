"""Convolution of whole-resolution maps with few channels by one wide kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

__all__ = ["convolve_maps"]

_BLOCK = 4


def convolve_maps(maps: Sequence[Any], kernel: Any) -> Any:
    """Convolve maps with zero padding, sum over their channels, and keep their size.

    Equals ``conv2d(maps, kernel, padding="same")``. Blocks of 4 x 4 pixels become channels first:
    a 7 x 7 kernel on two maps is then a 3 x 3 kernel on 32 channels, which the convolution
    libraries are made for (19 instead of 55 ms forward and backward, 32 maps of 192 x 192).

    Parameters
    ----------
    maps : sequence of tensors of shape (B, H, W)
    kernel : tensor of shape (K, K, number of maps, 1), K odd

    Returns
    -------
    tensor of shape (B, H, W)
    """
    _, height, width = maps[0].shape
    reach = -(-(kernel.shape[0] // 2) // _BLOCK)
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    blocks = ops.concatenate([_blocks(one, rows, columns, reach) for one in maps], axis=-1)
    convolved = ops.conv(blocks, _block_kernel(kernel, reach), strides=1, padding="valid")
    convolved = ops.reshape(convolved, (-1, rows, columns, _BLOCK, _BLOCK))
    convolved = ops.transpose(convolved, (0, 1, 3, 2, 4))
    convolved = ops.reshape(convolved, (-1, rows * _BLOCK, columns * _BLOCK))
    return convolved[:, :height, :width]


def _blocks(values: Any, rows: int, columns: int, reach: int) -> Any:
    """Cut maps into blocks, with `reach` blocks of zeros around: (B, rows, columns, pixels)."""
    _, height, width = values.shape
    margin = reach * _BLOCK
    below, right = rows * _BLOCK - height + margin, columns * _BLOCK - width + margin
    padded = ops.pad(values, [[0, 0], [margin, below], [margin, right]])
    sides = (rows + 2 * reach, columns + 2 * reach)
    blocks = ops.reshape(padded, (-1, sides[0], _BLOCK, sides[1], _BLOCK))
    blocks = ops.transpose(blocks, (0, 1, 3, 2, 4))
    return ops.reshape(blocks, (-1, *sides, _BLOCK * _BLOCK))


def _block_kernel(kernel: Any, reach: int) -> Any:
    """Write a (K, K, C, 1) kernel for blocks: one shifted copy per pixel of the output block."""
    size, _, channels, _ = kernel.shape
    blocks = 2 * reach + 1
    first = reach * _BLOCK - size // 2
    last = blocks * _BLOCK - size - first
    shifted = [
        ops.pad(kernel, [[first + y, last - y], [first + x, last - x], [0, 0], [0, 0]])
        for y in range(_BLOCK)
        for x in range(_BLOCK)
    ]
    wide = ops.concatenate(shifted, axis=-1)
    wide = ops.reshape(wide, (blocks, _BLOCK, blocks, _BLOCK, channels, _BLOCK * _BLOCK))
    wide = ops.transpose(wide, (0, 2, 4, 1, 3, 5))
    return ops.reshape(wide, (blocks, blocks, _BLOCK * _BLOCK * channels, _BLOCK * _BLOCK))
