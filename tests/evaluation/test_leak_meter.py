"""The leak meter finds what the literature says a leak is worth, and nothing in it is a result."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from astsvm.errors import EvaluationError
from astsvm.evaluation.leak_meter import oracle_predictions
from astsvm.evaluation.summary import leak_figures

CLASSES = ("negative", "positive", "surprise")


def guesses(make_result, clips_by_subject, epochs: int, shares):
    """Make folds whose network guesses anew after every epoch, with the right frequencies."""
    generator = np.random.default_rng(3)
    for subject, clips in clips_by_subject.items():
        scores = np.eye(3)[generator.choice(3, (epochs, clips), p=shares)]
        yield replace(
            make_result(subject=subject, clips=clips),
            epoch_probabilities=scores.astype(np.float32),
            epoch_svm_scores=scores,
        )


@pytest.mark.real_data
@pytest.mark.parametrize(("epochs", "claimed"), [(1, 0.33), (10, 0.58), (50, 0.71)])
def test_guesses_reach_what_is_known_of_the_composite(make_result, epochs, claimed):
    folder = os.environ.get("ASTSVM_REAL_DATA")
    if not folder:
        pytest.skip("ASTSVM_REAL_DATA is not set")
    file = next(Path(folder).rglob("combined_3class_gt.csv"))
    rows = pd.read_csv(file, header=None, dtype=str)
    keys = rows[0] + "/" + rows[1]
    clips = {subject: int(count) for subject, count in keys.value_counts().items()}
    number = keys.groupby(keys).cumcount().astype(str)
    truth = dict(zip(keys + "/c" + number, rows[3].astype(int), strict=True))
    shares = rows[3].value_counts(normalize=True)[["0", "1", "2"]]
    results = guesses(make_result, clips, epochs, shares)
    table = oracle_predictions(results, truth, CLASSES)
    assert len(table) == 442
    found = leak_figures(table)
    assert found["softmax"]["full"]["uf1"] == pytest.approx(claimed, abs=0.04)


def test_every_head_takes_the_first_of_its_best_epochs(make_result):
    truth = {f"smic/s1/c{i}": i for i in range(3)}
    right, wrong = np.eye(3), np.roll(np.eye(3), 1, axis=1)
    half = right.copy()
    half[0] = [0, 1, 0]
    result = replace(
        make_result(),
        epoch_probabilities=np.stack([wrong, 0.5 * half, half]).astype(np.float32),
        epoch_svm_scores=np.stack([wrong, half, right]),
    )
    table = oracle_predictions([result], truth, CLASSES)
    assert [row.predicted["softmax"] for row in table.rows] == [1, 1, 2]
    assert [row.class_scores["softmax"][row.predicted["softmax"]] for row in table.rows] == [
        0.5
    ] * 3
    assert [row.predicted["svm"] for row in table.rows] == [0, 1, 2]
    assert leak_figures(table)["svm"]["full"]["uf1"] == 1


def test_an_ordinary_fold_holds_nothing_to_choose_from(make_result):
    truth = {f"smic/s1/c{i}": i for i in range(3)}
    with pytest.raises(EvaluationError, match="no predictions by epoch"):
        oracle_predictions([make_result()], truth, CLASSES)
