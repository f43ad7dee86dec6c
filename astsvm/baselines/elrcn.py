"""ELRCN: an LSTM on a convolutional network's features of every frame (Khor et al. 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astsvm.baselines.network_training import SHARED, NetworkTraining

if TYPE_CHECKING:
    import keras

__all__ = ["DIFFERS", "SIZE", "SOURCE", "TRAINING", "build_elrcn"]

SOURCE = (
    'H.-Q. Khor et al., "Enriched long-term recurrent convolutional network for facial '
    'micro-expression recognition", FG 2018, doi:10.1109/FG.2018.00105, arXiv:1805.08417; released '
    "code: github.com/IcedDoggie/Micro-Expression-with-Deep-Learning"
)

DIFFERS = (
    "reconstructed from the text and the released code, variant with spatial enrichment",
    "six convolutions of 16 to 64 filters at 48 x 48, from random weights, instead of VGG-16 at "
    "224 x 224 with weights learnt on faces; an LSTM of 64 instead of 3000",
    "convolutions and LSTM are trained together instead of one after the other",
    "softmax instead of sigmoid at the end, and dropout .5 before it",
)

TRAINING = NetworkTraining(
    source="released code: Adam at 1e-5, single clips as batches, cross-entropy; first VGG-16, "
    "then the LSTM on its features; the number of epochs varies",
    fixed=SHARED,
)

SIZE = 48
"""Rows and columns of the frames (ours)."""


def build_elrcn(shape: tuple[int, int, int, int], classes: int) -> keras.Model:
    """Build ELRCN with spatial enrichment.

    Every frame alone goes through three pairs of convolutions 3 x 3 (16, 32, 64 filters, ReLU),
    each pair with maximum pooling by 2, and a dense layer of 128. An LSTM of 64 reads the frames in
    their order; a dense layer of 128 on its last state is the features.

    Parameters
    ----------
    shape : (T, H, W, 5)
        Of an enriched sequence (u, v, magnitude, strain, grey), T at least 2.
    classes : int
        At least 2.

    Returns
    -------
    keras.Model
        Takes ``{"motion": (B, T, H, W, 5) float16}``, returns class probabilities (B, classes).

    Raises
    ------
    InvalidInputError
        If the shape does not suit the network.
    SettingsError
        If the number of classes is below 2.

    Notes
    -----
    425,523 parameters for 48 x 48 and three classes, at any number of frames.

    Source: H.-Q. Khor, J. See, R. C. W. Phan and W. Lin, FG 2018, doi:10.1109/FG.2018.00105,
    arXiv:1805.08417, and its released code. It differs in this: a small network from random weights
    instead of VGG-16 with weights learnt on faces; an LSTM of 64 instead of 3000; all is trained
    together; softmax instead of sigmoid; dropout. Guessed is the order of the five channels.
    """
    from keras import layers

    from astsvm.baselines.network_parts import sequence_input, softmax_model
    from astsvm.network.model import FEATURES

    inputs = sequence_input(shape, "ELRCN", channels=5, minimum_side=8, minimum_frames=2)
    maps = inputs
    for number, filters in enumerate((16, 32, 64), start=1):
        maps = _pair(maps, filters, f"stage{number}")
    flat = layers.Reshape((shape[0], -1), name="frames")(maps)
    encoded = layers.Dense(128, activation="relu", name="frame_features")(flat)
    last = layers.LSTM(64, name="lstm")(encoded)
    features = layers.Dense(128, activation="relu", name=FEATURES)(last)
    return softmax_model(inputs, features, classes, "elrcn", dropout=0.5)


def _pair(maps: Any, filters: int, name: str) -> Any:
    """Return two convolutions and a pooling; their kernels are one frame long."""
    from keras import layers

    for number in (1, 2):
        maps = layers.Conv3D(
            filters, (1, 3, 3), padding="same", activation="relu", name=f"{name}_maps{number}"
        )(maps)
    return layers.MaxPooling3D((1, 2, 2), name=f"{name}_pool")(maps)
