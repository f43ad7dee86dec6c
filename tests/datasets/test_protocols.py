from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.clip import OBJECTIVE_CLASSES, Clip
from astsvm.datasets import PROTOCOLS, Selection, apply_protocol
from astsvm.datasets.casme2 import read_casme2_sheet
from astsvm.datasets.protocol_tables import ANY_DATABASE
from astsvm.errors import EvaluationError

REAL = os.environ.get("ASTSVM_REAL_DATA")
real_data = pytest.mark.skipif(REAL is None, reason="ASTSVM_REAL_DATA is not set")


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
    assert selection.left_out["casme2: label 'others' has no class in megc2019"] == 99
    assert sum("official MEGC2019 list" in reason for reason in selection.left_out) == 2


def test_unknown_protocol_lists_the_known_ones() -> None:
    with pytest.raises(EvaluationError, match=r"unknown protocol 'megc'.*as-labelled, megc2019"):
        apply_protocol(of_labels("a", "b"), "megc")


@pytest.mark.parametrize("subject", ["24", "sub24", "Sub24", "024"])
def test_megc2019_leaves_out_by_clip_id_whatever_the_subject_is_called(subject: str) -> None:
    row = Clip("CASME2", subject, "EP10_03", "surprise", Path("x"))
    others = clips(("smic", "1", "positive"), ("smic", "2", "negative"))
    selection = apply_protocol([row, *others], "megc2019")
    assert selection.indices.tolist() == [1, 2]
    ((reason, count),) = selection.left_out.items()
    assert count == 1
    assert reason.startswith("CASME2 EP10_03: not in the official MEGC2019 list: it is sadness")


def test_an_exclusion_holds_for_its_own_database_and_subject() -> None:
    rows = [
        Clip("casme2", "04", "EP09_05f", "disgust", Path("x")),
        Clip("smic", "05", "EP09_05f", "positive", Path("x")),
    ]
    assert apply_protocol(rows, "megc2019").left_out == {}


@pytest.mark.parametrize(
    ("name", "database", "wanted", "unwanted"),
    [
        (
            "casme2-5",
            "casme2",
            ("happiness", "disgust", "repression", "surprise", "others"),
            ("sadness", "fear"),
        ),
        (
            "casme2-7",
            "casme2",
            ("happiness", "disgust", "repression", "surprise", "others", "sadness", "fear"),
            ("anger",),
        ),
        (
            "casme3-7",
            "casme3",
            ("happy", "disgust", "fear", "anger", "sad", "surprise", "others"),
            ("negative", "positive"),
        ),
        (
            "samm-7",
            "samm",
            ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"),
            ("other",),
        ),
    ],
)
def test_the_classes_of_one_database(
    name: str, database: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]
) -> None:
    labels = [label.title() for label in (*wanted, *unwanted)]
    rows = clips(*((database, str(i % 2), label) for i, label in enumerate(labels)))
    rows.append(Clip("elsewhere", "1", "c", wanted[0], Path("x")))
    selection = apply_protocol(rows, name)
    assert selection.class_names == wanted
    assert selection.labels.tolist() == list(range(len(wanted)))
    assert selection.left_out == {
        f"{database}: label {label!r} has no class in {name}": 1 for label in unwanted
    } | {f"elsewhere: {name} is for another database": 1}


def with_objective_classes(*classes: str) -> list[Clip]:
    return [
        Clip("db", f"s{i % 2}", f"c{i}", "others", Path("x"), objective_class=value)
        for i, value in enumerate(classes)
    ]


@pytest.mark.parametrize(("name", "count"), [("objective-5", 5), ("objective-7", 7)])
def test_objective_classes_go_by_action_units_not_by_label(name: str, count: int) -> None:
    rows = with_objective_classes(*OBJECTIVE_CLASSES, "", "")
    selection = apply_protocol(rows, name)
    assert selection.class_names == OBJECTIVE_CLASSES[:count]
    assert selection.labels.tolist() == selection.indices.tolist() == list(range(count))
    beyond = {
        f"db: objective class {value} has no class in {name}": 1
        for value in OBJECTIVE_CLASSES[count:]
    }
    assert selection.left_out == beyond | {"db clip without an objective class": 2}


def test_a_label_that_looks_like_an_objective_class_is_none() -> None:
    with pytest.raises(EvaluationError, match="2 x db clip without an objective class"):
        apply_protocol(of_labels("I", "II"), "objective-5")


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS.keys())
def test_every_protocol_is_sound_data(protocol: Any) -> None:
    assert PROTOCOLS[protocol.name] is protocol
    assert len(set(protocol.classes)) == len(protocol.classes)
    reached = {name for table in protocol.tables.values() for name in table.values()}
    assert reached == set(protocol.classes)
    assert all(label == label.strip().casefold() for label in _labels(protocol))
    assert all(database == database.casefold() for database in protocol.tables)
    assert protocol.text.endswith(".")
    assert "\n" not in protocol.text
    assert "doi 10." in protocol.source or protocol.source == "ours"
    for key, reason in protocol.exclusions.items():
        database, subject, clip = key.split("/")
        assert protocol.tables.keys() & {database, ANY_DATABASE}
        assert subject
        assert clip
        assert reason


def _labels(protocol: Any) -> set[str]:
    if protocol.attribute == "objective_class":
        return set()
    return {label for table in protocol.tables.values() for label in table}


WORDS = st.sampled_from(
    [
        *("Surprise", " happiness ", "positive", "others", "Others", "sad", "other", "straße"),
        *("STRASSE", "İ", "I"),
    ]
) | st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=4).filter(
    lambda text: text.strip() not in ("", ".", "..") and text.isprintable()
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["casme2", "CASME2", "samm", "smic", "casme3", "folder", ANY_DATABASE]),
        st.sampled_from(["04", "sub05", "s1", "24"]),
        WORDS,
        st.sampled_from(["", *OBJECTIVE_CLASSES]),
        st.sampled_from(["EP12_01f", "EP09_05f", "EP10_03", "c"]),
    ),
    max_size=12,
)


