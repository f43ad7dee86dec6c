"""Predictions are joined by clip, written the same every time, and read back or refused."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.errors import EvaluationError, StorageError
from astsvm.evaluation.predictions import (
    HEADS,
    Prediction,
    PredictionTable,
    join_predictions,
)

CLASSES = ("negative", "positive", "surprise")

printable = st.characters(categories=["L", "M", "N", "P", "S"], exclude_characters="/\\") | st.just(
    " "
)
names = st.text(printable, min_size=1, max_size=8).map(lambda name: f"n{name}")
float32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw):
    keys = draw(st.lists(st.tuples(names, names, names), min_size=1, max_size=6, unique=True))
    rows = []
    for key in keys:
        labels = [draw(st.integers(0, 2)) for _ in range(3)]
        scores = {head: tuple(draw(float32) for _ in range(3)) for head in HEADS}
        predicted = dict(zip(HEADS, labels[1:], strict=True))
        rows.append(Prediction(1, *key, labels[0], predicted, scores))
    return PredictionTable(rows, CLASSES)


@given(table=tables())
@settings(deadline=None, max_examples=60)
def test_csv_gives_back_every_name_and_every_float32(table):
    again = PredictionTable.from_csv(table.to_csv(), CLASSES)
    for row, read in zip(table.rows, again.rows, strict=True):
        for head in HEADS:
            scores = [np.float32(values.class_scores[head]) for values in (row, read)]
            assert np.array_equal(*scores)
        assert replace(read, class_scores=row.class_scores) == row
    assert again.to_csv() == table.to_csv()


def test_rows_come_in_one_order_however_they_were_given(make_table):
    table = make_table(seeds=2)
    shuffled = list(table.rows)
    random.Random(0).shuffle(shuffled)
    assert PredictionTable(shuffled, CLASSES).to_csv() == table.to_csv()


def test_results_are_joined_by_clip_and_not_by_position(make_result):
    result = make_result()
    truth = {"smic/s1/c0": 0, "smic/s1/c1": 1, "smic/s1/c2": 2}
    turned = replace(
        result,
        clips=result.clips[::-1],
        probabilities=result.probabilities[::-1],
        svm_scores=result.svm_scores[::-1],
    )
    tables = [
        join_predictions([r], dict(order), CLASSES)
        for r, order in ((result, truth.items()), (turned, reversed(truth.items())))
    ]
    assert tables[0].to_csv() == tables[1].to_csv()
    assert tables[0].rows[1].predicted["svm"] == int(np.argmax(result.svm_scores[1]))
    assert tables[0].rows[1].truth == 1


def test_a_clip_that_is_not_the_subjects_is_refused(make_result):
    truth = {f"smic/s1/c{i}": 0 for i in range(3)}
    with pytest.raises(EvaluationError, match="smic/s2/c0"):
        join_predictions([make_result(subject="smic/s2")], truth, CLASSES)
    stray = replace(make_result(), subject="smic/s")
    with pytest.raises(EvaluationError, match="not one of that subject's clips"):
        join_predictions([stray], truth, CLASSES)


def test_a_clip_predicted_twice_is_refused(make_result):
    truth = {f"smic/s1/c{i}": 0 for i in range(3)}
    with pytest.raises(EvaluationError, match="two predictions of seed 1"):
        join_predictions([make_result(), make_result(draw=1)], truth, CLASSES)


def test_two_truths_are_refused(make_table):
    table = make_table(seeds=2)
    rows = [replace(table.rows[0], truth=(table.rows[0].truth + 1) % 3), *table.rows[1:]]
    with pytest.raises(EvaluationError, match="two different truths"):
        PredictionTable(rows, CLASSES)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seed,", "sead,", "expected the columns"),
        (",0.1\n", "\n", "line 2: expected 13 values, received 12"),
        (",0.1\n", ",nan\n", "line 2: scores must be finite"),
        (",0.1\n", ",x\n", "line 2: could not convert"),
        ("1,casme2", "one,casme2", "line 2: invalid literal"),
        ("c0,0,", "c0,3,", r"line 2: classes must lie in 0\.\.2"),
        ("c0,0,", "c0,-1,", r"line 2: classes must lie in 0\.\.2"),
        ("1,casme2", '1,"casme2', "cannot be read as CSV|received"),
    ],
)
def test_damaged_csv_is_refused_by_line(make_table, old, new, says):
    text = make_table(chance=1).to_csv()
    assert old in text
    with pytest.raises(StorageError, match=says):
        PredictionTable.from_csv(text.replace(old, new, 1), CLASSES)


def test_csv_of_other_classes_is_refused(make_table):
    with pytest.raises(StorageError, match="softmax_happy"):
        PredictionTable.from_csv(make_table().to_csv(), ("happy", "sad", "calm"))


@given(text=st.text(max_size=200))
@settings(deadline=None, max_examples=60)
def test_any_text_is_read_or_refused(text):
    with pytest.raises(StorageError):
        PredictionTable.from_csv(text, CLASSES)
