"""The official log holds every name and label, and a foreign one is refused by line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.errors import StorageError
from astsvm.evaluation.megc_log import megc_log, read_megc_log
from astsvm.evaluation.predictions import HEADS, Prediction, PredictionTable, labels_of

printable = st.characters(categories=["L", "M", "N", "P", "S"], exclude_characters="/\\")
names = st.text(printable | st.just(" "), min_size=1, max_size=8).map(lambda name: f"n{name}")
rows = st.tuples(names, names, names, st.integers(0, 2), st.integers(0, 2))


@given(expected=st.lists(rows, min_size=1, max_size=6, unique_by=lambda row: row[:3]))
@settings(deadline=None, max_examples=60)
def test_log_gives_back_every_name(expected):
    scores = dict.fromkeys(HEADS, (0.0, 0.0, 0.0))
    predictions = [
        Prediction(1, *row[:4], dict.fromkeys(HEADS, row[4]), scores) for row in expected
    ]
    log = megc_log(PredictionTable(predictions, ("a", "b", "c")), 1)
    assert list(read_megc_log(log)) == sorted(expected)


def test_log_has_the_official_form(make_table):
    lines = megc_log(make_table(), 1).splitlines()
    assert lines[0] == "casme2 s0"
    assert lines[1].startswith("c0 0 ")
    assert lines[7] == "casme2 s1"


def test_log_of_one_seed_and_one_head(make_table):
    table = make_table(seeds=2)
    for head in HEADS:
        logged = [row[-1] for row in read_megc_log(megc_log(table, 2, head))]
        chosen = [row for row in table.rows if row.seed == 2]
        assert logged == labels_of(chosen, head)[1].tolist()


@pytest.mark.parametrize("text", ["clip 0 1\n", "a b\nclip 0 one\n", "a b c d\n", "alone\n"])
def test_foreign_log_is_refused_by_line(text):
    with pytest.raises(StorageError, match=r"log line \d"):
        list(read_megc_log(text))
