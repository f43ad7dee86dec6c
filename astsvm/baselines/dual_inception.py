"""Dual-Inception: two inception blocks on u and two on v (Zhou et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astsvm.baselines.network_training import NetworkTraining
from astsvm.config import TrainingSettings

if TYPE_CHECKING:
    import keras

__all__ = ["DIFFERS", "SOURCE", "TRAINING", "build_dual_inception"]

SOURCE = (
    'L. Zhou, Q. Mao and L. Xue, "Dual-inception network for cross-database micro-expression '
    'recognition", FG 2019; released code: github.com/xly135846/MEGC2019'
)

DIFFERS = (
    "flow from the onset to where the clip moves most, instead of to its middle frame",
    "one channel a stream; the source's images hold a component three times",
    "the network after the last epoch; the source keeps the epoch that is best on a fifth of the "
    "training subjects",
    "batches of 32 instead of 3, and a learning rate larger by the root of their ratio",
)

TRAINING = NetworkTraining(
    source="released code: 40 epochs, Adam at 1e-4, batches of 3, cross-entropy with class "
    "weights, the best epoch of a validation part of the training subjects",
    fixed=TrainingSettings(epochs=40, batch_size=32, learning_rate=3.3e-4, class_weight="balanced"),
)


def build_dual_inception(shape: tuple[int, int, int, int], classes: int) -> keras.Model:
    """Build the Dual-Inception network.

    Each stream: inception blocks of 6 and 16 filters a branch (1 | 1-3 | 1-5 | pool3-1, ReLU after
    every convolution), maximum pooling by 2 after each. Both are flattened, put together, and go
    through a dense layer of 1024, the features.

    Parameters
    ----------
    shape : (1, H, W, 3)
        Of a motion image (u, v, strain), of which u and v are used; 28 x 28 in the source.
    classes : int
        At least 2.

    Returns
    -------
    keras.Model
        Takes ``{"motion": (B, 1, H, W, 3) float16}``, returns class probabilities (B, classes).

    Raises
    ------
    InvalidInputError
        If the shape does not suit the network.
    SettingsError
        If the number of classes is below 2.

    Notes
    -----
    6,449,867 parameters for 28 x 28 and three classes, 1024 * 6272 of them in the dense layer.

    Source: L. Zhou, Q. Mao and L. Xue, FG 2019, and its released code, in Keras too. It differs in
    this: flow to where the clip moves most instead of to the middle frame; one channel a stream
    instead of three equal ones; no epoch is chosen; larger batches.
    """
    from keras import layers

    from astsvm.baselines.network_parts import image_input, softmax_model
    from astsvm.network.model import FEATURES

    inputs, image = image_input(shape, "Dual-Inception", channels=3, minimum_side=4)
    streams = [_stream(image, channel, name) for channel, name in enumerate("uv")]
    joined = layers.Concatenate(name="streams")(streams)
    features = layers.Dense(1024, activation="relu", name=FEATURES)(joined)
    return softmax_model(inputs, features, classes, "dual_inception")


def _stream(image: Any, channel: int, name: str) -> Any:
    from keras import layers

    from astsvm.baselines.network_parts import ChannelSlice

    maps = ChannelSlice(channel, channel + 1, name=name)(image)
    for number, filters in enumerate((6, 16), start=1):
        maps = _block(maps, filters, f"{name}_block{number}")
        maps = layers.MaxPooling2D(2, name=f"{name}_pool{number}")(maps)
    return layers.Flatten(name=f"{name}_flat")(maps)


def _block(maps: Any, filters: int, name: str) -> Any:
    """Return the four branches of an inception block, without the batch norm of the method's."""
    from keras import layers

    def convolved(given: Any, size: int, part: str) -> Any:
        convolution = layers.Conv2D(
            filters, size, padding="same", activation="relu", name=f"{name}_{part}"
        )
        return convolution(given)

    pooled = layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_maximum")(maps)
    branches = [
        convolved(maps, 1, "one"),
        convolved(convolved(maps, 1, "three_entry"), 3, "three"),
        convolved(convolved(maps, 1, "five_entry"), 5, "five"),
        convolved(pooled, 1, "pooled"),
    ]
    return layers.Concatenate(name=name)(branches)
