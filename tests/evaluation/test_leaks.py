"""The leaks this field is known for, one by one (Varanka et al., arXiv 2211.11425).

(a) Choosing the epoch on the held-out subject, (e) fitting scaler or SVM on everything, and (g)
carrying weights from fold to fold are refuted in ``test_fold.py`` by permuting the held-out
subject's labels and pixels and by comparing bits; ``test_inner_selection.py`` does it for the inner
choice. (f) Apex labels are in no feature: ``tests/test_pipeline.py``.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from astsvm.evaluation.fold import FoldTask, run_fold
from astsvm.evaluation.predictions import join_predictions
from astsvm.evaluation.run_plan import plan_run
from astsvm.evaluation.summary import summarise
from astsvm.execution import run_tasks
from astsvm.storage import open_clips

CLASSES = ("negative", "positive", "surprise")


class Watched:
    """Clips that remember in which order they were read."""

    def __init__(self, clips):
        self.clips, self.reads = clips, []

    @property
    def streams(self):
        return self.clips.streams

    def read_batch(self, stream, indices):
        self.reads.append(np.asarray(indices).tolist())
        return self.clips.read_batch(stream, indices)


def reads_of(task):
    """Run a fold and return what it read, in order."""
    watched = Watched(task.clips)
    run_fold(replace(task, clips=watched))
    return watched.reads


WAYS = {
    "fixed": {},
    "flip": {"augmentation": "flip"},
    "inner": {"inner": {"splits": 2}},
    "both": {"augmentation": "flip", "inner": {"splits": 2}},
}


@pytest.mark.slow
def test_a_d_held_out_clips_are_read_last_and_alone(write_clips, tiny_settings):
    """(a, d) Neither an epoch nor an augmentation can depend on what was never read."""
    with open_clips(write_clips("clips")) as clips:
        tasks = []
        for way in WAYS.values():
            settings = tiny_settings.replace(training=tiny_settings.training.replace(**way))
            tasks.append(plan_run(clips, settings, "as-labelled", 1).tasks[0])
        outcomes = sorted(run_tasks(reads_of, tasks), key=lambda outcome: outcome.index)
    for task, outcome in zip(tasks, outcomes, strict=True):
        assert outcome.error is None
        held_out = [set(read) <= set(task.test_indices) for read in outcome.result]
        mixed = [set(read) & set(task.test_indices) for read in outcome.result]
        first = held_out.index(True)
        assert first > 0
        assert not any(mixed[:first])
        assert all(held_out[first:])


def test_a_truth_of_the_held_out_clips_is_not_part_of_a_fold(write_clips, tiny_settings):
    """(a) A fold has labels for its training clips and for nothing else."""
    with open_clips(write_clips("clips")) as clips:
        for task in plan_run(clips, tiny_settings, "as-labelled", 1).tasks:
            assert len(task.train_labels) == len(task.train_indices) == 6
            assert not set(task.train_indices) & set(task.test_indices)
            assert task.subject not in task.train_subjects
    labelled = [field.name for field in fields(FoldTask) if "label" in field.name]
    assert labelled == ["train_labels"]


def test_b_figures_are_no_means_over_folds(make_table):
    """(b) A perfect classifier scores 1; averaged over folds of one class it would not."""
    table = make_table(chance=1.0)
    one_class = [r for r in table.rows if r.truth == int(r.subject[1:]) % 3]
    metrics = summarise(type(table)(one_class, CLASSES))
    assert metrics["svm"]["full"]["uf1"] == 1


def test_c_a_class_that_is_never_predicted_pulls_the_mean_down(make_table):
    """(c) The mean is over all classes, also over one nobody recognises."""
    table = make_table(chance=1.0)
    blind = [
        replace(r, predicted=dict.fromkeys(r.predicted, 0)) if r.truth == 2 else r
        for r in table.rows
    ]
    figures = summarise(type(table)(blind, CLASSES))["svm"]["full"]
    assert figures["uar"] == pytest.approx(2 / 3)
    assert figures["uf1"] == pytest.approx((2 * 14 / (2 * 14 + 14) + 1 + 0) / 3)


def test_h_no_seed_is_chosen(make_table):
    """(h) Figures of several seeds are their mean, not the best one."""
    table = make_table(seeds=5)
    alone = [
        summarise(type(table)([r for r in table.rows if r.seed == seed], CLASSES))["svm"]["full"]
        for seed in table.seeds
    ]
    together = summarise(table)["svm"]["full"]
    for name in ("uf1", "uar", "accuracy"):
        values = [figures[name] for figures in alone]
        assert together[name] == pytest.approx(np.mean(values))
        assert together[name] < max(values)


def test_i_predictions_find_their_clip_in_any_order(make_result):
    """(i) Truth is joined by the clip's key: folds and clips may come in any order."""
    results = [make_result(subject=f"smic/s{n}", draw=n) for n in range(4)]
    truth = {key: int(key[-1]) for result in results for key in result.clips}
    turned = [
        replace(
            r,
            clips=r.clips[::-1],
            probabilities=r.probabilities[::-1],
            svm_scores=r.svm_scores[::-1],
        )
        for r in reversed(results)
    ]
    there = join_predictions(results, truth, CLASSES).to_csv()
    assert join_predictions(turned, dict(reversed(truth.items())), CLASSES).to_csv() == there
