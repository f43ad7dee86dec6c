"""What the small networks share: their input, its channels, and the softmax at their end.

It loads Keras; the builders import it when they are called.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from astsvm.errors import InvalidInputError, SettingsError

__all__ = ["STREAM", "ChannelSlice", "image_input", "sequence_input", "softmax_model"]

STREAM = "motion"
"""Name of the one input of every small network."""


@keras.saving.register_keras_serializable("astsvm")
class ChannelSlice(keras.layers.Layer):  # type: ignore[misc]
    """Channels `start` up to, but without, `stop` of a tensor that has its channels last."""

    def __init__(self, start: int, stop: int, **kwargs: Any) -> None:
        if not 0 <= start < stop:
            raise SettingsError(f"expected 0 <= start < stop, received {start} and {stop}.")
        super().__init__(**kwargs)
        self.start = start
        self.stop = stop

    def call(self, inputs: Any) -> Any:
        """Return the channels, shape (..., stop - start)."""
        return inputs[..., self.start : self.stop]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the input's shape with stop - start channels."""
        return (*input_shape[:-1], self.stop - self.start)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "start": self.start, "stop": self.stop}


def sequence_input(
    shape: tuple[int, int, int, int],
    network: str,
    *,
    channels: int,
    minimum_side: int,
    minimum_frames: int = 1,
) -> Any:
    """Return the input of a network of sequences, a float16 tensor (B, T, H, W, C).

    Parameters
    ----------
    shape : (T, H, W, C)
        Of a clip's input.
    network : str
        What messages call it.
    channels : int
        The C it takes.
    minimum_side, minimum_frames : int
        The least H and W, and T, it can work with.

    Raises
    ------
    InvalidInputError
        If the shape is not four positive whole numbers, or does not suit the network.
    """
    sizes = tuple(shape)
    if len(sizes) != 4 or any(
        isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in sizes
    ):
        raise InvalidInputError(
            f"{network}: expected a shape (T, H, W, C) of positive whole numbers, received "
            f"{shape!r}."
        )
    if sizes[3] != channels or min(sizes[1:3]) < minimum_side or sizes[0] < minimum_frames:
        raise InvalidInputError(
            f"{network} takes {channels} channel(s), at least {minimum_frames} frame(s) and at "
            f"least {minimum_side} x {minimum_side} pixels; received the shape (T, H, W, C) = "
            f"{sizes}. Make its input with the functions of astsvm.baselines.motion_input."
        )
    return keras.Input(sizes, dtype="float16", name=STREAM)


def image_input(
    shape: tuple[int, int, int, int], network: str, *, channels: int, minimum_side: int
) -> tuple[Any, Any]:
    """Return the input of a network of single images, (B, 1, H, W, C), and the image (B, H, W, C).

    Parameters and errors are those of :func:`sequence_input`; more than one image is refused.
    """
    inputs = sequence_input(shape, network, channels=channels, minimum_side=minimum_side)
    if shape[0] != 1:
        raise InvalidInputError(
            f"{network} takes one image a clip, received {shape[0]}. Make it with "
            "astsvm.baselines.motion_input.motion_image."
        )
    return inputs, layers.Reshape(tuple(shape[1:]), name="image")(inputs)


def softmax_model(
    inputs: Any, features: Any, classes: int, name: str, *, dropout: float = 0.0, **start: Any
) -> keras.Model:
    """Return the model from an input to class probabilities.

    Parameters
    ----------
    inputs, features : tensors
        The network's input, and its penultimate features (B, d): the output of a layer named
        ``"features"``.
    classes : int
        At least 2.
    name : str
        Name of the model.
    dropout : float
        Between features and softmax.
    **start
        Initialisers of the last layer.

    Raises
    ------
    SettingsError
        If the number of classes is below 2.
    """
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise SettingsError(f"classes must be a whole number of at least 2, received {classes!r}.")
    if dropout:
        features = layers.Dropout(dropout, name="dropout")(features)
    last = layers.Dense(classes, activation="softmax", name="probabilities", **start)
    return keras.Model({STREAM: inputs}, last(features), name=name)
