"""RCN: one recurrent convolution on a small motion image (Xia et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astsvm.baselines.network_training import SHARED, NetworkTraining

if TYPE_CHECKING:
    import keras

__all__ = ["DIFFERS", "SIZE", "SOURCE", "TRAINING", "build_rcn"]

SOURCE = (
    'Z. Xia et al., "Revealing the invisible with model and data shrinking for '
    'composite-database micro-expression recognition", IEEE TIP 2020, '
    "doi:10.1109/TIP.2020.3018222, arXiv:2006.09674; released code: "
    "github.com/xiazhaoqiang/ParameterFreeRCNs-MicroExpressionRec"
)

DIFFERS = (
    "the plain network, without attention, wide expansion or dense shortcuts",
    "Adam at a constant rate instead of momentum at a rate that is halved every 10 epochs",
    "the apex is where the clip itself moves most, not the annotated frame",
)

TRAINING = NetworkTraining(
    source="released code: 100 epochs, SGD with momentum .9 at 5e-4, halved every 10 epochs, "
    "batches of 64, cross-entropy",
    fixed=SHARED,
)

SIZE = 60
"""Rows and columns of the image, where the clips are large enough: the source's choice."""

_FILTERS = 32
_CELLS = 5


def build_rcn(shape: tuple[int, int, int, int], classes: int) -> keras.Model:
    """Build the recurrent convolutional network.

    Convolution 5 x 5 without padding (32 filters), maximum pooling by 2, dropout .5; then the
    recurrent layer: y = F(x), then twice y = R(x + y), with F a 1 x 1 and R one and the same 3 x 3
    convolution; maximum pooling by 2, dropout .5; averages over 5 x 5 cells, the features. Batch
    norm and ReLU follow every convolution; both passes of R share its batch norm.

    Parameters
    ----------
    shape : (1, H, W, 3)
        Of a motion image (u, v, strain); 60 x 60 in the source.
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
    15,523 parameters for three classes at any size, 192 of them moving statistics.

    Source: Z. Xia, W. Peng, H.-Q. Khor, X. Feng and G. Zhao, IEEE TIP 2020,
    doi:10.1109/TIP.2020.3018222, arXiv:2006.09674, and its released code (class RecNet). It differs
    in this: none of the three parameter-free modules that the paper adds to this network; Adam
    instead of SGD.
    """
    from keras import layers

    from astsvm.baselines.network_parts import image_input, softmax_model
    from astsvm.network.model import FEATURES
    from astsvm.network.pooling import GridPooling

    inputs, image = image_input(shape, "RCN", channels=3, minimum_side=12)
    maps = _reduced(_applied(_convolution(5, "entry", "valid"), image), "entry")
    recur = _convolution(3, "recurrent", "same")
    state = _applied(_convolution(1, "forward", "same"), maps)
    for number in (1, 2):
        state = _applied(recur, layers.Add(name=f"sum{number}")([maps, state]))
    cells = GridPooling(_CELLS, name="cells")(_reduced(state, "recurrent"))
    features = layers.Flatten(name=FEATURES)(cells)
    return softmax_model(inputs, features, classes, "rcn", kernel_initializer=_narrow())


def _applied(parts: tuple[Any, ...], maps: Any) -> Any:
    for part in parts:
        maps = part(maps)
    return maps


def _convolution(size: int, name: str, padding: str) -> tuple[Any, ...]:
    """Return a convolution, its batch norm and ReLU; they may be applied more than once."""
    from keras import layers
    from keras.initializers import VarianceScaling

    start = VarianceScaling(2.0, mode="fan_out", distribution="untruncated_normal")
    return (
        layers.Conv2D(
            _FILTERS, size, padding=padding, kernel_initializer=start, name=f"{name}_maps"
        ),
        layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm"),
        layers.ReLU(name=f"{name}_relu"),
    )


def _reduced(maps: Any, name: str) -> Any:
    from keras import layers

    maps = layers.MaxPooling2D(2, name=f"{name}_pool")(maps)
    return layers.Dropout(0.5, name=f"{name}_dropout")(maps)


def _narrow() -> Any:
    from keras.initializers import RandomNormal

    return RandomNormal(stddev=0.01)
