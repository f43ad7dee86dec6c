"""UF1, UAR and accuracy of predictions that were pooled over all folds first.

Conventions (MEGC2019; See et al. 2019, doi 10.1109/FG.2019.8756611):

- Labels are the integers ``0 .. classes - 1``. A confusion matrix has a row for each true class
  and a column for each predicted one.
- True positives, false positives and false negatives are pooled over every clip before anything
  is divided. A mean of scores of single folds is another number and is not computed anywhere:
  on MEGC2019 even a perfect classifier gets .632 by it, since many subjects show one class only.
- UF1 is the mean over classes of ``2 TP / (2 TP + FP + FN)``, UAR the mean over classes of
  ``TP / n``.
- A class without clips (ours; it matters for parts of a corpus and for resampled subjects): UAR
  leaves out a class that does not occur in the truth; UF1 leaves out a class that occurs neither
  in the truth nor in the predictions, and counts a class that is predicted but never true as 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError

__all__ = ["Scores", "confusion_matrix", "rates", "score"]

_MOST_CLASSES = 1000
"""A matrix of this many is 8 MB; more is a mistake, and far more would not fit into memory."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What a set of predictions is worth.

    Parameters
    ----------
    uf1 : float
        Unweighted F1 score, in [0, 1].
    uar : float
        Unweighted average recall, in [0, 1].
    accuracy : float
        Share of clips predicted rightly, in [0, 1].
    confusion : ndarray of shape (classes, classes), int64
        Number of clips by true class (rows) and predicted class (columns).
    """

    uf1: float
    uar: float
    accuracy: float
    confusion: npt.NDArray[np.int64]


def score(truth: npt.ArrayLike, predicted: npt.ArrayLike, classes: int = 3) -> Scores:
    """Score predictions against the truth, clip by clip.

    Parameters
    ----------
    truth, predicted : array_like of shape (n,), integers
        True and predicted class of every clip, in [0, `classes`).
    classes : int
        Number of classes, at least 2.

    Returns
    -------
    Scores
        UF1, UAR, accuracy and the confusion matrix.

    Raises
    ------
    InvalidInputError
        If there are no clips, the lengths differ, or a label is no integer in range.
    """
    confusion = confusion_matrix(truth, predicted, classes)
    uf1, uar, accuracy = rates(confusion)
    return Scores(float(uf1), float(uar), float(accuracy), confusion)


def confusion_matrix(
    truth: npt.ArrayLike, predicted: npt.ArrayLike, classes: int = 3
) -> npt.NDArray[np.int64]:
    """Count clips by true and predicted class.

    Parameters
    ----------
    truth, predicted : array_like of shape (n,), integers
        True and predicted class of every clip, in [0, `classes`).
    classes : int
        Number of classes, at least 2.

    Returns
    -------
    ndarray of shape (classes, classes), int64
        Rows are true classes, columns predicted ones.

    Raises
    ------
    InvalidInputError
        If there are no clips, the lengths differ, or a label is no integer in range.
    """
    whole = isinstance(classes, int | np.integer) and not isinstance(classes, bool)
    if not whole or not 2 <= classes <= _MOST_CLASSES:
        raise InvalidInputError(
            f"classes must be an integer of 2 or more, at most {_MOST_CLASSES}, "
            f"received {classes!r}."
        )
    rows = _labels("truth", truth, int(classes))
    columns = _labels("predicted", predicted, int(classes))
    if len(rows) != len(columns):
        raise InvalidInputError(
            f"truth and predicted must be equally long, received {len(rows)} and {len(columns)} "
            "labels. Join predictions to the truth by clip before scoring."
        )
    counts = np.bincount(rows * int(classes) + columns, minlength=int(classes) ** 2)
    return counts.reshape(int(classes), int(classes)).astype(np.int64)


def rates(confusion: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], ...]:
    """UF1, UAR and accuracy of one or many confusion matrices.

    Parameters
    ----------
    confusion : ndarray of shape (..., classes, classes)
        Counts (or weighted counts), none negative; rows are true classes.

    Returns
    -------
    uf1, uar, accuracy : ndarray of shape (...), float64
        All 0 for a matrix without any clip.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    actual = counts.sum(axis=-1)
    chosen = counts.sum(axis=-2)
    # 2 TP + FP + FN is the number of clips of the class plus the number predicted as it.
    uf1 = _mean_of_ratios(2 * hits, actual + chosen)
    uar = _mean_of_ratios(hits, actual)
    clips = counts.sum(axis=(-2, -1))
    accuracy = hits.sum(axis=-1) / np.maximum(clips, 1)
    return uf1, uar, accuracy


def _mean_of_ratios(
    parts: npt.NDArray[np.float64], wholes: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Mean over the last axis of part / whole, leaving out classes whose whole is 0."""
    present = wholes > 0
    ratios = np.where(present, parts / np.where(present, wholes, 1), 0)
    mean: npt.NDArray[np.float64] = ratios.sum(axis=-1) / np.maximum(present.sum(axis=-1), 1)
    return mean


def _labels(name: str, values: npt.ArrayLike, classes: int) -> npt.NDArray[np.int64]:
    """Check one row of labels and return it as int64."""
    try:
        labels = np.asarray(values)
    except ValueError as error:
        raise InvalidInputError(f"{name} must be one row of labels, but {error}.") from error
    if labels.ndim != 1:
        raise InvalidInputError(
            f"{name} must be one row of labels, received an array of shape {labels.shape}."
        )
    if not len(labels):
        raise InvalidInputError(f"{name} holds no labels; there is nothing to score.")
    if labels.dtype.kind not in "iu":
        raise InvalidInputError(
            f"{name} must hold integer labels, received dtype {labels.dtype} "
            f"(first value {labels[0]!r}). Turn scores into classes first; NaN is no class."
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        raise InvalidInputError(
            f"{name} must lie in 0..{classes - 1}, received {labels[wrong[0]]} at position "
            f"{wrong[0]}. Map the labels to classes, or pass the right number of classes."
        )
    return labels.astype(np.int64)
