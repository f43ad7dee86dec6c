"""Where a trained network looked in the held-out clips, and where there was motion to look at.

Small maps for people; no number of the evaluation depends on them. A map is kept over the motion it
weighed and never over a face: the licences of the databases do not allow their pictures to be
passed on, and a report is made to be passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from astsvm.network.attention import ChannelAttention, FusionAttention, SpatialAttention

__all__ = ["ClipMaps", "clip_maps"]

Maps = dict[str, npt.NDArray[np.float16]]


@dataclass(frozen=True, eq=False)
class ClipMaps:
    """Maps of some clips, float16, on the grid of the settings' resolution.

    Parameters
    ----------
    attention : dict of str to ndarray
        By stream, attention over the places, shape (m, h, w), and by ``STREAM_frames``, attention
        over the frames, shape (m, T). Both are relative to their mean over the clip, so that 1 is
        "as much as on average" under every activation. Empty without attention; without places for
        channel attention, without frames for spatial attention.
    motion : dict of str to ndarray
        By stream, mean absolute value of the features over time and channels, shape (m, h, w): for
        flow in pixels a step, for the image difference in grey levels of [0, 1].
    """

    attention: Maps
    motion: Maps


def clip_maps(
    model: keras.Model, streams: Sequence[str], batches: Iterable[Mapping[str, Any]]
) -> ClipMaps:
    """Return the maps of clips, in the order of the batches.

    Parameters
    ----------
    model : keras.Model
        A network of :func:`astsvm.network.build_network`.
    streams : sequence of str
        The streams it takes.
    batches : iterable of mapping of str to tensor (B, T, H, W, C)
        The clips, one batch or more.

    Returns
    -------
    ClipMaps
        Rows and columns that fill no whole window of the network's grid are left out.
    """
    layers = {name: _first_layer(model, name) for name in streams}
    attention: dict[str, list[npt.NDArray[np.float16]]] = {}
    motion: dict[str, list[npt.NDArray[np.float16]]] = {name: [] for name in streams}
    for batch in batches:
        for name, layer in layers.items():
            clips = _as_looked_at(model, name, keras.ops.convert_to_tensor(batch[name]))
            magnitude = np.abs(_array(clips)).mean(axis=(1, 4))
            motion[name].append(_on_grid(magnitude, layer.window))
            for key, values in _attention(layer, name, clips).items():
                attention.setdefault(key, []).append(values)
    return ClipMaps(
        {key: np.concatenate(parts) for key, parts in attention.items()},
        {name: np.concatenate(parts) for name, parts in motion.items()},
    )


def _first_layer(model: keras.Model, stream: str) -> Any:
    """Return the layer that brings a stream to the network's grid, with attention or without."""
    names = (f"{stream}_attention", f"{stream}_down_sampling")
    (layer,) = (layer for layer in model.layers if layer.name in names)
    return layer


def _as_looked_at(model: keras.Model, stream: str, clips: Any) -> Any:
    """Average clips as far as the network does before it looks at them."""
    for layer in model.layers:
        if layer.name == f"{stream}_averages":
            return layer(clips)
    return clips


def _attention(layer: Any, stream: str, clips: Any) -> Maps:
    frames = places = None
    if isinstance(layer, FusionAttention):
        frames, places = layer.attention(clips)
    elif isinstance(layer, ChannelAttention):
        frames = layer.attention(clips)
    elif isinstance(layer, SpatialAttention):
        places = layer.attention(clips)
    maps = {}
    if places is not None:
        maps[stream] = _on_grid(_relative(_array(places)), layer.window)
    if frames is not None:
        maps[f"{stream}_frames"] = _relative(_array(frames)).astype(np.float16)
    return maps


def _array(tensor: Any) -> npt.NDArray[np.float64]:
    return np.asarray(keras.ops.convert_to_numpy(tensor), dtype=np.float64)


def _relative(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Divide every clip's attention by its mean: float16 has no digits for 1 / 36864."""
    rest = tuple(range(1, weights.ndim))
    relative: npt.NDArray[np.float64] = weights / weights.mean(axis=rest, keepdims=True)
    return relative


def _on_grid(images: npt.NDArray[np.float64], window: tuple[int, int]) -> npt.NDArray[np.float16]:
    """Average images (m, H, W) over windows of rows and columns."""
    rows, columns = images.shape[1] // window[0], images.shape[2] // window[1]
    whole = images[:, : rows * window[0], : columns * window[1]]
    cells = whole.reshape(-1, rows, window[0], columns, window[1]).mean(axis=(2, 4))
    averages: npt.NDArray[np.float16] = cells.astype(np.float16)
    return averages
