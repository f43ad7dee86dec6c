"""Flow and image difference of aligned frames as a TensorFlow graph.

The same steps as :mod:`astsvm.features` takes with OpenCV and numpy, for models that are served
where there is neither. Differences from them are those of rounding in float32.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from astsvm.config import FlowSettings, PreprocessingSettings
from astsvm.errors import SettingsError
from astsvm.export.image_operators import (
    apply_operators,
    box_operator,
    enlarging_operator,
    halving_operator,
    local_mean,
    sobel_operators,
    warped,
)
from astsvm.features.lucas_kanade import FLATTEST
from astsvm.features.optical_flow import FlowReference

__all__ = ["feature_streams"]


def feature_streams(frames: Any, settings: PreprocessingSettings) -> dict[str, Any]:
    """Return the streams of clips from their aligned, magnified, interpolated frames.

    Parameters
    ----------
    frames : tensor of shape (B, n, H, W), float32
        Grey in [0, 1].
    settings : PreprocessingSettings
        What the flow and the difference are to be; `streams` says which are wanted.

    Returns
    -------
    dict of str to tensor
        ``flow`` (B, T, H, W, 2) and ``idsf`` (B, T, H, W, 1), float32.

    Raises
    ------
    SettingsError
        If the flow is to be found by a method that exists in OpenCV only.
    """
    streams = {}
    if "flow" in settings.streams:
        streams["flow"] = _flow(frames, settings.flow)
    if "idsf" in settings.streams:
        difference = frames[:, 0 if settings.flow.zero_first else 1 :] - frames[:, :1]
        if settings.illumination == "median":
            difference -= _median(difference)
        streams["idsf"] = difference[..., None]
    return streams


def _flow(frames: Any, settings: FlowSettings) -> Any:
    if settings.method != "lucas_kanade":
        raise SettingsError(
            f"flow.method is {settings.method!r}, which is OpenCV's own; only lucas_kanade can be "
            "part of an exported graph. Export as onnx, which takes features, or train with "
            "lucas_kanade."
        )
    count, height, width = frames.shape[1:]
    pairs = [
        _pairs(level, count, settings.reference)
        for level in _pyramid(tf.reshape(frames, (-1, height, width)), settings)
    ]
    u, v = _coarse_to_fine(pairs, settings)
    if settings.head_motion == "median":
        u, v = u - _median(u), v - _median(v)
    flow = tf.reshape(tf.stack([u, v], axis=-1), (-1, count - 1, height, width, 2))
    return tf.pad(flow, [[0, 0], [1, 0], *[[0, 0]] * 3]) if settings.zero_first else flow


def _median(images: Any) -> Any:
    """Return the median over the last two axes, (..., 1, 1)."""
    height, width = images.shape[-2:]
    pixels = tf.reshape(images, (*_leading(images), height * width))
    largest = tf.math.top_k(pixels, k=height * width // 2 + 1).values
    middle = largest[..., -1:]
    if height * width % 2 == 0:
        middle = (middle + largest[..., -2:-1]) / 2
    return middle[..., None]


def _leading(images: Any) -> list[Any]:
    dynamic = tf.shape(images)
    return [size or dynamic[axis] for axis, size in enumerate(images.shape[:-2])]


def _pairs(level: Any, count: int, reference: FlowReference) -> tuple[Any, Any]:
    """Return the frames that flow leads from and to, (B * (count - 1), H, W) each."""
    height, width = level.shape[1:]
    clips = tf.reshape(level, (-1, count, height, width))
    onset = tf.repeat(clips[:, :1], count - 1, axis=1)
    first = clips[:, :-1] if reference == "adjacent" else onset
    return tuple(tf.reshape(part, (-1, height, width)) for part in (first, clips[:, 1:]))


def _coarse_to_fine(pairs: list[tuple[Any, Any]], settings: FlowSettings) -> tuple[Any, Any]:
    """Return u and v (N, H, W) from frames to others, given as pyramids, finest level first."""
    height, width = pairs[-1][0].shape[1:]
    u = v = tf.zeros_like(pairs[-1][0])
    for source, target in reversed(pairs):
        rows, columns = source.shape[1:]
        if (rows, columns) != (height, width):
            larger = enlarging_operator(height, rows), enlarging_operator(width, columns)
            u, v = (2 * apply_operators(part, *larger) for part in (u, v))
            height, width = rows, columns
        u, v = _refined(source, target, u, v, settings)
    return u, v


def _pyramid(frames: Any, settings: FlowSettings) -> list[Any]:
    height, width = frames.shape[1:]
    pyramid = [frames - local_mean(frames, settings.local_mean_sigma)]
    while len(pyramid) < settings.levels and (min(height, width) + 1) // 2 >= settings.window:
        halves = halving_operator(height), halving_operator(width)
        pyramid.append(apply_operators(pyramid[-1], *halves))
        height, width = len(halves[0]), len(halves[1])
    return pyramid


def _refined(source: Any, target: Any, u: Any, v: Any, settings: FlowSettings) -> tuple[Any, Any]:
    sides = source.shape[1:]
    box = tuple(box_operator(size, settings.window) for size in sides)
    moved = warped(target, tf.stack([u, v], axis=-1))
    gradient = _gradient(0.5 * (source + moved))
    inverse = _inverse_structure(gradient, box, settings.regularisation)
    for iteration in range(settings.iterations):
        if iteration:
            moved = warped(target, tf.stack([u, v], axis=-1))
        difference = source - moved
        xt, yt = (apply_operators(part * difference, *box) for part in gradient)
        u = apply_operators(u + inverse.xx * xt + inverse.xy * yt, *box)
        v = apply_operators(v + inverse.xy * xt + inverse.yy * yt, *box)
    return u, v


class _SymmetricMatrix(NamedTuple):
    xx: Any
    xy: Any
    yy: Any


def _gradient(images: Any) -> tuple[Any, Any]:
    (by_row, smooth_rows), (by_column, smooth_columns) = map(sobel_operators, images.shape[1:])
    return (
        apply_operators(images, smooth_rows, by_column),
        apply_operators(images, by_row, smooth_columns),
    )


def _inverse_structure(
    gradient: tuple[Any, Any], box: tuple[Any, ...], regularisation: float
) -> _SymmetricMatrix:
    x, y = gradient
    xx, xy, yy = (apply_operators(product, *box) for product in (x * x, x * y, y * y))
    energy = 0.5 * tf.reduce_mean(xx + yy, axis=(1, 2), keepdims=True)
    damping = regularisation * energy + FLATTEST
    xx, yy = xx + damping, yy + damping
    scale = 1 / (xx * yy - xy * xy)
    return _SymmetricMatrix(yy * scale, -xy * scale, xx * scale)
