"""CAS(ME)^3 in the layout of its archive: recordings with several expressions, two parts."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astsvm.datasets import load_dataset
from astsvm.datasets.casme3 import NOT_ANNOTATED, read_casme3_sheet
from astsvm.errors import DatasetError

LABELS = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
ALL_TYPES = "CAS(ME)3_part_A_v2.xls"
PART_C = "CAS(ME)3_part_C_ME.xlsx"
HEADER = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"]
ROWS: list[list[Any]] = [
    ["spNO.1", "a", "355", "357", "380", "7", "II", "others"],
    ["spNO.1", "a", "12", "14", "20", "12", "I", "happy"],
    ["spNO.1", "b", "3", "3", "9", "4", "III", "Others"],
    ["spNO.40", "e", "1812", "1820", "0", "4", "VII", "disgust"],
]
COPIES = [["spNO.1", "b", "1", "2"]]


def write_book(path: Path, worksheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in worksheets.items():
        worksheet = book.create_sheet(name)
        for row in rows:
            worksheet.append(row)
    with path.open("wb") as stream:  # openpyxl refuses the name .xls
        book.save(stream)
    return path


def write_recordings(root: Path, *ends: tuple[str, str, int]) -> None:
    for subject, recording, count in ends:
        folder = root / subject / recording / "color"
        folder.mkdir(parents=True)
        for number in range(1, count + 1):
            (folder / f"{number}.jpg").touch()


@pytest.fixture
def part_a(tmp_path: Path) -> Path:
    write_book(tmp_path / LABELS, {"Sheet1": [], "label": [HEADER, *ROWS], "Sheet3": []})
    write_recordings(
        tmp_path / "part_A", ("spNO.1", "a", 400), ("spNO.1", "b", 30), ("spNO.40", "e", 1900)
    )
    write_recordings(tmp_path / "part_A", ("spNO.2", "a", 3))
    return tmp_path


def test_expressions_of_one_recording_are_told_apart_by_their_onset(part_a: Path) -> None:
    dataset = load_dataset("casme3", part_a)
    spans = {c.key: (c.onset, c.apex, c.offset, c.label) for c in dataset.clips}
    assert spans == {
        "casme3/spNO.1/a_12": (11, 13, 19, "happy"),
        "casme3/spNO.1/a_355": (354, 356, 379, "others"),
        "casme3/spNO.1/b_3": (2, 2, 8, "others"),
        "casme3/spNO.40/e_1812": (1811, 1819, 1844, "disgust"),
    }
    assert dataset.variant == "A"
    assert dataset.clips[0].source == part_a / "part_A" / "spNO.1" / "a" / "color"
    assert dataset.clips[1].objective_class == "II"
    assert dataset.clips[1].fps == 30
    assert dataset.clips[1].notes == ("action units 7",)
    assert dataset.published is not None
    assert (dataset.published.clips, dataset.published.subjects) == (860, 94)


def test_a_recording_without_micro_expression_is_no_problem(part_a: Path) -> None:
    assert load_dataset("casme3", part_a).problems == ()


def test_known_errors_are_reported_and_can_be_left_alone(part_a: Path) -> None:
    remarks = {p.clip: str(p) for p in load_dataset("casme3", part_a).corrections}
    assert "offset read as 1845" in remarks["casme3/spNO.40/e_1812"]
    assert "CAS(ME)3_part_A_v2.xls says 1845" in remarks["casme3/spNO.40/e_1812"]
    assert "apex 3 is also the onset" in remarks["casme3/spNO.1/b_3"]
    left = load_dataset("casme3", part_a, corrections=False)
    assert [p.clip for p in left.problems] == ["casme3/spNO.40/e_1812"]
    assert "offset 0 lies before onset 1812" in left.problems[0].reason
    assert {c.clip for c in left.clips} == {"a_12", "a_355", "b_3"}


def test_order_of_rows_columns_and_worksheets_changes_nothing(part_a: Path) -> None:
    def described() -> list[tuple[Any, ...]]:
        clips = load_dataset("casme3", part_a).clips
        return [(c.key, c.onset, c.apex, c.offset, c.label, c.objective_class) for c in clips]

    before = described()
    columns = random.Random(1).sample(range(8), 8)
    shuffled = [[row[i] for i in columns] for row in [HEADER, *reversed(ROWS)]]
    write_book(part_a / LABELS, {"Sheet3": [["x"]], "Sheet1": [], "label": shuffled})
    assert described() == before


def test_faulty_rows_are_named_and_the_others_kept(part_a: Path) -> None:
    faulty = [
        ["spNO.1", "c", "", "5", "6", "1", "I", "fear"],
        ["spNO.1", "c", "4", "5", "6", "1", "IX", "fear"],
        ["spNO.1", "c", "5", "6", "7", "1", "I", "glee"],
        ["spNO.1", "zz", "5", "6", "7", "1", "I", "fear"],
        ["spNO.1", "b", "25", "26", "27", "1", "I", "fear"],
        ["spNO.1", "b", "25", "26", "28", "1", "I", "fear"],
        ["spNO.1", "b", "500", "501", "502", "1", "I", "fear"],
    ]
    write_book(part_a / LABELS, {"label": [HEADER, *ROWS, *faulty]})
    dataset = load_dataset("casme3", part_a)
    assert len(dataset.clips) == 4
    found = [(p.row, p.clip, p.reason) for p in dataset.problems]
    expected = [
        (6, "casme3/spNO.1/c", "'onset' is empty"),
        (7, "casme3/spNO.1/c", "objective class must be"),
        (8, "casme3/spNO.1/c_5", "unknown emotion 'glee'"),
        (9, "casme3/spNO.1/zz_5", "holds the frames of clip"),
        (10, "casme3/spNO.1/b_25", "rows 10, 11 differ"),
        (11, "casme3/spNO.1/b_25", "rows 10, 11 differ"),
        (12, "casme3/spNO.1/b_500", "expected the frames 500 to 502, found 0"),
    ]
    assert [(row, clip) for row, clip, _ in found] == [(row, clip) for row, clip, _ in expected]
    for (_, _, reason), (_, _, words) in zip(found, expected, strict=True):
        assert words in reason


def test_of_the_sheet_with_both_types_only_micro_expressions_count(part_a: Path) -> None:
    (part_a / LABELS).unlink()
    header = [*HEADER[:6], "Expression type", "Objective class"]
    rows = [
        ["spNO.1", "a", "30", "40", "50", "4", "Macro-expression", "VII"],
        ["spNO.1", "a", "355", "357", "380", "7", "Micro-expression", "II"],
        ["spNO.1", "b", "3", "5", "9", "5", "neither", "II"],
    ]
    blinks = [["Subject", "Filename", "Onset", "Offset"], *(COPIES * 9)]
    write_book(part_a / ALL_TYPES, {"eye blink": blinks, "AU+Emotion": [header, *rows]})
    dataset = load_dataset("casme3", part_a)
    assert [(c.clip, c.label, c.objective_class) for c in dataset.clips] == [
        ("a_355", NOT_ANNOTATED, "II")
    ]
    assert [(p.row, p.clip) for p in dataset.problems] == [(None, None), (4, "casme3/spNO.1/b")]
    assert "no column 'emotion'" in dataset.problems[0].reason
    assert "received 'neither'" in dataset.problems[1].reason


def test_the_sheet_with_emotions_is_preferred(part_a: Path) -> None:
    write_book(part_a / ALL_TYPES, {"AU+Emotion": [["nonsense"]]})
    assert load_dataset("casme3", part_a).sheet == part_a / LABELS


@pytest.mark.parametrize("recording", ["a/color", "1/color", "color"])
def test_part_c_has_no_apex(tmp_path: Path, recording: str) -> None:
    header = ["sub", "count", "onset", "offset", "au", "emotion"]
    rows = [[7, 1, 3, 9, "R4,5", "negative"], [7, 2, 5, 4, "2", "Others"]]
    write_book(tmp_path / PART_C, {"mockCrimeME": [header, *rows]})
    folder = tmp_path / "part_C" / "07" / recording
    folder.mkdir(parents=True)
    for number in range(1, 21):
        (folder / f"{number}.jpg").touch()
    dataset = load_dataset("casme3", tmp_path)
    assert dataset.variant == "C"
    assert dataset.hearsay == "the folders are known from other programs"
    assert [(c.key, c.onset, c.apex, c.offset, c.label) for c in dataset.clips] == [
        ("casme3/7/1", 2, None, 8, "negative")
    ]
    assert dataset.corrections == ()
    assert [p.clip for p in dataset.problems] == ["casme3/7/2"]


def test_a_wanted_part_is_read_and_a_missing_one_refused(part_a: Path) -> None:
    header = ["sub", "count", "onset", "offset", "emotion"]
    write_book(part_a / PART_C, {"x": [header, [7, 1, 3, 9, "surprise"]]})
    assert load_dataset("casme3", part_a).variant == "A"
    with pytest.raises(DatasetError, match=r"part_C: expected the subjects' folders, such as 1"):
        load_dataset("casme3:C", part_a)
    (part_a / LABELS).unlink()
    with pytest.raises(DatasetError, match=r"no such file\. Expected a header such as: Subject,"):
        load_dataset("casme3:A", part_a)


CELLS = st.one_of(
    st.sampled_from(["", "0", "12", "12.0", "-3", "/", "II", "9", "happy", "Others", "../x"]),
    st.text(st.characters(codec="utf-8", exclude_characters='",;\t\r\n\0'), max_size=5),
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(CELLS, min_size=8, max_size=8), min_size=1, max_size=6))
def test_every_row_of_any_table_is_read_or_reported(tmp_path: Path, rows: list[list[str]]) -> None:
    lines = [",".join(cells) for cells in [HEADER, *rows, ["s", "a", *"123", "", "I", "fear"]]]
    sheet = tmp_path / "cas(me)3_part_A.csv"
    sheet.write_text("\n".join(lines), encoding="utf-8", newline="")
    listed = read_casme3_sheet(sheet)
    filled = sum(any(cell.strip() for cell in row) for row in rows)
    numbers = [a.row for a in listed.annotations] + [p.row for p in listed.problems]
    assert len(set(numbers)) == len(numbers) == filled + 1
    assert "s/a_1" in {a.name for a in listed.annotations}


def real(name: str) -> Path:
    if "ASTSVM_REAL_DATA" not in os.environ:
        pytest.skip("ASTSVM_REAL_DATA is not set")
    return Path(os.environ["ASTSVM_REAL_DATA"]) / "annotations" / "cas_me_3" / name


@pytest.mark.real_data
def test_the_published_labels_of_part_a() -> None:
    listed = read_casme3_sheet(real(LABELS))
    assert len({a.name for a in listed.annotations}) == 860
    assert len({a.subject for a in listed.annotations}) == 94
    assert Counter(a.label for a in listed.annotations)["others"] == 158 + 3
    assert listed.problems == ()
    actions = Counter(problem.action for problem in listed.corrections)
    assert actions.pop("kept as it is") == 55
    changed = {(p.clip, p.action) for p in listed.corrections if p.action in actions}
    assert changed == {
        ("casme3/spNO.149/d_112", "apex read as 160"),
        ("casme3/spNO.214/c_5", "offset read as 34"),
        ("casme3/spNO.216/d_3647", "onset read as 2647"),
        ("casme3/spNO.216/e_0", "onset read as 1"),
        ("casme3/spNO.216/e_0", "apex read as 1"),
        ("casme3/spNO.40/e_1812", "offset read as 1845"),
        ("casme3/spNO.40/e_2327", "offset read as 2403"),
    }


@pytest.mark.real_data
def test_the_known_errors_of_part_a_without_corrections() -> None:
    listed = read_casme3_sheet(real(LABELS), corrections=False)
    assert len(listed.annotations) == 857
    assert {p.clip for p in listed.problems} == {
        "casme3/spNO.216/d_3647",
        "casme3/spNO.40/e_1812",
        "casme3/spNO.40/e_2327",
    }
    assert ("casme3/spNO.149/d_112", "apex dropped") in {
        (p.clip, p.action) for p in listed.corrections
    }


@pytest.mark.real_data
def test_both_published_sheets_of_part_a_agree_once_corrected() -> None:
    labels, all_types = (
        {
            (a.subject, a.clip.partition("_")[0], a.onset, a.apex, a.offset, a.objective_class)
            for a in read_casme3_sheet(real(name)).annotations
        }
        for name in (LABELS, ALL_TYPES)
    )
    assert labels == all_types


@pytest.mark.real_data
def test_the_published_sheet_of_part_c() -> None:
    listed = read_casme3_sheet(real(PART_C))
    assert (listed.problems, listed.corrections) == ((), ())
    assert len({a.subject for a in listed.annotations}) == 30
    assert Counter(a.label for a in listed.annotations) == {
        "negative": 99,
        "surprise": 30,
        "others": 20,
        "positive": 16,
    }
