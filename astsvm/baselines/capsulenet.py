"""CapsuleNet: class capsules that primary capsules route to (Quang et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astsvm.baselines.network_training import SHARED, NetworkTraining
from astsvm.errors import SettingsError

if TYPE_CHECKING:
    import keras

__all__ = ["DIFFERS", "SOURCE", "TRAINING", "build_capsulenet"]

SOURCE = (
    'N. V. Quang, J. Chun and T. Tokuyama, "CapsuleNet for micro-expression recognition", '
    "FG 2019, doi:10.1109/FG.2019.8756544; released code: github.com/davidnvq/me_recognition"
)

DIFFERS = (
    "a motion image of 28 x 28 instead of the colour image of the apex frame at 224 x 224",
    "no ResNet-18, learnt on other images, below; an eighth of the filters, a quarter of the "
    "primary capsules' types",
    "the margin loss as a softmax with cross-entropy",
    "no augmentation, and the network after the last epoch: the source reports the epoch that is "
    "best on the held-out subject, a leak",
)

TRAINING = NetworkTraining(
    source="released code: 30 epochs, Adam at 1e-4 times .9 an epoch, batches of 32, margin loss "
    "(.99, .01, weight .5), augmented and resampled images, pre-trained weights; the epoch is "
    "chosen on the held-out subject",
    fixed=SHARED,
)


def build_capsulenet(shape: tuple[int, int, int, int], classes: int) -> keras.Model:
    """Build CapsuleNet.

    Convolution 9 x 9 (32 filters, ReLU); convolution 9 x 9 with stride 2 (64 filters), taken as
    capsules of 8 values: 6 * 6 * 8 = 288 of them for 28 x 28; one capsule of 16 values for each
    class, by three rounds of dynamic routing. The flattened class capsules are the features. Their
    lengths become probabilities through the margins of the margin loss, see
    :class:`astsvm.baselines.capsule_layers.MarginScores`.

    Parameters
    ----------
    shape : (1, H, W, 3)
        Of a motion image (u, v, strain).
    classes : int
        At least 2.

    Returns
    -------
    keras.Model
        Takes ``{"motion": (B, 1, H, W, 3) float16}``, returns class probabilities (B, classes).
        Its layer ``"lengths"`` has the lengths of the class capsules.

    Raises
    ------
    InvalidInputError
        If the shape does not suit the network.
    SettingsError
        If the number of classes is below 2.

    Notes
    -----
    284,352 parameters for 28 x 28 and three classes.

    Source: N. V. Quang, J. Chun and T. Tokuyama, FG 2019, doi:10.1109/FG.2019.8756544, and its
    released code. It differs in this: a motion image instead of the apex frame's colour image, and
    no ResNet-18 with weights learnt on other images below; an eighth of the filters and a quarter
    of the capsules; initial routing matrices of standard deviation .05 instead of .01, since the
    capsules below are fewer; the margin loss, with the margins .9 and .1 of Sabour et al., as a
    softmax that cross-entropy trains; no augmentation; no choice of the epoch.
    """
    import keras
    from keras import layers

    from astsvm.baselines.capsule_layers import (
        CapsuleLengths,
        MarginScores,
        RoutedCapsules,
        SquashedCapsules,
    )
    from astsvm.baselines.network_parts import STREAM, image_input
    from astsvm.network.model import FEATURES

    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise SettingsError(f"classes must be a whole number of at least 2, received {classes!r}.")
    inputs, image = image_input(shape, "CapsuleNet", channels=3, minimum_side=17)
    maps = layers.Conv2D(32, 9, activation="relu", name="maps")(image)
    primary = layers.Conv2D(64, 9, strides=2, name="primary_maps")(maps)
    primary = SquashedCapsules(8, name="primary")(primary)
    capsules = RoutedCapsules(classes, name="capsules")(primary)
    # The features are also what the probabilities come from, so that they are one way.
    features = layers.Flatten(name=FEATURES)(capsules)
    vectors = layers.Reshape((classes, 16), name="vectors")(features)
    lengths = CapsuleLengths(name="lengths")(vectors)
    scores = MarginScores(name="scores")(lengths)
    return keras.Model(
        {STREAM: inputs}, layers.Softmax(name="probabilities")(scores), name="capsulenet"
    )
