"""OFF-ApexNet: two streams, one for u and one for v (Gan et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astsvm.baselines.network_training import SHARED, NetworkTraining

if TYPE_CHECKING:
    import keras

__all__ = ["DIFFERS", "SOURCE", "TRAINING", "build_off_apexnet"]

SOURCE = (
    'Y. S. Gan et al., "OFF-ApexNet on micro-expression recognition system", Signal Processing: '
    "Image Communication 74, 2019, arXiv:1805.08699"
)

DIFFERS = (
    "reconstructed from the text and from others' programs; guessed: padding that keeps the size, "
    "ReLU after the convolutions, dropout .5 before and after the second dense layer",
    "the apex is where the clip itself moves most, not the annotated frame",
)

TRAINING = NetworkTraining(
    source="Adam and cross-entropy; epochs, learning rate and batch size are not known to us",
    fixed=SHARED,
)


def build_off_apexnet(shape: tuple[int, int, int, int], classes: int) -> keras.Model:
    """Build OFF-ApexNet.

    Each stream: convolution 5 x 5 with 6 filters, maximum pooling by 2, convolution 5 x 5 with 16
    filters, maximum pooling by 2. Both are flattened, put together, and go through two dense layers
    of 1024; the second one is the features.

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
    2,664,475 parameters for 28 x 28 and three classes.

    Source: Y. S. Gan, S.-T. Liong, W.-C. Yau, Y.-C. Huang and L.-K. Tan, Signal Processing: Image
    Communication 74, 2019, arXiv:1805.08699. There is no released code: filters, kernels and dense
    layers are those that the text and others' programs agree in. Guessed are padding that keeps the
    size, ReLU after the convolutions, and dropout .5 before and after the second dense layer.
    """
    from keras import layers

    from astsvm.baselines.network_parts import image_input, softmax_model
    from astsvm.network.model import FEATURES

    inputs, image = image_input(shape, "OFF-ApexNet", channels=3, minimum_side=4)
    streams = [_stream(image, channel, name) for channel, name in enumerate("uv")]
    joined = layers.Concatenate(name="streams")(streams)
    hidden = layers.Dense(1024, activation="relu", name="hidden")(joined)
    hidden = layers.Dropout(0.5, name="hidden_dropout")(hidden)
    features = layers.Dense(1024, activation="relu", name=FEATURES)(hidden)
    return softmax_model(inputs, features, classes, "off_apexnet", dropout=0.5)


def _stream(image: Any, channel: int, name: str) -> Any:
    from keras import layers

    from astsvm.baselines.network_parts import ChannelSlice

    maps = ChannelSlice(channel, channel + 1, name=name)(image)
    for number, filters in enumerate((6, 16), start=1):
        maps = layers.Conv2D(
            filters, 5, padding="same", activation="relu", name=f"{name}_maps{number}"
        )(maps)
        maps = layers.MaxPooling2D(2, name=f"{name}_pool{number}")(maps)
    return layers.Flatten(name=f"{name}_flat")(maps)