def outcome(rows: list[Clip], name: str) -> Selection | str:
    try:
        return apply_protocol(rows, name)
    except EvaluationError as error:
        return str(error)


@settings(max_examples=200, deadline=None)
@given(rows=ROWS, name=st.sampled_from(list(PROTOCOLS)), data=st.data())
def test_every_clip_is_selected_or_counted_and_order_changes_only_positions(
    rows: list[tuple[str, str, str, str, str]], name: str, data: st.DataObject
) -> None:
    records = [
        Clip(database, subject, clip, label, Path("x"), row=i, objective_class=objective_class)
        for i, (database, subject, label, objective_class, clip) in enumerate(rows)
    ]
    first = outcome(records, name)
    shuffled = data.draw(st.permutations(records))
    second = outcome(shuffled, name)
    if isinstance(first, str) or isinstance(second, str):
        assert first == second
        return
    assert len(first.indices) + sum(first.left_out.values()) == len(records)
    assert all(count > 0 for count in first.left_out.values())
    assert (np.diff(first.indices) > 0).all()
    assert set(first.labels.tolist()) <= set(range(len(first.class_names)))
    if PROTOCOLS[name].classes:
        assert first.class_names == PROTOCOLS[name].classes
    else:
        assert first.left_out == {}
    assert second.class_names == first.class_names
    assert list(second.left_out.items()) == list(first.left_out.items())
    assert classes_by_row(shuffled, second) == classes_by_row(records, first)


def classes_by_row(records: list[Clip], selection: Selection) -> dict[int | None, int]:
    pairs = zip(selection.indices.tolist(), selection.labels.tolist(), strict=True)
    return {records[index].row: label for index, label in pairs}


def annotation_file(*parts: str) -> Path:
    return Path(str(REAL)).joinpath("annotations", *parts)


def real_casme2(year: str) -> list[Clip]:
    listed = read_casme2_sheet(annotation_file("casme2", f"CASME2-coding-{year}.xlsx"))
    return [
        Clip("casme2", a.subject, a.clip, a.label, Path("x"), objective_class=a.objective_class)
        for a in listed.annotations
    ]


def real_samm() -> list[Clip]:
    """Read the sheet without any of the loaders."""
    import pandas as pd

    sheet = annotation_file("samm", "SAMM_Micro_FACS_Codes_v2.xlsx")
    rows = pd.read_excel(sheet, header=13, dtype=str)
    return [
        Clip(
            "samm",
            row["Subject"],
            row["Filename"],
            row["Estimated Emotion"],
            Path("x"),
            objective_class=OBJECTIVE_CLASSES[int(row["Objective Classes"]) - 1],
        )
        for _, row in rows.iterrows()
    ]


def official(database: str) -> dict[tuple[str, str], int]:
    with annotation_file("megc2019", "combined_3class_gt.csv").open(newline="") as file:
        return {
            (subject.removeprefix("sub").lstrip("0"), clip): int(label)
            for name, subject, clip, label in csv.reader(file)
            if name == database
        }


@pytest.mark.real_data
@real_data
@pytest.mark.parametrize(
    ("records", "database", "counts"),
    [
        (lambda: real_casme2("20140508"), "casme2", [88, 32, 25]),
        (lambda: real_casme2("20190701"), "casme2", [88, 32, 25]),
        (real_samm, "samm", [92, 26, 15]),
    ],
    ids=["casme2 of 2014", "casme2 of 2019", "samm"],
)
def test_the_official_list_comes_out_of_the_real_sheets_clip_by_clip(
    records: Any, database: str, counts: list[int]
) -> None:
    rows = records()
    selection = apply_protocol(rows, "megc2019")
    assert np.bincount(selection.labels).tolist() == counts
    found = {
        (rows[i].subject.lstrip("0"), rows[i].clip): label
        for i, label in zip(selection.indices, selection.labels.tolist(), strict=True)
    }
    assert found == official(database)
    assert len(rows) == len(selection.indices) + sum(selection.left_out.values())


@pytest.mark.real_data
@real_data
@pytest.mark.parametrize(
    ("name", "year", "counts"),
    [
        ("casme2-5", "20140508", [32, 63, 27, 25, 99]),
        ("casme2-5", "20190701", [32, 63, 27, 28, 99]),
        ("casme2-7", "20140508", [32, 63, 27, 25, 99, 7, 2]),
        ("casme2-7", "20190701", [32, 63, 27, 28, 99, 4, 2]),
        ("objective-5", "20190701", [30, 18, 93, 15, 18]),
        ("objective-7", "20190701", [30, 18, 93, 15, 18, 2, 79]),
    ],
)
def test_the_classes_of_the_real_casme2(name: str, year: str, counts: list[int]) -> None:
    assert np.bincount(apply_protocol(real_casme2(year), name).labels).tolist() == counts


@pytest.mark.real_data
@real_data
def test_the_classes_of_the_real_samm() -> None:
    rows = real_samm()
    for name, counts in {
        "samm-7": [57, 12, 9, 8, 26, 6, 15],
        "objective-5": [24, 13, 20, 8, 3],
        "objective-7": [24, 13, 20, 8, 3, 7, 84],
    }.items():
        assert np.bincount(apply_protocol(rows, name).labels).tolist() == counts


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
    with pytest.raises(EvaluationError, match=r"Left out: 2 x db: label 'calm'"):
        apply_protocol(of_labels("negative", "calm", "negative", "calm"), "megc2019")
