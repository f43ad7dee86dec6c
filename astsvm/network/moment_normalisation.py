"""Batch normalisation from moments instead of from the values themselves."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

__all__ = ["BATCH_NORM_EPSILON", "BATCH_NORM_MOMENTUM", "MomentNormalisation"]

BATCH_NORM_EPSILON = 1e-3
BATCH_NORM_MOMENTUM = 0.9
"""Ours. A short run has about 60 steps; with the usual .99 the moving statistics would still be
half their starting value (.99 ** 60 = .55), with .9 it is .2 per cent."""


@keras.saving.register_keras_serializable("astsvm")
class MomentNormalisation(keras.layers.Layer):  # type: ignore[misc]
    """Batch norm as an affine map per channel (or frame), found from mean and mean square.

    Weights and moving statistics are those of ``keras.layers.BatchNormalization`` with momentum 0.9
    and epsilon 1e-3.

    Parameters
    ----------
    size : int
        Number of channels.

    Call arguments
    --------------
    mean, mean_square : tensors of shape (size,)
        Of the batch to normalise.
    training : bool
        Whether to use, and record, the statistics of this batch.

    Returns
    -------
    scale, offset : tensors of shape (size,)
        The normalised values are ``scale * values + offset``.
    """

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size
        self.built = True
        self.gamma = self.add_weight(shape=(size,), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(size,), initializer="zeros", name="beta")
        self.moving_mean = self.add_weight(
            shape=(size,), initializer="zeros", trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            shape=(size,), initializer="ones", trainable=False, name="moving_variance"
        )

    def call(self, mean: Any, mean_square: Any, training: bool = False) -> tuple[Any, Any]:
        """Return scale and offset per channel."""
        if training and self.trainable:
            centre = mean
            variance = ops.relu(mean_square - ops.square(mean))
            self._record(self.moving_mean, centre)
            self._record(self.moving_variance, variance)
        else:
            centre, variance = self.moving_mean, self.moving_variance
        scale = self.gamma * ops.rsqrt(variance + BATCH_NORM_EPSILON)
        return scale, self.beta - scale * centre

    def _record(self, moving: Any, value: Any) -> None:
        moving.assign(moving * BATCH_NORM_MOMENTUM + value * (1 - BATCH_NORM_MOMENTUM))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "size": self.size}
