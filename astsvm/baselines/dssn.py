"""DSSN: two shallow streams, magnitude and strain, that multiply (Khor et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astsvm.baselines.network_training import SHARED, NetworkTraining

if TYPE_CHECKING:
    import keras

__all__ = ["DIFFERS", "SOURCE", "TRAINING", "build_dssn"]

SOURCE = (
    'H.-Q. Khor et al., "Dual-stream shallow networks for facial micro-expression recognition", '
    "ICIP 2019, doi:10.1109/ICIP.2019.8802965; released network: github.com/IcedDoggie/DSSN-MER"
)

DIFFERS = (
    "trained from random weights; the source starts from AlexNet's, learnt on ImageNet",
    "28 x 28 pixels instead of 227 x 227, hence a first kernel of 5 x 5 instead of 11 x 11 with "
    "stride 4, and 24 and 64 filters instead of 96 and 256",
    "no local response normalisation, and no split of the second convolution into two groups",
    "one channel a stream instead of an image of three",
)

TRAINING = NetworkTraining(
    source="fine-tunes ImageNet weights with cross-entropy; epochs, learning rate and batch size "
    "are not known to us",
    fixed=SHARED,
)


def build_dssn(shape: tuple[int, int, int, int], classes: int) -> keras.Model:
    """Build DSSN, the two first convolutions of AlexNet twice, for small images.

    Each stream: convolution 5 x 5 (24 filters), maximum pooling 3 x 3 with stride 2, convolution
    5 x 5 (64 filters), maximum pooling 3 x 3 with stride 2. The two streams are multiplied and
    flattened (the features); dropout .5 and softmax follow.

    Parameters
    ----------
    shape : (1, H, W, 2)
        Of an image of the flow's magnitude and the strain.
    classes : int
        At least 2.

    Returns
    -------
    keras.Model
        Takes ``{"motion": (B, 1, H, W, 2) float16}``, returns class probabilities (B, classes).

    Raises
    ------
    InvalidInputError
        If the shape does not suit the network.
    SettingsError
        If the number of classes is below 2.

    Notes
    -----
    85,091 parameters for 28 x 28 and three classes.

    Source: H.-Q. Khor, J. See, S.-T. Liong, R. C. W. Phan and W. Lin, ICIP 2019,
    doi:10.1109/ICIP.2019.8802965, and its released network. It differs in this: random initial
    weights instead of ImageNet's; 28 x 28 pixels instead of 227 x 227, hence smaller kernels and a
    quarter of the filters; no local response normalisation, which for small activations is a
    constant factor; no split of the second convolution into two groups; one channel a stream.
    """
    from keras import layers

    from astsvm.baselines.network_parts import image_input, softmax_model
    from astsvm.network.model import FEATURES

    inputs, image = image_input(shape, "DSSN", channels=2, minimum_side=7)
    streams = [_stream(image, channel, name) for channel, name in enumerate(("speed", "strain"))]
    features = layers.Flatten(name=FEATURES)(layers.Multiply(name="product")(streams))
    return softmax_model(inputs, features, classes, "dssn", dropout=0.5)


def _stream(image: Any, channel: int, name: str) -> Any:
    from keras import layers

    from astsvm.baselines.network_parts import ChannelSlice

    maps = ChannelSlice(channel, channel + 1, name=name)(image)
    for number, filters in enumerate((24, 64), start=1):
        maps = layers.Conv2D(
            filters,
            5,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            name=f"{name}_maps{number}",
        )(maps)
        maps = layers.MaxPooling2D(3, strides=2, name=f"{name}_pool{number}")(maps)
    return maps
