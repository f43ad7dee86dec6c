"""STSTNet: three shallow streams on one motion image (Liong et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astsvm.baselines.network_training import NetworkTraining
from astsvm.config import TrainingSettings

if TYPE_CHECKING:
    import keras

__all__ = ["DIFFERS", "SOURCE", "TRAINING", "build_ststnet"]

SOURCE = (
    'S.-T. Liong et al., "Shallow triple stream three-dimensional CNN (STSTNet) for '
    'micro-expression recognition", FG 2019, doi:10.1109/FG.2019.8756567, arXiv:1902.03634; '
    "released code: github.com/christy1206/STSTNet"
)

DIFFERS = (
    "u, v and strain lie around 0 instead of in 0..255: of flow images, medians are subtracted",
    "the clips are shuffled in every epoch",
    "pooling windows start at the image's first pixel, not one before it",
)

TRAINING = NetworkTraining(
    source="released Python code: 800 epochs, Adam at 5e-5, batches of 256 in fixed order, "
    "cross-entropy without class weights, the network after the last epoch",
    fixed=TrainingSettings(epochs=800, batch_size=256, learning_rate=5e-5, class_weight="none"),
)

_FILTERS = (3, 5, 8)


def build_ststnet(shape: tuple[int, int, int, int], classes: int) -> keras.Model:
    """Build STSTNet.

    Three streams side by side, of 3, 5 and 8 filters, each on all three channels: zero padding by
    2, convolution 3 x 3, ReLU, batch norm, maximum pooling 3 x 3 with stride 3, dropout .5. Their
    maps are put together, averaged 2 x 2 and flattened (the features, 400 for 28 x 28), and go into
    the softmax.

    Parameters
    ----------
    shape : (1, H, W, 3)
        Of a motion image (u, v, strain); 28 x 28 in the source.
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
    For 28 x 28 and three classes 1,683 values are trained, as published: 16 * (3*3*3 + 1) = 448 in
    the convolutions, 2 * 16 = 32 in the batch norms, 400 * 3 + 3 = 1203 in the softmax. A padding
    of 1 instead of 2 gives the same number. Keras' ``count_params()`` says 1,715, because it counts
    the 32 moving means and variances as well, which are not trained.

    Source: S.-T. Liong et al., FG 2019, doi:10.1109/FG.2019.8756567, arXiv:1902.03634, and the
    authors' released Python code, whose initial weights are taken too. It differs in this: channels
    lie around 0 instead of in 0..255, clips are shuffled, and pooling windows start at the first
    pixel instead of one before it.
    """
    from keras import layers

    from astsvm.baselines.network_parts import image_input, softmax_model
    from astsvm.network.model import FEATURES

    inputs, image = image_input(shape, "STSTNet", channels=3, minimum_side=4)
    padded = layers.ZeroPadding2D(2, name="padding")(image)
    joined = layers.Concatenate(name="streams")([_stream(padded, size) for size in _FILTERS])
    averages = layers.AveragePooling2D(2, name="averages")(joined)
    features = layers.Flatten(name=FEATURES)(averages)
    return softmax_model(inputs, features, classes, "ststnet", **_start(int(features.shape[1])))


def _stream(image: Any, filters: int) -> Any:
    from keras import layers

    name = f"stream{filters}"
    start = _start(3 * 3 * 3)
    maps = layers.Conv2D(filters, 3, activation="relu", name=f"{name}_maps", **start)(image)
    # Momentum and epsilon of the released code, in Keras' terms.
    maps = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(maps)
    maps = layers.MaxPooling2D(3, padding="same", name=f"{name}_pool")(maps)
    return layers.Dropout(0.5, name=f"{name}_dropout")(maps)


def _start(incoming: int) -> dict[str, Any]:
    """Return initialisers as PyTorch's: uniform within 1 / sqrt(values that come in)."""
    from keras.initializers import RandomUniform

    limit = incoming**-0.5
    return {
        "kernel_initializer": RandomUniform(-limit, limit),
        "bias_initializer": RandomUniform(-limit, limit),
    }
