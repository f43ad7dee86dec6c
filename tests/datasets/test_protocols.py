from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from astsvm.clip import Clip
from astsvm.datasets import apply_protocol
from astsvm.errors import EvaluationError


def clips(*rows: tuple[str, str, str]) -> list[Clip]:
    """Make clips from (database, subject, label)."""
    return [
        Clip(database=database, subject=subject, clip=f"c{i}", label=label, source=Path("x"))
        for i, (database, subject, label) in enumerate(rows)
    ]


def of_labels(*labels: str) -> list[Clip]:
    return clips(*(("db", f"s{i % 2}", label) for i, label in enumerate(labels)))


def test_as_labelled_sorts_the_distinct_labels() -> None:
    selection = apply_protocol(of_labels("sad", "angry", "sad", "glad"), "as-labelled")
    assert selection.class_names == ("angry", "glad", "sad")
    assert selection.labels.tolist() == [2, 0, 2, 1]
    assert selection.indices.tolist() == [0, 1, 2, 3]
    assert selection.labels.dtype == selection.indices.dtype == np.int64
    assert selection.left_out == {}


def test_as_labelled_keeps_the_official_order() -> None:
    assert apply_protocol(of_labels("surprise", "positive"), "as-labelled").class_names == (
        "positive",
        "surprise",
    )


def test_as_labelled_does_not_split_a_class_by_case() -> None:
    for labels in (("others", "Others", "fear"), ("Others", "fear", "others")):
        selection = apply_protocol(of_labels(*labels), "as-labelled")
        assert selection.class_names == ("fear", "Others")


TABLE = [
    ("samm", "Anger", 0),
    ("samm", "contempt", 0),
    ("samm", "disgust", 0),
    ("samm", "fear", 0),
    ("samm", "sadness", 0),
    ("samm", "Happiness", 1),
    ("samm", "surprise", 2),
    ("samm", "other", None),
    ("casme2", "disgust", 0),
    ("casme2", "repression", 0),
    ("casme2", "happiness", 1),
    ("casme2", "surprise", 2),
    ("casme2", "sadness", None),
    ("casme2", "fear", None),
    ("casme2", "contempt", None),
    ("casme2", "others", None),
    ("smic", "negative", 0),
    ("smic", "positive", 1),
    ("smic", "surprise", 2),
    ("smic", "disgust", None),
    ("folder", "negative", 0),
    ("folder", "anger", None),
]


@pytest.mark.parametrize(("database", "label", "expected"), TABLE)
def test_megc2019_table(database: str, label: str, expected: int | None) -> None:
    others = [("smic", "1", "positive"), ("smic", "2", "negative")]
    selection = apply_protocol(clips((database, "x", label), *others), "megc2019")
    assert selection.class_names == ("negative", "positive", "surprise")
    if expected is None:
        assert selection.indices.tolist() == [1, 2]
        ((reason, count),) = selection.left_out.items()
        assert count == 1
        assert database in reason
        assert label in reason
    else:
        assert selection.indices.tolist() == [0, 1, 2]
        assert selection.labels.tolist() == [expected, 1, 0]
        assert selection.left_out == {}


def test_megc2019_composite_has_its_official_counts() -> None:
    counts = {
        "samm": {
            "anger": 57, "other": 26, "happiness": 26, "surprise": 15,
            "contempt": 12, "disgust": 9, "fear": 8, "sadness": 6,
        },
        "casme2": {
            "others": 99, "disgust": 61, "happiness": 32, "repression": 27,
            "surprise": 25, "sadness": 7, "fear": 2,
        },
        "smic": {"negative": 70, "positive": 51, "surprise": 43},
    }  # fmt: skip
    records = clips(
        *(
            (database, f"{i % 7}", label)
            for database, labels in counts.items()
            for label, count in labels.items()
            for i in range(count)
        )
    )
    for subject, clip in (("sub04", "EP12_01f"), ("05", "EP09_05f")):
        records.append(Clip("casme2", subject, clip, "disgust", Path("x")))
    selection = apply_protocol(records, "megc2019")
    assert Counter(selection.labels.tolist()) == {0: 250, 1: 109, 2: 83}
    assert sum(selection.left_out.values()) == 26 + 99 + 7 + 2 + 2
    assert sum("official MEGC2019 list" in reason for reason in selection.left_out) == 2


def test_unknown_protocol_lists_the_known_ones() -> None:
    with pytest.raises(EvaluationError, match=r"unknown protocol 'megc'.*as-labelled, megc2019"):
        apply_protocol(of_labels("a", "b"), "megc")


@pytest.mark.parametrize("name", ["as-labelled", "megc2019"])
def test_one_class_or_one_subject_is_too_few(name: str) -> None:
    with pytest.raises(EvaluationError, match=r"at least 2 classes.*of class negative"):
        apply_protocol(of_labels("negative", "negative"), name)
    with pytest.raises(EvaluationError, match="at least 2 subjects"):
        apply_protocol(clips(("db", "1", "negative"), ("db", "1", "positive")), name)
    with pytest.raises(EvaluationError, match="of class none"):
        apply_protocol([], name)


def test_the_same_subject_name_in_two_databases_is_two_subjects() -> None:
    rows = clips(("smic", "1", "negative"), ("samm", "1", "happiness"))
    assert len(apply_protocol(rows, "megc2019").indices) == 2


def test_too_few_says_what_was_left_out() -> None:
    with pytest.raises(EvaluationError, match=r"Left out: 2 x db label 'calm'"):
        apply_protocol(of_labels("negative", "calm", "negative", "calm"), "megc2019")
