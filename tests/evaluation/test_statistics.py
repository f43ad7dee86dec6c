"""Intervals against brute force, and floors against the numbers they are known to have."""

from __future__ import annotations

import numpy as np
import pytest

from astsvm.errors import InvalidInputError
from astsvm.evaluation.metrics import rates, score
from astsvm.evaluation.statistics import (
    bootstrap_intervals,
    majority_floor,
    permuted_floor,
    seed_statistics,
    subject_confusions,
)


def corpus(subjects: int = 30, clips: int = 8, seed: int = 0):
    generator = np.random.default_rng(seed)
    people = np.repeat(np.arange(subjects), clips)
    truth = generator.choice(3, size=len(people), p=[0.56, 0.25, 0.19])
    return people, truth, generator


def test_counts_by_subject_sum_to_the_pooled_matrix():
    people, truth, generator = corpus()
    predicted = generator.integers(0, 3, len(truth))
    counts = subject_confusions(people, truth, predicted, 3)
    assert counts.shape == (30, 3, 3)
    assert np.array_equal(counts.sum(axis=0), score(truth, predicted).confusion)
    third = people == 2
    assert np.array_equal(counts[2], score(truth[third], predicted[third]).confusion)


def test_perfect_classifier_has_no_spread():
    people, truth, _ = corpus()
    intervals = bootstrap_intervals(subject_confusions(people, truth, truth, 3)[None])
    assert intervals == {"uf1": (1, 1), "uar": (1, 1), "accuracy": (1, 1)}


def test_guesses_have_a_wide_interval_around_a_third():
    people, truth, generator = corpus(subjects=20)
    guesses = generator.permutation(truth)
    low, high = bootstrap_intervals(subject_confusions(people, truth, guesses, 3)[None])["uf1"]
    assert low < 0.33 < high
    assert high - low > 0.08


def test_equals_scoring_the_clips_of_the_drawn_subjects_one_resample_at_a_time():
    people, truth, generator = corpus(subjects=12, clips=5)
    runs = [np.where(generator.random(len(truth)) < p, truth, 0) for p in (0.5, 0.8)]
    counts = np.stack([subject_confusions(people, truth, run, 3) for run in runs])
    intervals = bootstrap_intervals(counts, resamples=150, seed=4)

    draws = np.random.default_rng(4)
    values = []
    for times in draws.multinomial(12, np.full(12, 1 / 12), size=150):
        chosen = np.concatenate([np.flatnonzero(people == s) for s in np.repeat(range(12), times)])
        values.append(np.mean([score(truth[chosen], run[chosen]).uf1 for run in runs]))
    assert intervals["uf1"] == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))


def test_clips_of_one_person_that_agree_widen_the_interval():
    # Half of the people are all right and half all wrong: the people are the sample.
    people, truth, _ = corpus(subjects=20, clips=10)
    wrong = (truth + 1) % 3
    by_person = np.where(people < 10, truth, wrong)
    by_clip = np.where(np.arange(len(people)) % 2, truth, wrong)
    widths = []
    for predicted in (by_person, by_clip):
        counts = subject_confusions(people, truth, predicted, 3)[None]
        low, high = bootstrap_intervals(counts)["accuracy"]
        widths.append(high - low)
    assert widths[0] > 3 * widths[1]


def test_one_subject_has_no_interval():
    assert bootstrap_intervals(np.ones((2, 1, 3, 3), dtype=np.int64)) is None


@pytest.mark.parametrize(
    ("shape", "options", "says"),
    [
        ((3, 3), {}, "seeds, subjects, classes, classes"),
        ((1, 4, 3, 2), {}, "seeds, subjects, classes, classes"),
        ((1, 0, 3, 3), {}, "seeds, subjects, classes, classes"),
        ((1, 4, 3, 3), {"resamples": 0}, "resamples"),
        ((1, 4, 3, 3), {"level": 1.0}, "level"),
    ],
)
def test_bad_arguments_are_refused(shape, options, says):
    with pytest.raises(InvalidInputError, match=says):
        bootstrap_intervals(np.ones(shape, dtype=np.int64), **options)


def test_mean_and_deviation_over_seeds():
    matrices = np.array([[[2, 0], [0, 2]], [[1, 1], [1, 1]]])
    statistics = seed_statistics(matrices)
    assert statistics.mean["uf1"] == pytest.approx(0.75)
    assert statistics.deviation["accuracy"] == pytest.approx(np.std([1, 0.5], ddof=1))
    assert seed_statistics(matrices[:1]).deviation == {"uf1": None, "uar": None, "accuracy": None}


def test_floors_of_the_composite_are_the_known_ones():
    truth = np.repeat([0, 1, 2], [250, 109, 83])
    parts = {"full": np.ones(442, dtype=bool), "head": np.arange(442) < 250}
    majority = majority_floor(truth, parts, 3)
    assert [round(majority["full"][name], 3) for name in ("uf1", "uar", "accuracy")] == [
        0.241,
        0.333,
        0.566,
    ]
    assert majority["head"]["uf1"] == 1
    permuted = permuted_floor(truth, parts, 3)["full"]
    assert permuted["uf1"] == pytest.approx(1 / 3, abs=0.01)
    assert permuted == permuted_floor(truth, parts, 3)["full"]
    assert permuted != permuted_floor(truth, parts, 3, seed=1)["full"]


def test_permuted_floor_equals_a_plain_loop():
    truth = np.array([0, 0, 0, 1, 1, 2, 2, 0])
    parts = {"part": np.array([1, 1, 0, 1, 1, 1, 0, 0], dtype=bool)}
    floor = permuted_floor(truth, parts, 3, permutations=40, seed=9)["part"]
    rows = np.random.default_rng(9).permuted(np.tile(truth, (40, 1)), axis=1)
    inside = parts["part"]
    values = [rates(score(truth[inside], row[inside]).confusion)[1] for row in rows]
    assert floor["uar"] == pytest.approx(np.mean(values))
