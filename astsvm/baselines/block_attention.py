"""The convolutional block attention module for clips (Woo et al. 2018, arXiv:1807.06521).

It loads Keras; the builder imports it when it is called.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from astsvm.errors import InvalidInputError, SettingsError

__all__ = ["BlockAttention"]

_KERNEL = 7


@keras.saving.register_keras_serializable("astsvm")
class BlockAttention(keras.layers.Layer):  # type: ignore[misc]
    """Weigh the channels of maps (B, T, H, W, C), then their places in space and time.

    Channels: mean and maximum over all places go through one perceptron C -> C / reduction (ReLU)
    -> C; sigmoid of the sum. Places: mean and maximum over the channels, both into one convolution
    7 x 7 x 7; sigmoid. A kernel is never longer than 2 T - 1 in time.

    Unlike the method's own attention, "channels" are those of the maps, and weights lie in (0, 1).

    Parameters
    ----------
    reduction : int
        By how much the perceptron narrows.

    Call arguments
    --------------
    inputs : tensor of shape (B, T, H, W, C)

    Returns
    -------
    tensor of the same shape
    """

    def __init__(self, reduction: int = 4, **kwargs: Any) -> None:
        if isinstance(reduction, bool) or not isinstance(reduction, int) or reduction < 1:
            raise SettingsError(
                f"reduction must be a positive whole number, received {reduction!r}."
            )
        super().__init__(**kwargs)
        self.reduction = reduction

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights, or refuse the shape with InvalidInputError."""
        if len(input_shape) != 5 or not all(input_shape[1:]):
            raise InvalidInputError(
                f"BlockAttention expects maps (B, T, H, W, C) of fixed size, received "
                f"{tuple(input_shape)}."
            )
        frames, channels = int(input_shape[1]), int(input_shape[4])  # type: ignore[arg-type]
        narrow = max(1, channels // self.reduction)
        self.hidden = keras.layers.Dense(
            narrow, activation="relu", dtype=self.dtype_policy, name="hidden"
        )
        self.excitation = keras.layers.Dense(channels, dtype=self.dtype_policy, name="excitation")
        self.places = keras.layers.Conv3D(
            1,
            (min(_KERNEL, 2 * frames - 1), _KERNEL, _KERNEL),
            padding="same",
            activation="sigmoid",
            use_bias=False,
            dtype=self.dtype_policy,
            name="places",
        )
        self.hidden.build((None, channels))
        self.excitation.build((None, narrow))
        self.places.build((*input_shape[:4], 2))
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the weighted maps."""
        mean, peak = ops.mean(inputs, axis=(1, 2, 3)), ops.max(inputs, axis=(1, 2, 3))
        scores = self.excitation(self.hidden(mean)) + self.excitation(self.hidden(peak))
        maps = inputs * ops.sigmoid(scores)[:, None, None, None, :]
        both = [ops.mean(maps, axis=-1, keepdims=True), ops.max(maps, axis=-1, keepdims=True)]
        return maps * self.places(ops.concatenate(both, axis=-1))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "reduction": self.reduction}
