"""The two-path network, from clips to class probabilities (paper fig. 1; METHOD 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import keras
from keras import layers

from astsvm.config import Module, NetworkSettings, Settings, Stream
from astsvm.errors import InvalidInputError, SettingsError
from astsvm.network.attention import ChannelAttention, FusionAttention, SpatialAttention
from astsvm.network.inception import InceptionBlock
from astsvm.network.pooling import GridPooling, WindowPooling

__all__ = ["FEATURES", "build_network", "feature_extractor"]

FEATURES = "features"
"""Name of the layer whose output is transferred to the SVM."""

_STREAM_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")  # as clip files name them
_ATTENTION = {"fam": FusionAttention, "cam": ChannelAttention, "sam": SpatialAttention}


def build_network(
    streams: Mapping[str, tuple[int, int, int, int]],
    classes: int = 3,
    attention: str = "fam",
    modules: Sequence[str] = ("2d", "3d"),
    preset: str = "paper",
    settings: NetworkSettings | None = None,
) -> keras.Model:
    """Build AST+SVMNet with a softmax head.

    Parameters
    ----------
    streams : mapping of str to (T, H, W, C)
        The paths, ``"flow"`` and/or ``"idsf"``, and the shape of a clip's features on each. Any
        other name of lower-case letters, digits and _ is a path as well: a baseline's input.
    classes : int
        At least 2.
    attention : {"fam", "cam", "sam", "none"}
    modules : sequence of {"2d", "3d"}
        Inception modules on each path.
    preset : str
        Where filters, kernels, dropout and the attention's activation come from.
    settings : NetworkSettings, optional
        Replaces `preset`, and `attention` and `modules` as well. Its `streams` are not looked at:
        `streams` says what there is.

    Returns
    -------
    keras.Model
        Takes a dict of float tensors (B, T, H, W, C) by stream name, which it rounds to float16 as
        clips are stored, and returns class probabilities (B, classes). Its layer ``"features"``
        holds the penultimate features. Compile it with ``jit_compile=False``.

    Raises
    ------
    SettingsError
        If a name is unknown or doubled, or the number of classes is below 2.
    InvalidInputError
        If a stream's shape is not four positive whole numbers.

    Notes
    -----
    Ours: two blocks a module, 6 and 12 filters a branch, maximum pooling by 2 between them, a 4 x 4
    grid at the end (global pooling would erase brow against mouth), dropout, bottlenecks.
    """
    if settings is None:
        settings = Settings.from_preset(preset).network.replace(
            attention=attention, modules=tuple(modules)
        )
    _check_classes(classes)
    inputs, features = {}, []
    for name, shape in _checked_streams(streams).items():
        inputs[name] = keras.Input(shape, dtype="float16", name=name)
        attended = _attend(inputs[name], name, settings)
        features += [_module(attended, module, name, settings) for module in settings.modules]
    joined = layers.Concatenate(name=FEATURES)(features) if len(features) > 1 else features[0]
    if len(features) == 1:
        joined = layers.Identity(name=FEATURES)(joined)
    dropped = layers.Dropout(settings.dropout, name="dropout")(joined)
    probabilities = layers.Dense(classes, activation="softmax", name="probabilities")(dropped)
    return keras.Model(inputs, probabilities, name="astsvm")


def feature_extractor(model: keras.Model) -> keras.Model:
    """Return the part of a built network up to its penultimate features, sharing its weights.

    Raises
    ------
    InvalidInputError
        If the model has no layer named ``"features"``.
    """
    names = [layer.name for layer in model.layers]
    if FEATURES not in names:
        raise InvalidInputError(
            f"expected a model made by build_network, with a layer named {FEATURES!r}; "
            f"received one with layers {names}."
        )
    return keras.Model(model.input, model.get_layer(FEATURES).output, name="astsvm_features")


def _check_classes(classes: Any) -> None:
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise SettingsError(f"classes must be a whole number of at least 2, received {classes!r}.")


def _checked_streams(
    streams: Mapping[str, tuple[int, int, int, int]],
) -> dict[str, tuple[int, int, int, int]]:
    """Return the streams in the fixed order of their names, so that mappings' order is idle."""
    if not streams or not all(_STREAM_NAME.fullmatch(name) for name in streams):
        raise SettingsError(
            "streams must name one or more, such as flow and idsf, by lower-case letters, digits "
            f"and _, received {sorted(streams)}."
        )
    for name, shape in streams.items():
        sizes = tuple(shape)
        if len(sizes) != 4 or any(
            isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in sizes
        ):
            raise InvalidInputError(
                f"stream {name!r} must have a shape (T, H, W, C) of positive whole numbers, "
                f"received {shape!r}."
            )
    known = [name for name in get_args(Stream) if name in streams]
    others = sorted(set(streams) - set(known))
    return {name: streams[name] for name in (*known, *others)}


def _window(shape: tuple[int | None, ...], resolution: int) -> tuple[int, int]:
    """Return the window that brings H and W to about 32, say: 6 at 192, 3 at 96, none below 48."""
    height, width = int(shape[2] or 1), int(shape[3] or 1)
    return max(1, round(height / resolution)), max(1, round(width / resolution))


def _attend(clips: Any, name: str, settings: NetworkSettings) -> Any:
    if settings.attention_resolution:
        coarse = _window(clips.shape, settings.attention_resolution)
        if coarse != (1, 1):
            clips = WindowPooling(coarse, name=f"{name}_averages")(clips)
    window = _window(clips.shape, settings.resolution)
    if settings.attention == "none":
        return WindowPooling(window, name=f"{name}_down_sampling")(clips)
    layer = _ATTENTION[settings.attention]
    return layer(settings.attention_activation, window, name=f"{name}_attention")(clips)


def _module(clips: Any, module: Module, stream: str, settings: NetworkSettings) -> Any:
    """Two inception blocks with a pool between them, then a 4 x 4 grid, flattened."""
    name = f"{stream}_{module}"
    dimensions = 2 if module == "2d" else 3
    _, frames, height, width, channels = clips.shape
    if dimensions == 2:
        moved = layers.Permute((2, 3, 1, 4), name=f"{name}_frames_last")(clips)
        clips = layers.Reshape((height, width, frames * channels), name=f"{name}_channels")(moved)
        pool = layers.MaxPooling2D(2, padding="same", name=f"{name}_pool")
    else:
        pool = layers.MaxPooling3D((1, 2, 2), padding="same", name=f"{name}_pool")
    first, second = settings.filters
    shared = {"kernels": settings.kernels, "dtype": settings.precision}
    clips = InceptionBlock(first, dimensions, **shared, name=f"{name}_first")(clips)
    clips = InceptionBlock(second, dimensions, **shared, name=f"{name}_second")(pool(clips))
    return layers.Flatten(name=f"{name}_flat")(GridPooling(4, name=f"{name}_grid")(clips))
