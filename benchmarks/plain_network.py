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
    """Build the network for frames of 32 k x 32 k pixels; activation `softmax`, attention `fam`."""
    inputs, features = {}, []
    for name, shape in streams.items():
        inputs[name] = keras.Input(shape, name=name)
        attended = _fusion_attention(inputs[name])
        window = (1, shape[1] // 32, shape[2] // 32)
        attended = layers.AveragePooling3D(window)(attended)
        features += [_module_2d(attended, settings), _module_3d(attended, settings)]
    dropped = layers.Dropout(settings.dropout)(layers.Concatenate()(features))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(dropped))


def _norm(axis: int = -1) -> layers.Layer:
    return layers.BatchNormalization(axis=axis, momentum=MOMENTUM, epsilon=EPSILON)


def _fusion_attention(clips: Any) -> Any:
    _, frames, height, width, _ = clips.shape
    normal = _norm(axis=1)(clips)
    hidden = layers.Dense(max(1, frames // 2), activation="relu")
    excitation = layers.Dense(frames, kernel_initializer="zeros")
    mean, peak = ops.mean(normal, axis=(2, 3, 4)), ops.max(normal, axis=(2, 3, 4))
    scores = layers.Add()([excitation(hidden(mean)), excitation(hidden(peak))])
    weights = layers.Rescaling(float(frames))(layers.Softmax()(scores))
    clips = layers.Multiply()([clips, layers.Reshape((frames, 1, 1, 1))(weights)])

    normal = _norm(axis=1)(clips)
    mean = layers.Reshape((height, width, 1))(ops.mean(normal, axis=(1, 4)))
    peak = layers.Reshape((height, width, 1))(ops.max(normal, axis=(1, 4)))
    scores = layers.Add()([_map_convolution()(mean), _map_convolution()(peak)])
    weights = layers.Softmax()(layers.Flatten()(scores))
    weights = layers.Rescaling(float(height * width))(weights)
    return layers.Multiply()([clips, layers.Reshape((1, height, width, 1))(weights)])


def _map_convolution() -> layers.Layer:
    return layers.Conv2D(1, 7, padding="same", use_bias=False, kernel_initializer="zeros")


def _module_2d(clips: Any, settings: NetworkSettings) -> Any:
    _, frames, height, width, channels = clips.shape
    images = layers.Reshape((height, width, frames * channels))(layers.Permute((2, 3, 1, 4))(clips))
    first, second = settings.filters
    images = _inception(images, first, 2, settings)
    images = layers.MaxPooling2D(2)(images)
    images = _inception(images, second, 2, settings)
    return layers.Flatten()(layers.AveragePooling2D(images.shape[1] // 4)(images))


def _module_3d(clips: Any, settings: NetworkSettings) -> Any:
    first, second = settings.filters
    clips = _inception(clips, first, 3, settings)
    clips = layers.MaxPooling3D((1, 2, 2))(clips)
    clips = _inception(clips, second, 3, settings)
    cell = (clips.shape[1], clips.shape[2] // 4, clips.shape[3] // 4)
    return layers.Flatten()(layers.AveragePooling3D(cell)(clips))


def _inception(inputs: Any, filters: int, dimensions: int, settings: NetworkSettings) -> Any:
    small = max(1, filters // 2)
    pool = layers.MaxPooling2D if dimensions == 2 else layers.MaxPooling3D

    def entry(tensor: Any, width: int) -> Any:
        convolved = _convolution(width, (1,) * dimensions)(tensor)
        return layers.ReLU()(_norm()(convolved))

    def wide(tensor: Any, length: int) -> Any:
        for kernel in _kernels(length, dimensions, settings):
            tensor = _convolution(filters, kernel)(tensor)
        return layers.ReLU()(_norm()(tensor))

    pooled = pool(3, strides=1, padding="same")(inputs)
    branches = [
        entry(inputs, filters),
        wide(entry(inputs, small), 3),
        wide(entry(inputs, small), 5),
        entry(pooled, filters),
    ]
    return layers.Concatenate()(branches)


def _convolution(filters: int, kernel: tuple[int, ...]) -> layers.Layer:
    convolution = layers.Conv2D if len(kernel) == 2 else layers.Conv3D
    return convolution(filters, kernel, padding="same", use_bias=False)


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
