"""How sure a figure is, and what figure costs nothing to reach.

Clips of one person are alike, so the people and not the clips are the sample: intervals come from
a bootstrap that draws whole subjects. Every random draw is seeded by an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError
from astsvm.evaluation.metrics import rates

__all__ = [
    "FEW_SUBJECTS",
    "FIGURES",
    "Interval",
    "SeedStatistics",
    "bootstrap_intervals",
    "majority_floor",
    "permuted_floor",
    "resampled_figures",
    "seed_statistics",
    "subject_confusions",
]

FIGURES = ("uf1", "uar", "accuracy")
"""The figures of a confusion matrix, in the order :func:`astsvm.evaluation.metrics.rates` has."""

FEW_SUBJECTS = 10
"""Below so many subjects, a percentile bootstrap covers clearly less than its 95 %.

Simulated (8 clips a subject, three classes, 400 draws): UF1's interval held the truth in 76 % of
draws with 4 subjects, 85 % with 6, 88 % with 8, 90 % with 10, 95 % with 16, 93 % with 24.
"""

Interval = tuple[float, float]


@dataclass(frozen=True)
class SeedStatistics:
    """Mean and standard deviation of each figure over seeds.

    Parameters
    ----------
    mean : dict of str to float
        By name of the figure.
    deviation : dict of str to float or None
        Sample standard deviation (n - 1); None with a single seed, which has none.
    """

    mean: dict[str, float]
    deviation: dict[str, float | None]


def subject_confusions(
    subjects: npt.NDArray[Any],
    truth: npt.NDArray[np.int64],
    predicted: npt.NDArray[np.int64],
    classes: int,
) -> npt.NDArray[np.int64]:
    """Count clips by subject, true class and predicted class.

    Parameters
    ----------
    subjects : ndarray of shape (n,), integers
        Number of every clip's subject, from 0 on.
    truth, predicted : ndarray of shape (n,), int64
        True and predicted classes in [0, `classes`).
    classes : int
        Number of classes.

    Returns
    -------
    ndarray of shape (subjects, classes, classes), int64
        One confusion matrix for each subject; their sum is the pooled one.
    """
    count = int(subjects.max()) + 1
    cells = (subjects * classes + truth) * classes + predicted
    counts = np.bincount(cells, minlength=count * classes * classes)
    return counts.reshape(count, classes, classes).astype(np.int64)


def bootstrap_intervals(
    confusions: npt.NDArray[np.int64],
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval] | None:
    """Percentile intervals of UF1, UAR and accuracy from a bootstrap over subjects.

    A resample draws as many subjects as there are, with replacement, pools their counts, and
    scores the pool; with several seeds of training, the figures of one resample are the means over
    the seeds, all scored on the same drawn subjects. The interval tells how far the figure would
    move with other people of the same kind; it does not hold the luck of the training seed.

    Parameters
    ----------
    confusions : ndarray of shape (seeds, subjects, classes, classes)
        Confusion matrices by seed of training and subject.
    resamples : int
        Number of resamples.
    level : float
        Share of the resamples inside the interval, in (0, 1).
    seed : int
        Seed of the draws.

    Returns
    -------
    dict of str to (low, high), or None
        By name of the figure; None with a single subject, which says nothing about others.

    Raises
    ------
    InvalidInputError
        If the array is not of that shape or the other arguments are out of range.
    """
    if confusions.ndim != 4 or not confusions.size or confusions.shape[2] != confusions.shape[3]:
        raise InvalidInputError(
            "confusions must have shape (seeds, subjects, classes, classes), "
            f"received {confusions.shape}."
        )
    if resamples < 1 or not 0 < level < 1:
        raise InvalidInputError(
            f"expected resamples >= 1 and 0 < level < 1, received {resamples} and {level}."
        )
    if confusions.shape[1] < 2:
        return None
    tail = (1 - level) / 2
    intervals = {}
    for name, values in zip(FIGURES, resampled_figures(confusions, resamples, seed), strict=True):
        low, high = np.quantile(values, [tail, 1 - tail])
        intervals[name] = (float(low), float(high))
    return intervals


def resampled_figures(
    confusions: npt.NDArray[np.int64], resamples: int, seed: int
) -> npt.NDArray[np.float64]:
    """Return the figures of every resample of subjects, shape (figures, resamples).

    Equal seeds draw equal subjects, so two runs of the same subjects can be compared draw by draw.

    Parameters
    ----------
    confusions : ndarray of shape (seeds, subjects, classes, classes)
        Of two subjects at least.
    resamples, seed
        As for :func:`bootstrap_intervals`.
    """
    seeds, subjects, classes, _ = confusions.shape
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(subjects, np.full(subjects, 1 / subjects), size=resamples)
    # Whole numbers below 2**53 add up exactly, so the order of the sum cannot change a bit.
    by_subject = confusions.transpose(1, 0, 2, 3).reshape(subjects, -1).astype(np.float64)
    pooled = (drawn.astype(np.float64) @ by_subject).reshape(resamples, seeds, classes, classes)
    return np.stack([values.mean(axis=1) for values in rates(pooled)])


def seed_statistics(pooled: npt.NDArray[np.int64]) -> SeedStatistics:
    """Mean and standard deviation of the figures over seeds of training.

    Parameters
    ----------
    pooled : ndarray of shape (seeds, classes, classes)
        The pooled confusion matrix of every seed.

    Returns
    -------
    SeedStatistics
        Of UF1, UAR and accuracy.
    """
    values = dict(zip(FIGURES, rates(pooled), strict=True))
    single = len(pooled) == 1
    return SeedStatistics(
        mean={name: float(row.mean()) for name, row in values.items()},
        deviation={
            name: None if single else float(row.std(ddof=1)) for name, row in values.items()
        },
    )


def majority_floor(
    truth: npt.NDArray[np.int64], parts: Mapping[str, npt.NDArray[np.bool_]], classes: int
) -> dict[str, dict[str, float]]:
    """Score the rule that calls every clip the most frequent class of the whole set.

    Parameters
    ----------
    truth : ndarray of shape (n,), int64
        True classes.
    parts : mapping of str to ndarray of shape (n,), bool
        Which clips belong to each part, for example a database.
    classes : int
        Number of classes.

    Returns
    -------
    dict
        ``{part: {figure: value}}``.
    """
    most_frequent = np.bincount(truth, minlength=classes).argmax()
    predicted = np.full((1, len(truth)), most_frequent, dtype=np.int64)
    return _floor(truth, predicted, parts, classes)


def permuted_floor(
    truth: npt.NDArray[np.int64],
    parts: Mapping[str, npt.NDArray[np.bool_]],
    classes: int,
    *,
    permutations: int = 1000,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Score guesses that have the right class frequencies and nothing else.

    The guesses are the true labels themselves, dealt out anew over all clips; the floor is the
    mean over many deals. No network is trained for it.

    Parameters
    ----------
    truth : ndarray of shape (n,), int64
        True classes.
    parts : mapping of str to ndarray of shape (n,), bool
        Which clips belong to each part, for example a database.
    classes : int
        Number of classes.
    permutations : int
        Number of deals.
    seed : int
        Seed of the deals.

    Returns
    -------
    dict
        ``{part: {figure: value}}``.
    """
    generator = np.random.default_rng(seed)
    dealt = generator.permuted(np.tile(truth, (permutations, 1)), axis=1)
    return _floor(truth, dealt, parts, classes)


def _floor(
    truth: npt.NDArray[np.int64],
    predicted: npt.NDArray[np.int64],
    parts: Mapping[str, npt.NDArray[np.bool_]],
    classes: int,
) -> dict[str, dict[str, float]]:
    """Mean figures of several rows of predictions, shape (rows, n), for every part."""
    floors = {}
    for name, inside in parts.items():
        rows = np.repeat(np.arange(len(predicted)), inside.sum())
        truths = np.tile(truth[inside], len(predicted))
        counts = subject_confusions(rows, truths, predicted[:, inside].ravel(), classes)
        floors[name] = seed_statistics(counts).mean
    return floors
