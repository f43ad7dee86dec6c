"""Whether one run is better than another, or only luckier in its subjects.

Both runs predicted the same clips of the same subjects, so they are compared subject by subject.
Clips of one person are alike: what is permuted and drawn anew is whole subjects, never clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from astsvm.errors import EvaluationError
from astsvm.evaluation.metrics import rates
from astsvm.evaluation.predictions import Prediction, PredictionTable, labels_of
from astsvm.evaluation.statistics import FIGURES, Interval, resampled_figures
from astsvm.evaluation.summary import seed_confusions

__all__ = ["Difference", "McNemar", "compare_tables", "holm_adjusted"]

LEVEL = 0.05
"""A difference with a p-value of this or more is not distinguishable from chance."""

_Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two runs.

    Parameters
    ----------
    first, second : float
        The figure of each run, the mean over the seeds that both have.
    interval : (low, high) or None
        95 % bootstrap interval of first - second; None with one subject.
    p_value : float
        Of the paired permutation test, two-sided. It decides.
    least_p_value : float
        The smallest one that could come out: 2^-(n - 1) with n subjects, as long as all 2^n swaps
        are tried; 2 / (permutations + 1) beyond. Adjusted as `p_value` is.
    """

    first: float
    second: float
    interval: Interval | None
    p_value: float
    least_p_value: float

    @property
    def is_distinguishable(self) -> bool:
        """Whether chance alone seldom gives such a difference."""
        return self.p_value < LEVEL


class McNemar(NamedTuple):
    """Clips of one seed that exactly one of two runs recognised, and the exact test on them.

    It takes clips for independent, which clips of one subject are not: its p-value is too small.
    """

    seed: int
    only_first: int
    only_second: int
    p_value: float


