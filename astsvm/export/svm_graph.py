"""The scaler and the one-vs-rest RBF machines as a TensorFlow graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from astsvm.classifier import SvmHead

__all__ = ["SvmGraph"]


class SvmGraph(tf.Module):  # type: ignore[misc]
    """What :meth:`astsvm.classifier.SvmHead.decision_function` computes, in float64.

    Parameters
    ----------
    head : SvmHead
        A fitted head.

    Call arguments
    --------------
    features : tensor of shape (B, d), floating

    Returns
    -------
    tensor of shape (B, classes), float64
        The score of every class; the largest is the prediction, the lowest class of equal ones.
    """

    def __init__(self, head: SvmHead) -> None:
        super().__init__(name="svm")
        # Kept as arrays: they become constants of whatever graph they are used in.
        self._mean, self._scale = head.scaler_mean, head.scaler_scale
        arrays = head.support_arrays()
        self._machines = [arrays[first : first + 4] for first in range(0, len(arrays), 4)]
        # Puts the scores of the classes that were seen in training into the columns they belong to.
        self._places = np.eye(head.classes)[head.seen]
        self._unseen = 1 - self._places.sum(axis=0)

    def __call__(self, features: Any) -> Any:
        """Return the scores."""
        scaled = (tf.cast(features, tf.float64) - self._mean) / self._scale
        found = [_decision(scaled, *machine) for machine in self._machines]
        if not found:
            found = [tf.zeros_like(scaled[:, :1])]
        elif len(found) == 1:
            found = [-found[0], found[0]]
        seen = tf.concat(found, axis=1)
        lowest = tf.reduce_min(seen, axis=1, keepdims=True) - 1
        return tf.matmul(seen, self._places) + lowest * self._unseen


def _decision(scaled: Any, vectors: Any, coefficients: Any, intercept: Any, gamma: Any) -> Any:
    """Return ``sum_i coefficient_i exp(-gamma |x - vector_i|^2) + intercept``, shape (B, 1)."""
    # The vectors are most of an exported model, and every use of an array is another constant.
    distances = (
        tf.reduce_sum(tf.square(scaled), axis=1, keepdims=True)
        + np.sum(np.square(vectors), axis=1)
        - 2 * tf.matmul(scaled, vectors, transpose_b=True)
    )
    kernel = tf.exp(-gamma * tf.maximum(distances, 0))
    return tf.matmul(kernel, coefficients, transpose_b=True) + intercept
