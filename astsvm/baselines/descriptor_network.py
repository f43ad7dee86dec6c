"""The network of a descriptor: nothing but a logistic regression on its values."""

from __future__ import annotations

import keras
from keras import layers

from astsvm.network.model import FEATURES

__all__ = ["build_descriptor_network"]


def build_descriptor_network(
    shape: tuple[int, int, int, int], classes: int, stream: str = "motion"
) -> keras.Model:
    """Build Flatten, batch normalisation and a dense softmax.

    The values themselves are the layer ``"features"``, so the SVM head is fitted to the bare
    descriptor, standardised as everything before it, and the softmax is a logistic regression.

    Parameters
    ----------
    shape : (T, H, W, C)
        Of a clip's stored values.
    classes : int
        Number of classes.
    stream : str
        Name of the input.

    Returns
    -------
    keras.Model
        Takes ``{stream: (B, T, H, W, C) float16}``, returns class probabilities (B, classes).
    """
    values = keras.Input(shape, dtype="float16", name=stream)
    features = layers.Flatten(name=FEATURES)(values)
    # Descriptors differ in scale by orders of magnitude; one learning rate has to do for all.
    scaled = layers.BatchNormalization(name="scaling")(features)
    probabilities = layers.Dense(classes, activation="softmax", name="probabilities")(scaled)
    return keras.Model({stream: values}, probabilities, name="descriptor")
