r"""From decision values of the SVM to probabilities.

.. math:: p_c(s) = \frac{\exp(a s_c + b_c)}{\sum_k \exp(a s_k + b_k)}, \quad a \ge 0, \sum_c b_c = 0

One scale for all classes (temperature scaling, Guo et al. 2017, "On calibration of modern neural
networks", ICML) and a bias for each, fitted by maximum likelihood to scores of clips whose subject
was held out. Scores of training clips would be far too sure of themselves.

Ours: targets are smoothed as Platt (1999) does for two classes, a clip of a class with n clips
counting as (n + 1) / (n + K) of its class, so that the scale stays finite where every clip is
right. With several seeds, all predictions of a clip take part, and n still counts clips: more seeds
are no more clips. A scale of 0 says that the scores tell nothing: the probabilities are then the
mean of the targets, which is the classes' frequencies drawn a little towards each other.

A bias can give another class the largest probability than the one with the largest score. The
recognised class is the one with the largest score, always.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError
from astsvm.recognizer.manifest import CalibrationRecord

__all__ = ["OutOfFoldScores", "calibrate", "calibrated"]

_LEAST_SPREAD = 1e-9

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OutOfFoldScores:
    """Scores of clips by models that never saw their subject.

    Parameters
    ----------
    scores : ndarray of shape (n, classes), float64
        Decision values of the SVM.
    truth : ndarray of shape (n,), int64
        True classes.
    seeds : int
        Number of seeds of training, 1 or more; each clip has a row for each.
    predictions_sha256 : str
        Digest of the table they are from.
    """

    scores: Floats
    truth: npt.NDArray[np.int64]
    seeds: int
    predictions_sha256: str


def calibrate(found: OutOfFoldScores) -> CalibrationRecord:
    """Fit scale and biases.

    Raises
    ------
    InvalidInputError
        If shapes disagree, a score is not finite, a class has no clip, or its rows are no whole
        number of clips.
    """
    from scipy.optimize import minimize

    scores, truth = _checked(found)
    rows, classes = scores.shape
    targets = _smoothed(truth, classes, found.seeds)
    # The unit of the scores is the SVM's; in their own unit the search is well conditioned. Scores
    # that differ by rounding only have none.
    spread = float(scores.std())
    unit = spread if spread > _LEAST_SPREAD else 1.0

    def loss(parameters: Floats) -> tuple[float, Floats]:
        values = parameters[0] * scores / unit + _biases(parameters)
        logarithms = _log_softmax(values)
        slope = (np.exp(logarithms) - targets) / rows
        by_class = slope.sum(axis=0)
        gradient = np.concatenate([[np.sum(slope * scores) / unit], by_class[:-1] - by_class[-1]])
        return float(-np.sum(targets * logarithms) / rows), gradient

    bounds = [(0.0, None), *([(None, None)] * (classes - 1))]
    best = minimize(
        loss,
        np.concatenate([[1.0], np.zeros(classes - 1)]),
        jac=True,
        bounds=bounds,
        method="L-BFGS-B",
        options={"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-10},
    ).x
    scale, bias = float(best[0]) / unit, _biases(best)
    frequencies = np.bincount(truth, minlength=classes) / rows
    return CalibrationRecord(
        scale=scale,
        bias=tuple(bias.tolist()),
        clips=rows // found.seeds,
        seeds=found.seeds,
        log_loss=_log_loss(_log_softmax(scale * scores + bias), truth),
        base_rate_log_loss=_log_loss(np.tile(np.log(frequencies), (rows, 1)), truth),
        predictions_sha256=found.predictions_sha256,
    )


def calibrated(scores: npt.ArrayLike, calibration: CalibrationRecord) -> Floats:
    """Return the probabilities of scores (n, classes), each row adding up to 1.

    Raises
    ------
    InvalidInputError
        If the scores are of another number of classes.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(calibration.bias):
        raise InvalidInputError(
            f"scores must have the shape (clips, {len(calibration.bias)}), received {values.shape}."
        )
    return np.exp(_log_softmax(calibration.scale * values + np.asarray(calibration.bias)))


def _checked(found: OutOfFoldScores) -> tuple[Floats, npt.NDArray[np.int64]]:
    scores, truth = np.asarray(found.scores, np.float64), np.asarray(found.truth)
    if scores.ndim != 2 or truth.shape != (len(scores),) or scores.shape[1] < 2:
        raise InvalidInputError(
            f"scores must have the shape (clips, classes) and truth (clips,), received "
            f"{scores.shape} and {truth.shape}."
        )
    if not np.isfinite(scores).all():
        raise InvalidInputError("scores must be finite numbers.")
    counts = np.bincount(truth, minlength=scores.shape[1])
    if len(counts) > scores.shape[1] or not counts.all():
        raise InvalidInputError(
            f"every class needs a clip to be calibrated by, received {counts.tolist()} by class. "
            "Leave the calibration out."
        )
    if found.seeds < 1 or (counts % found.seeds).any():
        raise InvalidInputError(
            f"every clip must have a row for each of {found.seeds} seeds, received "
            f"{counts.tolist()} rows by class."
        )
    return scores, truth


def _smoothed(truth: npt.NDArray[np.int64], classes: int, seeds: int) -> Floats:
    clips = (np.bincount(truth, minlength=classes) // seeds)[truth][:, None]
    targets = np.repeat(1 / (clips + classes), classes, axis=1)
    rows = np.arange(len(truth))
    targets[rows, truth] = 1 - (classes - 1) * targets[rows, truth]
    return targets


def _biases(parameters: Floats) -> Floats:
    free = parameters[1:]
    return np.append(free, -free.sum())


def _log_softmax(values: Floats) -> Floats:
    shifted = values - values.max(axis=1, keepdims=True)
    logarithms: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return logarithms


def _log_loss(logarithms: Floats, truth: npt.NDArray[np.int64]) -> float:
    return float(-logarithms[np.arange(len(truth)), truth].mean())
