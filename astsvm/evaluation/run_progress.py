"""How far a run is, and what its finished folds say so far: for people, and for nothing else.

The running UF1 comes from the predictions of finished folds alone and goes nowhere but to whoever
watches; no fold, no choice and no figure of the run can see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from astsvm.evaluation.fold import FoldResult
from astsvm.evaluation.metrics import confusion_matrix, rates
from astsvm.evaluation.predictions import HEADS

__all__ = ["FoldWatch", "RunProgress"]


@dataclass(frozen=True)
class RunProgress:
    """How far a run is.

    Parameters
    ----------
    done, total : int
        Folds that are done, failed ones included, and folds in all.
    seeds_done, seeds : int
        Seeds of which every fold is done, and seeds in all.
    running_uf1 : dict of str to float
        By head, UF1 pooled over the predictions of all folds so far; classes that have neither
        come nor been predicted yet are left out. Empty before the first fold that has a result.
    """

    done: int
    total: int
    seeds_done: int
    seeds: int
    running_uf1: dict[str, float] = field(default_factory=dict)


class FoldWatch:
    """Counts folds and keeps one confusion matrix for each head.

    Parameters
    ----------
    folds : iterable of (seed, subject key)
        All folds of the run.
    truth : mapping of str to int
        True class by clip key.
    classes : int
        Number of classes.
    """

    def __init__(
        self, folds: Iterable[tuple[int, str]], truth: Mapping[str, int], classes: int
    ) -> None:
        self._pending: dict[int, set[str]] = {}
        for seed, subject in folds:
            self._pending.setdefault(seed, set()).add(subject)
        self._total = sum(len(subjects) for subjects in self._pending.values())
        self._truth = truth
        self._confusion = {head: np.zeros((classes, classes), np.int64) for head in HEADS}

    def count(self, seed: int, subject: str, result: FoldResult | None) -> None:
        """Count a fold that is done, without a result if it failed."""
        self._pending[seed].discard(subject)
        if result is None:
            return
        truth = [self._truth[key] for key in result.clips]
        guesses = {
            "softmax": result.probabilities.argmax(axis=1),
            "svm": result.svm_scores.argmax(axis=1),
        }
        for head, predicted in guesses.items():
            counted = self._confusion[head]
            self._confusion[head] = counted + confusion_matrix(truth, predicted, len(counted))

    def progress(self) -> RunProgress:
        """Return how far the run is."""
        left = [len(subjects) for subjects in self._pending.values()]
        scored = any(confusion.any() for confusion in self._confusion.values())
        return RunProgress(
            done=self._total - sum(left),
            total=self._total,
            seeds_done=left.count(0),
            seeds=len(left),
            running_uf1={head: _uf1(self._confusion[head]) for head in HEADS if scored},
        )


def _uf1(confusion: npt.NDArray[np.int64]) -> float:
    return float(rates(confusion)[0])
