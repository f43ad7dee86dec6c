"""UF1, UAR and accuracy against tables made by hand, scikit-learn, and published logs."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from astsvm.errors import InvalidInputError
from astsvm.evaluation.metrics import confusion_matrix, rates, score


def test_hand_made_table():
    # truth 0: 2 right, 1 as class 1; truth 1: 1 right, 1 as class 2; truth 2: 1 right.
    truth = [0, 0, 0, 1, 1, 2]
    predicted = [0, 0, 1, 1, 2, 2]
    scores = score(truth, predicted)
    assert scores.confusion.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert scores.uf1 == pytest.approx((4 / 5 + 2 / 4 + 2 / 3) / 3)
    assert scores.uar == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert scores.accuracy == pytest.approx(4 / 6)


def test_all_negative_on_the_composite_is_the_published_floor():
    truth = np.repeat([0, 1, 2], [250, 109, 83])
    scores = score(truth, np.zeros_like(truth))
    assert round(scores.uf1, 3) == 0.241
    assert round(scores.uar, 3) == 0.333
    assert round(scores.accuracy, 3) == 0.566


def test_class_absent_from_truth_counts_in_uf1_only_when_predicted():
    silent = score([0, 0, 1], [0, 1, 1], classes=3)
    assert silent.uf1 == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert silent.uar == pytest.approx((1 / 2 + 1) / 2)
    named = score([0, 0, 1], [0, 2, 1], classes=3)
    assert named.uf1 == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert named.uar == pytest.approx((1 / 2 + 1) / 2)


def labels(classes: int):
    return st.lists(
        st.tuples(st.integers(0, classes - 1), st.integers(0, classes - 1)), min_size=1, max_size=60
    )


@given(pairs=labels(4))
@settings(deadline=None, max_examples=60)
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_agrees_with_scikit_learn(pairs):
    truth, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    scores = score(truth, predicted, classes=4)
    present = sorted(set(truth.tolist()) | set(predicted.tolist()))
    reference = f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
    assert scores.uf1 == pytest.approx(reference)
    assert scores.accuracy == pytest.approx(accuracy_score(truth, predicted))
    if len(set(truth.tolist())) > 1:
        assert scores.uar == pytest.approx(balanced_accuracy_score(truth, predicted))


@given(pairs=labels(3), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_order_of_clips_and_names_of_classes_do_not_matter(pairs, seed):
    truth, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    generator = np.random.default_rng(seed)
    order, names = generator.permutation(len(truth)), generator.permutation(3)
    scores, moved = score(truth, predicted), score(names[truth[order]], names[predicted[order]])
    assert (moved.uf1, moved.uar) == pytest.approx((scores.uf1, scores.uar))
    assert moved.accuracy == scores.accuracy


def test_many_matrices_at_once_equal_one_by_one():
    generator = np.random.default_rng(1)
    matrices = generator.integers(0, 5, (2, 7, 3, 3))
    together = rates(matrices)
    for place in np.ndindex(2, 7):
        alone = rates(matrices[place])
        assert [value[place] for value in together] == pytest.approx([float(v) for v in alone])


def test_pooling_differs_from_the_mean_over_folds():
    folds = [([0, 0, 0], [0, 0, 1]), ([1], [1]), ([0, 1], [1, 1])]
    truth, predicted = ([label for fold in folds for label in fold[side]] for side in (0, 1))
    pooled = score(truth, predicted, classes=2).uf1
    assert pooled == pytest.approx((2 * 2 / (2 * 2 + 2) + 2 * 2 / (2 * 2 + 2)) / 2)
    assert abs(pooled - np.mean([score(*fold, classes=2).uf1 for fold in folds])) > 0.05


@pytest.mark.parametrize(
    ("truth", "predicted", "classes", "says"),
    [
        ([], [], 3, "no labels"),
        ([0, 1], [0], 3, "equally long"),
        ([[0, 1]], [0, 1], 3, "one row"),
        ([0, [1]], [0, 1], 3, "one row"),
        (0, 0, 3, "one row"),
        ([0, 3], [0, 1], 3, r"0\.\.2, received 3 at position 1"),
        ([0, -1], [0, 1], 3, "received -1"),
        ([0, 1], np.array([0, 2**63], dtype=np.uint64), 3, "received 9223372036854775808"),
        ([0, 2**70], [0, 1], 3, "integer labels"),
        ([0, float("nan")], [0, 1], 3, "NaN is no class"),
        ([0.0, 1.0], [0, 1], 3, "dtype float64"),
        (["a", "b"], [0, 1], 3, "integer labels"),
        ([True, False], [0, 1], 3, "integer labels"),
        ([0, None], [0, 1], 3, "integer labels"),
        ([0, 1], [0, 1], 1, "2 or more"),
        ([0, 1], [0, 1], 2.0, "2 or more"),
        ([0, 1], [0, 1], True, "2 or more"),
        ([0, 1], [0, 1], 10**6, "at most 1000"),
        ([0, 1], [0, 1], 2**70, "at most 1000"),
    ],
)
def test_bad_input_is_refused_in_words(truth, predicted, classes, says):
    with pytest.raises(InvalidInputError, match=says):
        score(truth, predicted, classes)


def test_small_integer_types_do_not_overflow():
    truth = np.full(300, 6, dtype=np.int8)
    confusion = confusion_matrix(truth, truth, classes=7)
    assert confusion[6, 6] == 300
    assert confusion.sum() == 300


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("log", "figures"),
    [
        (
            "STSTNet_matlab_log.csv",
            {
                "full": (0.7353, 0.7186),
                "smic": (0.6801, 0.6703),
                "casme2": (0.8382, 0.8190),
                "samm": (0.6588, 0.6415),
            },
        ),
        (
            "CapsuleNet_log.csv",
            {
                "full": (0.6520, 0.6506),
                "smic": (0.5820, 0.5877),
                "casme2": (0.7068, 0.7018),
                "samm": (0.6209, 0.5990),
            },
        ),
    ],
)
def test_published_logs_to_four_decimals(log, figures):
    if "ASTSVM_REAL_DATA" not in os.environ:
        pytest.skip("ASTSVM_REAL_DATA is not set")
    path = Path(os.environ["ASTSVM_REAL_DATA"]) / "reference_predictions" / log
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for part, (uf1, uar) in figures.items():
        chosen = [row for row in rows if part in ("full", row["database"])]
        scores = score([int(r["truth"]) for r in chosen], [int(r["pred"]) for r in chosen])
        assert (round(scores.uf1, 4), round(scores.uar, 4)) == (uf1, uar), part
