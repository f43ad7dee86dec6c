"""What choosing the epoch on the held-out subject would have claimed: a leak meter, not a result.

Public code of this field often keeps, for every subject, the epoch that did best on that very
subject. A classifier that guesses gains by that as well: the more epochs, the more luck to choose
from (Varanka et al., arXiv 2211.11425). The folds predict after every epoch without knowing any
truth; only here, after all training, truth is used to choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from astsvm.errors import EvaluationError
from astsvm.evaluation.predictions import PredictionTable, join_predictions

if TYPE_CHECKING:
    from astsvm.evaluation.fold import FoldResult

__all__ = ["LEAK_METER", "NULL_RUN", "oracle_predictions"]

LEAK_METER = (
    "LEAK METER, NOT A RESULT: beside the figures stands what choosing the epoch on the held-out "
    "subjects would have claimed."
)
NULL_RUN = (
    "NULL RUN: the labels were permuted among the clips before the run, with seed {seed}. There is "
    "nothing to learn; the figures are what chance reaches."
)


def oracle_predictions(
    results: Iterable[FoldResult], truth: Mapping[str, int], class_names: Iterable[str]
) -> PredictionTable:
    """Take every held-out subject's predictions from the epoch that suits that subject best.

    Parameters
    ----------
    results : iterable of FoldResult
        Folds that predicted after every epoch.
    truth : mapping of str to int
        True class by clip key.
    class_names : iterable of str
        Name of every class.

    Returns
    -------
    PredictionTable
        By head, the first of the epochs with the most clips of the subject right.

    Raises
    ------
    EvaluationError
        If a fold did not predict after every epoch.
    """
    return join_predictions((_at_best(r, truth) for r in results), truth, class_names)


def _at_best(result: FoldResult, truth: Mapping[str, int]) -> FoldResult:
    if not len(result.epoch_probabilities):
        raise EvaluationError(
            f"the fold of {result.subject} (seed {result.seed}) holds no predictions by epoch."
        )
    labels = np.array([truth[key] for key in result.clips])
    return replace(
        result,
        probabilities=_best(result.epoch_probabilities, labels),
        svm_scores=_best(result.epoch_svm_scores, labels),
    )


def _best(epochs: npt.NDArray[Any], labels: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Return the scores (m, classes) of the epoch with the most right, of (epochs, m, classes)."""
    right = (epochs.argmax(axis=2) == labels).sum(axis=1)
    best: npt.NDArray[Any] = epochs[int(right.argmax())]
    return best
