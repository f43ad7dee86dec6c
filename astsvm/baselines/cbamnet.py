"""CBAMNet: a 3-D network with block attention on a clip's motion (Chen et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astsvm.baselines.network_training import SHARED, NetworkTraining

if TYPE_CHECKING:
    import keras

__all__ = ["DIFFERS", "SOURCE", "TRAINING", "build_cbamnet"]

SOURCE = (
    'B. Chen et al., "Spatiotemporal convolutional neural network with convolutional block '
    'attention module for micro-expression recognition", Information 11(8):380, 2020, '
    "doi:10.3390/info11080380"
)

DIFFERS = (
    "reconstructed from the text: a 3-D network of middle size with block attention. Guessed: "
    "three stages of 16, 32 and 64 filters with batch norm, attention after each, pooling by 2, a "
    "dense layer of 128",
    "flow and strain of every step instead of the frames themselves",
    "random initial weights; the source starts from weights learnt on macro-expressions",
)

TRAINING = NetworkTraining(
    source="pre-trained on macro-expressions, then cross-entropy; epochs, learning rate and batch "
    "size are not known to us",
    fixed=SHARED,
)

_FILTERS = (16, 32, 64)


def build_cbamnet(shape: tuple[int, int, int, int], classes: int) -> keras.Model:
    """Build CBAMNet.

    Three stages: convolution 3 x 3 x 3 (16, 32, 64 filters), batch norm, ReLU, block attention,
    maximum pooling by 2 in space and time. Then a dense layer of 128, the features, and dropout .5.

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
    338,213 parameters for ten steps of 28 x 28 and three classes, 224 of them moving statistics.

    Source: B. Chen, Z. Zhang, N. Liu, Y. Tan, X. Liu and T. Chen, Information 11(8):380, 2020,
    doi:10.3390/info11080380; the attention is that of S. Woo et al., ECCV 2018, arXiv:1807.06521,
    with one dimension more. There is no released code. Guessed are the number of stages, their
    filters, batch norm, where attention stands, pooling, the dense layer, and the reduction by 4.
    It differs in this: flow and strain instead of frames, and random initial weights instead of
    such as were learnt on macro-expressions.
    """
    from keras import layers

    from astsvm.baselines.network_parts import sequence_input, softmax_model
    from astsvm.network.model import FEATURES

    inputs = sequence_input(shape, "CBAMNet", channels=3, minimum_side=4, minimum_frames=2)
    maps = inputs
    for number, filters in enumerate(_FILTERS, start=1):
        maps = _stage(maps, filters, f"stage{number}")
    flat = layers.Flatten(name="flat")(maps)
    features = layers.Dense(128, activation="relu", name=FEATURES)(flat)
    return softmax_model(inputs, features, classes, "cbamnet", dropout=0.5)


def _stage(maps: Any, filters: int, name: str) -> Any:
    from keras import layers

    from astsvm.baselines.block_attention import BlockAttention

    maps = layers.Conv3D(filters, 3, padding="same", use_bias=False, name=f"{name}_maps")(maps)
    maps = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(maps)
    maps = layers.ReLU(name=f"{name}_relu")(maps)
    maps = BlockAttention(name=f"{name}_attention")(maps)
    return layers.MaxPooling3D(2, padding="same", name=f"{name}_pool")(maps)
