"""Capsules: vectors whose length says how sure they are (Sabour et al. 2017, arXiv:1710.09829).

It loads Keras; the builder imports it when it is called.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from astsvm.errors import InvalidInputError, SettingsError

__all__ = ["CapsuleLengths", "MarginScores", "RoutedCapsules", "SquashedCapsules", "squash"]

_TINY = 1e-12


def squash(vectors: Any) -> Any:
    """Bring vectors (..., d) of length n to length n^2 / (1 + n^2), their direction kept."""
    squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors * (ops.sqrt(squared + _TINY) / (1 + squared))


@keras.saving.register_keras_serializable("astsvm")
class SquashedCapsules(keras.layers.Layer):  # type: ignore[misc]
    """Take maps (B, H, W, C) as capsules of `size` values each, squashed: (B, H W C / size, size).

    Parameters
    ----------
    size : int
        Values of a capsule; divides C.
    """

    def __init__(self, size: int = 8, **kwargs: Any) -> None:
        _require_positive(size=size)
        super().__init__(**kwargs)
        self.size = size

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check the shape; there are no weights."""
        if len(input_shape) != 4 or not all(input_shape[1:]) or input_shape[3] % self.size:  # type: ignore[operator]
            raise InvalidInputError(
                f"SquashedCapsules expects maps (B, H, W, C) of fixed size with C a multiple of "
                f"{self.size}, received {tuple(input_shape)}."
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the capsules."""
        _, count, size = self.compute_output_shape(inputs.shape)
        return squash(ops.reshape(inputs, (-1, count, size)))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[Any, ...]:
        """Return (B, H W C / size, size)."""
        batch, height, width, channels = input_shape
        return (batch, height * width * channels // self.size, self.size)  # type: ignore[operator]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable("astsvm")
class RoutedCapsules(keras.layers.Layer):  # type: ignore[misc]
    """Capsules that capsules below agree on, by dynamic routing.

    Every capsule i below predicts every capsule j above through a matrix of its own. Capsule j is
    the squashed sum of its predictions, weighted by a softmax over j of scores that begin at 0 and
    grow by the dot product of prediction and result. Gradients flow through the last iteration
    only, as in the released code of CapsuleNet.

    Parameters
    ----------
    count, size : int
        Capsules above, and values of each.
    iterations : int
        Rounds of routing.

    Call arguments
    --------------
    inputs : tensor of shape (B, n, d)

    Returns
    -------
    tensor of shape (B, count, size)
    """

    def __init__(self, count: int, size: int = 16, iterations: int = 3, **kwargs: Any) -> None:
        _require_positive(count=count, size=size, iterations=iterations)
        super().__init__(**kwargs)
        self.count = count
        self.size = size
        self.iterations = iterations

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the matrices, or refuse the shape with InvalidInputError."""
        if len(input_shape) != 3 or not all(input_shape[1:]):
            raise InvalidInputError(
                f"RoutedCapsules expects capsules (B, n, d) of fixed number and size, received "
                f"{tuple(input_shape)}."
            )
        self.matrices = self.add_weight(
            shape=(self.count, input_shape[1], self.size, input_shape[2]),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
            name="matrices",
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the capsules above."""
        predictions = ops.einsum("jnsd,bnd->bjns", self.matrices, inputs)
        fixed = ops.stop_gradient(predictions)
        scores = ops.zeros_like(fixed[..., 0])
        for _ in range(self.iterations - 1):
            agreed = squash(ops.einsum("bjn,bjns->bjs", ops.softmax(scores, axis=1), fixed))
            scores = scores + ops.einsum("bjs,bjns->bjn", agreed, fixed)
        return squash(ops.einsum("bjn,bjns->bjs", ops.softmax(scores, axis=1), predictions))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return (B, count, size)."""
        return (input_shape[0], self.count, self.size)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        own = {"count": self.count, "size": self.size, "iterations": self.iterations}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("astsvm")
class CapsuleLengths(keras.layers.Layer):  # type: ignore[misc]
    """Lengths (B, n), in [0, 1), of squashed capsules (B, n, d)."""

    def call(self, inputs: Any) -> Any:
        """Return the lengths."""
        return ops.sqrt(ops.sum(ops.square(inputs), axis=-1) + _TINY)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return (B, n)."""
        return tuple(input_shape[:2])


@keras.saving.register_keras_serializable("astsvm")
class MarginScores(keras.layers.Layer):  # type: ignore[misc]
    """Scores (B, n) of capsule lengths (B, n) whose softmax stands for the margin loss (ours).

    The margin loss of a clip of class k is ``max(0, upper - l_k)^2`` plus
    ``weight * max(0, l_j - lower)^2`` over all other classes j. The scores are minus `sharpness`
    times that loss, class after class, but for a term that all classes share. So the
    cross-entropy of their softmax is `sharpness` times the margin loss under the true class, held
    against the loss under every other class, and the longest capsule has the best score.

    Parameters
    ----------
    upper, lower, weight : float
        Of the margin loss.
    sharpness : float
        With 10 the softmax of lengths 1 and 0, ... reaches .9999.
    """

    def __init__(
        self,
        upper: float = 0.9,
        lower: float = 0.1,
        weight: float = 0.5,
        sharpness: float = 10.0,
        **kwargs: Any,
    ) -> None:
        if not 0 <= lower < upper <= 1 or not weight > 0 or not sharpness > 0:
            raise SettingsError(
                "expected 0 <= lower < upper <= 1, weight and sharpness above 0, received "
                f"{lower}, {upper}, {weight}, {sharpness}."
            )
        super().__init__(**kwargs)
        self.upper = upper
        self.lower = lower
        self.weight = weight
        self.sharpness = sharpness

    def call(self, inputs: Any) -> Any:
        """Return the scores."""
        missing = ops.square(ops.relu(self.upper - inputs))
        # What this class would cost if it were not the true one.
        saved = self.weight * ops.square(ops.relu(inputs - self.lower))
        return self.sharpness * (saved - missing)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        own = {"upper": self.upper, "lower": self.lower, "weight": self.weight}
        return {**super().get_config(), **own, "sharpness": self.sharpness}


def _require_positive(**numbers: Any) -> None:
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise SettingsError(f"{name} must be a positive whole number, received {number!r}.")
