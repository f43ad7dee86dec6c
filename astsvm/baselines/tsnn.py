"""TSNN: three streams of 3-D, then 2-D convolutions (Wu and Guo 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astsvm.baselines.network_training import SHARED, NetworkTraining

if TYPE_CHECKING:
    import keras

__all__ = ["DIFFERS", "SOURCE", "TRAINING", "build_tsnn"]

SOURCE = (
    'C. Wu and F. Guo, "TSNN: three-stream combining 2D and 3D convolutional neural network for '
    'micro-expression recognition", IEEJ Transactions on Electrical and Electronic Engineering '
    "16(1), 98-107, 2021"
)

DIFFERS = (
    "reconstructed from the abstract (variant with late fusion); guessed: that the streams are u, "
    "v and strain, their layers and filters, and that 3-D convolutions come before 2-D ones",
    "lengths are made equal by the interpolation of the clips instead of temporal sampling "
    "deformation",
)

TRAINING = NetworkTraining(
    source="not known to us; cross-entropy is assumed",
    fixed=SHARED,
)


def build_tsnn(shape: tuple[int, int, int, int], classes: int) -> keras.Model:
    """Build TSNN with late fusion.

    Each of the streams u, v and strain: two 3-D convolutions 3 x 3 x 3 (8 and 16 filters), each
    with maximum pooling by 2 in space; the steps become channels; a 2-D convolution 3 x 3 (32
    filters), maximum pooling by 2, a dense layer of 64. The three meet only there: 192 features.

    Parameters
    ----------
    shape : (T, H, W, 3)
        Of a motion sequence (u, v, strain), T at least 2: one image has no time to convolve.
    classes : int
        At least 2.

    Returns
    -------
    keras.Model
        Takes ``{"motion": (B, T, H, W, 3) float16}``, returns class probabilities (B, classes).

    Raises
    ------
    InvalidInputError
        If the shape does not suit the network.
    SettingsError
        If the number of classes is below 2.

    Notes
    -----
    205,491 parameters for ten steps of 28 x 28 and three classes.

    Source: C. Wu and F. Guo, IEEJ Transactions on Electrical and Electronic Engineering 16(1),
    98-107, 2021. There is no released code, and we know the abstract only. Guessed are what the
    three streams take, all layers and filters, and their order. It differs in this: clips have one
    length by the interpolation of preprocessing instead of temporal sampling deformation.
    """
    from keras import layers

    from astsvm.baselines.network_parts import sequence_input, softmax_model
    from astsvm.network.model import FEATURES

    inputs = sequence_input(shape, "TSNN", channels=3, minimum_side=8, minimum_frames=2)
    names = ("u", "v", "strain")
    streams = [_stream(inputs, channel, name) for channel, name in enumerate(names)]
    features = layers.Concatenate(name=FEATURES)(streams)
    return softmax_model(inputs, features, classes, "tsnn", dropout=0.5)


def _stream(clips: Any, channel: int, name: str) -> Any:
    from keras import layers

    from astsvm.baselines.network_parts import ChannelSlice

    maps = ChannelSlice(channel, channel + 1, name=name)(clips)
    for number, filters in enumerate((8, 16), start=1):
        maps = layers.Conv3D(
            filters, 3, padding="same", activation="relu", name=f"{name}_maps{number}"
        )(maps)
        maps = layers.MaxPooling3D((1, 2, 2), name=f"{name}_pool{number}")(maps)
    _, frames, height, width, channels = maps.shape
    maps = layers.Permute((2, 3, 1, 4), name=f"{name}_steps_last")(maps)
    maps = layers.Reshape((height, width, frames * channels), name=f"{name}_steps")(maps)
    maps = layers.Conv2D(32, 3, padding="same", activation="relu", name=f"{name}_maps3")(maps)
    maps = layers.MaxPooling2D(2, name=f"{name}_pool3")(maps)
    flat = layers.Flatten(name=f"{name}_flat")(maps)
    return layers.Dense(64, activation="relu", name=f"{name}_dense")(flat)
