"""Moments and affine maps of tensors with few channels, a row of pixels at a time.

A tensor (B, T, H, W, C) with 6 channels is slow to work on channel by channel: a vector of the
processor holds 16 numbers. Whole rows of W * C numbers, met by W copies of the channels' scale and
offset, are the same arithmetic three times faster.
"""

from __future__ import annotations

from typing import Any

from keras import ops

__all__ = ["channel_moments", "rectified_affine"]


def channel_moments(values: Any) -> tuple[Any, Any]:
    """Return mean and mean square over all axes but the last, each (C,)."""
    mean, mean_square = _moments(values)
    return mean, mean_square


@ops.custom_gradient  # type: ignore[untyped-decorator]
def _moments(values: Any) -> Any:
    rows, channels = _rows(values), values.shape[-1]
    count = ops.cast(ops.size(values) // channels, values.dtype)

    def per_channel(sums: Any) -> Any:
        return ops.sum(ops.reshape(sums, (-1, channels)), axis=0) / count

    mean = per_channel(ops.sum(rows, axis=0))
    mean_square = per_channel(ops.sum(ops.square(rows), axis=0))

    def gradient(*upstream: Any) -> Any:
        to_mean, to_square = (_repeated(one / count, rows) for one in upstream)
        return ops.reshape(rows * (2 * to_square) + to_mean, ops.shape(values))

    return (mean, mean_square), gradient


def rectified_affine(values: Any, scale: Any, offset: Any) -> Any:
    """Return ``relu(scale * values + offset)``, with scale and offset (C,)."""
    rows = _rows(values)
    mapped = ops.relu(rows * _repeated(scale, rows) + _repeated(offset, rows))
    return ops.reshape(mapped, (-1, *values.shape[1:]))


def _rows(values: Any) -> Any:
    return ops.reshape(values, (-1, values.shape[-2] * values.shape[-1]))


def _repeated(channels: Any, rows: Any) -> Any:
    return ops.tile(channels, [rows.shape[1] // channels.shape[0]])
