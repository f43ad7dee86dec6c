"""AST+SVMNet as one would write it in Keras: layer by layer, nothing merged, nothing rearranged.

The same architecture and the same numbers of parameters as :func:`astsvm.network.build_network`
(tested), made of Keras' own layers and operations. It is what the benchmarks compare with.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import layers, ops

from astsvm.config import NetworkSettings

MOMENTUM, EPSILON = 0.9, 1e-3


def build_plain_network(
    streams: dict[str, tuple[int, int, int, int]], classes: int, settings: NetworkSettings
) -> keras.Model:
    """Build the network for sides divisible by the resolution, activation `softmax`, `fam`."""
    inputs, features = {}, []
    for name, shape in streams.items():
        inputs[name] = keras.Input(shape, name=name)
        clips = inputs[name]
        if settings.attention_resolution:
            clips = _averaged(clips, settings.attention_resolution)
        attended = _averaged(_fusion_attention(clips, f"{name}_attention"), settings.resolution)
        features += [
            _module_2d(attended, f"{name}_2d", settings),
            _module_3d(attended, f"{name}_3d", settings),
        ]
    dropped = layers.Dropout(settings.dropout)(layers.Concatenate()(features))
    probabilities = layers.Dense(classes, activation="softmax", name="probabilities")(dropped)
    return keras.Model(inputs, probabilities)


def _averaged(clips: Any, side: int) -> Any:
    return layers.AveragePooling3D((1, clips.shape[2] // side, clips.shape[3] // side))(clips)


def _norm(name: str, axis: int = -1) -> layers.Layer:
    return layers.BatchNormalization(axis=axis, momentum=MOMENTUM, epsilon=EPSILON, name=name)


def _fusion_attention(clips: Any, name: str) -> Any:
    _, frames, height, width, _ = clips.shape
    normal = _norm(f"{name}_channel_norm", axis=1)(clips)
    hidden = layers.Dense(max(1, frames // 2), activation="relu", name=f"{name}_hidden")
    excitation = layers.Dense(frames, kernel_initializer="zeros", name=f"{name}_excitation")
    mean, peak = ops.mean(normal, axis=(2, 3, 4)), ops.max(normal, axis=(2, 3, 4))
    scores = layers.Add()([excitation(hidden(mean)), excitation(hidden(peak))])
    weights = layers.Rescaling(float(frames))(layers.Softmax()(scores))
    clips = layers.Multiply()([clips, layers.Reshape((frames, 1, 1, 1))(weights)])

    normal = _norm(f"{name}_spatial_norm", axis=1)(clips)
    mean = layers.Reshape((height, width, 1))(ops.mean(normal, axis=(1, 4)))
    peak = layers.Reshape((height, width, 1))(ops.max(normal, axis=(1, 4)))
    mean = _map_convolution(f"{name}_mean")(mean)
    peak = _map_convolution(f"{name}_maximum")(peak)
    weights = layers.Softmax()(layers.Flatten()(layers.Add()([mean, peak])))
    weights = layers.Rescaling(float(height * width))(weights)
    return layers.Multiply()([clips, layers.Reshape((1, height, width, 1))(weights)])


def _map_convolution(name: str) -> layers.Layer:
    return layers.Conv2D(
        1, 7, padding="same", use_bias=False, kernel_initializer="zeros", name=name
    )


def _module_2d(clips: Any, name: str, settings: NetworkSettings) -> Any:
    _, frames, height, width, channels = clips.shape
    images = layers.Reshape((height, width, frames * channels))(layers.Permute((2, 3, 1, 4))(clips))
    first, second = settings.filters
    images = _inception(images, first, 2, f"{name}_first", settings)
    images = layers.MaxPooling2D(2)(images)
    images = _inception(images, second, 2, f"{name}_second", settings)
    return layers.Flatten()(layers.AveragePooling2D(images.shape[1] // 4)(images))


def _module_3d(clips: Any, name: str, settings: NetworkSettings) -> Any:
    first, second = settings.filters
    clips = _inception(clips, first, 3, f"{name}_first", settings)
    clips = layers.MaxPooling3D((1, 2, 2))(clips)
    clips = _inception(clips, second, 3, f"{name}_second", settings)
    cell = (clips.shape[1], clips.shape[2] // 4, clips.shape[3] // 4)
    return layers.Flatten()(layers.AveragePooling3D(cell)(clips))


def _inception(
    inputs: Any, filters: int, dimensions: int, name: str, settings: NetworkSettings
) -> Any:
    small, point = max(1, filters // 2), (1,) * dimensions
    pool = layers.MaxPooling2D if dimensions == 2 else layers.MaxPooling3D

    def unit(tensor: Any, branch: str, count: int, *kernels: tuple[int, ...]) -> Any:
        for number, kernel in enumerate(kernels):
            convolution = _convolution(count, kernel, f"{name}_{branch}_{number}")
            tensor = convolution(tensor)
        return layers.ReLU()(_norm(f"{name}_{branch}_norm")(tensor))

    three = unit(inputs, "three_entry", small, point)
    five = unit(inputs, "five_entry", small, point)
    pooled = pool(3, strides=1, padding="same")(inputs)
    branches = [
        unit(inputs, "one", filters, point),
        unit(three, "three", filters, *_kernels(3, dimensions, settings)),
        unit(five, "five", filters, *_kernels(5, dimensions, settings)),
        unit(pooled, "pooled", filters, point),
    ]
    return layers.Concatenate()(branches)


def _convolution(filters: int, kernel: tuple[int, ...], name: str) -> layers.Layer:
    convolution = layers.Conv2D if len(kernel) == 2 else layers.Conv3D
    return convolution(filters, kernel, padding="same", use_bias=False, name=name)


def _kernels(length: int, dimensions: int, settings: NetworkSettings) -> list[tuple[int, ...]]:
    if dimensions == 2 or settings.kernels == "full":
        return [(length,) * dimensions]
    return [(1, length, length), (length, 1, 1)]


def training_gflop(model: keras.Model) -> float:
    """Return 10^9 operations per clip of a training step: convolutions and dense layers, times 3.

    Forward, gradient of the weights and gradient of the inputs cost the same; a multiplication and
    an addition are two operations.
    """
    operations = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D | layers.Conv3D):
            operations += 2 * int(np.prod(layer.output.shape[1:-1])) * layer.count_params()
        elif isinstance(layer, layers.Dense):
            operations += 2 * layer.count_params()
    return 3 * operations / 1e9


def clip_generator(path: Path, labels: Any, batch_size: int, seed: int) -> Iterator[Any]:
    """Yield shuffled batches for ``model.fit`` for ever, clip by clip from the HDF5 file."""
    with h5py.File(path, "r") as file:
        for epoch in count():
            order = np.random.default_rng([seed, epoch]).permutation(len(labels))
            for start in range(0, len(order), batch_size):
                chosen = order[start : start + batch_size]
                batch = {
                    name: np.stack([file[f"clips/{i:06d}/streams/{name}"][()] for i in chosen])
                    for name in file["clips/000000/streams"]
                }
                yield {k: v.astype(np.float32) for k, v in batch.items()}, labels[chosen]
