"""What is told of a run on its way follows from its finished folds, and from nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from astsvm.evaluation.metrics import score
from astsvm.evaluation.run_progress import FoldWatch, RunProgress

FOLDS = [(seed, subject) for seed in (1, 2) for subject in ("smic/s1", "smic/s2")]


@pytest.fixture
def truth():
    return {f"{subject}/c{i}": i % 3 for _, subject in FOLDS for i in range(3)}


def test_nothing_is_claimed_before_there_is_a_result(truth, make_result):
    watch = FoldWatch(FOLDS, truth, 3)
    assert watch.progress() == RunProgress(0, 4, 0, 2, {})
    watch.count(1, "smic/s1", None)
    assert watch.progress() == RunProgress(1, 4, 0, 2, {})


def test_uf1_is_pooled_over_folds_and_seeds_by_clip(truth, make_result):
    watch = FoldWatch(FOLDS, truth, 3)
    labels: list[int] = []
    guesses: dict[str, list[int]] = {"softmax": [], "svm": []}
    for draw, (seed, subject) in enumerate(FOLDS):
        # Clips come in any order; the truth is found by name.
        result = make_result(seed=seed, subject=subject, draw=draw)
        result = replace(result, clips=tuple(reversed(result.clips)))
        watch.count(seed, subject, result)
        labels += [truth[key] for key in result.clips]
        guesses["softmax"] += np.argmax(result.probabilities, axis=1).tolist()
        guesses["svm"] += np.argmax(result.svm_scores, axis=1).tolist()
        expected = {head: score(labels, guesses[head]).uf1 for head in guesses}
        assert watch.progress().running_uf1 == expected
    assert watch.progress().seeds_done == 2


def test_a_seed_is_done_when_all_its_folds_are_failed_ones_too(truth, make_result):
    watch = FoldWatch(FOLDS, truth, 3)
    watch.count(2, "smic/s1", make_result(seed=2, subject="smic/s1"))
    assert watch.progress().seeds_done == 0
    watch.count(2, "smic/s2", None)
    state = watch.progress()
    assert (state.done, state.total, state.seeds_done, state.seeds) == (2, 4, 1, 2)