def compare_tables(
    first: PredictionTable,
    second: PredictionTable,
    head: str,
    *,
    permutations: int = 9999,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[dict[str, Difference], tuple[McNemar, ...]]:
    """Compare the predictions of two runs on the same clips.

    The permutation test swaps the two runs' predictions of whole subjects, all seeds of training
    together (Good, "Permutation tests", 2000); if the runs were equally good, every swap would be
    as likely as what was seen.

    Parameters
    ----------
    first, second : PredictionTable
        Predictions of the runs; of several seeds, those that both have.
    head : str
        ``"svm"`` or ``"softmax"``.
    permutations : int
        Random swaps; all of them where there are fewer.
    resamples : int
        Resamples of the bootstrap over subjects.
    seed : int
        Seed of swaps and resamples.

    Returns
    -------
    differences : dict of str to Difference
        By figure: ``uf1``, ``uar``, ``accuracy``.
    mcnemar : tuple of McNemar
        One for each seed.

    Raises
    ------
    EvaluationError
        If the runs did not predict the same clips with the same truth, differ in their classes,
        or have no seed in common.
    """
    seeds = _common_seeds(first, second)
    _require_same_clips(first, second, seeds)
    classes = len(first.class_names)
    pair = np.stack(
        [
            seed_confusions([row for row in table.rows if row.seed in seeds], head, classes)
            for table in (first, second)
        ]
    )
    seen = _figures(pair.sum(axis=2))
    p_values = _permutation_test(pair, permutations, seed)
    intervals = _intervals(pair, resamples, seed)
    differences = {
        name: Difference(
            float(seen[0, i]),
            float(seen[1, i]),
            None if intervals is None else intervals[i],
            float(p_values[i]),
            _least_p_value(pair.shape[2], permutations),
        )
        for i, name in enumerate(FIGURES)
    }
    return differences, tuple(_mcnemar(first, second, number, head) for number in seeds)


def holm_adjusted(
    comparisons: Sequence[dict[str, Difference]],
) -> list[dict[str, Difference]]:
    """Adjust the p-values of several comparisons for their number.

    The more runs are compared, the more often one of them differs by chance. Holm's procedure
    (Scand. J. Statist. 1979) keeps the chance of any false difference of a figure below 5 %.

    Parameters
    ----------
    comparisons : sequence of dict of str to Difference
        As :func:`compare_tables` gives them.

    Returns
    -------
    list of dict of str to Difference
        The same with larger p-values; a single comparison stays as it is.
    """
    adjusted = [dict(comparison) for comparison in comparisons]
    for name in FIGURES:
        order = sorted(range(len(adjusted)), key=lambda i: adjusted[i][name].p_value)
        largest = 0.0
        for rank, i in enumerate(order):
            own, factor = adjusted[i][name], len(order) - rank
            largest = min(1.0, max(largest, own.p_value * factor))
            least = min(1.0, own.least_p_value * factor)
            adjusted[i][name] = replace(own, p_value=largest, least_p_value=least)
    return adjusted


def _common_seeds(first: PredictionTable, second: PredictionTable) -> tuple[int, ...]:
    if first.class_names != second.class_names:
        raise EvaluationError(
            f"the runs have other classes: {', '.join(first.class_names)} and "
            f"{', '.join(second.class_names)}. Compare runs of one protocol."
        )
    seeds = tuple(sorted(set(first.seeds) & set(second.seeds)))
    if not seeds:
        raise EvaluationError(
            f"the runs have no seed in common: {first.seeds} and {second.seeds}. "
            "Train both with the same seeds."
        )
    return seeds


def _rows(table: PredictionTable, seed: int) -> list[Prediction]:
    return sorted((row for row in table.rows if row.seed == seed), key=lambda row: row.key)


def _require_same_clips(
    first: PredictionTable, second: PredictionTable, seeds: Sequence[int]
) -> None:
    for seed in seeds:
        one, other = ({r.key: r.truth for r in _rows(t, seed)} for t in (first, second))
        if one.keys() != other.keys():
            odd = sorted(one.keys() ^ other.keys())
            raise EvaluationError(
                f"the runs did not predict the same clips (seed {seed}): {len(odd)} are in one of "
                f"them only, for example {odd[0]}. Compare complete runs on the same data."
            )
        if one != other:
            odd = sorted(key for key in one if one[key] != other[key])
            raise EvaluationError(
                f"the runs disagree on the true class of {len(odd)} clips, for example {odd[0]}. "
                "Compare runs of one protocol on the same data. A run with --permute-labels has "
                "other labels: judge it by its own floors, with `astsvm evaluate`."
            )


def _figures(pooled: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the figures, (..., 3), of pooled confusions (..., seeds, classes, classes)."""
    return np.stack([values.mean(axis=-1) for values in rates(pooled)], axis=-1)


def _permutation_test(pair: _Counts, permutations: int, seed: int) -> npt.NDArray[np.float64]:
    """Return the two-sided p-value of each figure."""
    from scipy.stats import permutation_test

    subjects = pair.shape[2]
    if subjects < 2:
        # One swap or none: either difference is as great as the other.
        return np.ones(len(FIGURES))
    # Whole numbers below 2**53 add up exactly, so the order of the sum cannot change a bit.
    cells = pair.transpose(0, 2, 1, 3, 4).astype(np.float64)
    cells = cells.reshape(2 * subjects, -1)
    shape = (pair.shape[1], *pair.shape[3:])

    def pooled(chosen: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        # (..., subjects) numbers of rows of `cells`, each subject's own or its partner's.
        taken = chosen.astype(np.int64)
        weights = np.zeros((*taken.shape[:-1], 2 * subjects))
        np.put_along_axis(weights, taken, 1.0, axis=-1)
        return (weights @ cells).reshape(*taken.shape[:-1], *shape)

    def difference(one: Any, other: Any, axis: int = -1) -> npt.NDArray[np.float64]:
        one, other = (np.moveaxis(np.asarray(rows), axis, -1) for rows in (one, other))
        values = _figures(pooled(one)) - _figures(pooled(other))
        return np.moveaxis(values, -1, 0)

    p_values = []
    numbers = np.arange(subjects, dtype=np.float64)
    for i in range(len(FIGURES)):
        result = permutation_test(
            (numbers, numbers + subjects),
            lambda one, other, axis=-1, i=i: difference(one, other, axis)[i],
            permutation_type="samples",
            vectorized=True,
            n_resamples=permutations,
            batch=1000,
            rng=np.random.default_rng(seed),
        )
        p_values.append(result.pvalue)
    return np.array(p_values)


def _least_p_value(subjects: int, permutations: int) -> float:
    swaps: int = 2**subjects
    return min(1.0, 2 / (swaps if swaps <= permutations else permutations + 1))


def _intervals(pair: _Counts, resamples: int, seed: int) -> list[Interval] | None:
    """Return 95 % intervals of the differences; both runs are scored on the same drawn subjects."""
    if pair.shape[2] < 2:
        return None
    one, other = (resampled_figures(counts, resamples, seed) for counts in pair)
    low, high = np.quantile(one - other, [LEVEL / 2, 1 - LEVEL / 2], axis=1)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def _mcnemar(first: PredictionTable, second: PredictionTable, seed: int, head: str) -> McNemar:
    from scipy.stats import binomtest

    right = []
    for table in (first, second):
        truth, predicted = labels_of(_rows(table, seed), head)
        right.append(truth == predicted)
    only_first = int((right[0] & ~right[1]).sum())
    only_second = int((right[1] & ~right[0]).sum())
    differing = only_first + only_second
    p_value = 1.0 if not differing else float(binomtest(only_first, differing).pvalue)
    return McNemar(seed, only_first, only_second, p_value)
