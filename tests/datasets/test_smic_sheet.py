"""The sheet of SMIC alone: its worksheets, doubts and contradictions, and any table at all."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astsvm.datasets.smic_sheet import ClipName, read_smic_sheet
from astsvm.errors import DatasetError

HEADER = [
    "Subject",
    "Filename",
    None,
    "OnsetF",
    "OffsetF",
    "Onset2F",
    "Offset2F",
    None,
    "FirstF",
    "LastF",
    "TotalMF1",
    "Emotion",
]
HS: list[list[Any]] = [
    [18, "s18_sur_03", None, 1080, 1085, 1040, 1043, None, 1000, 1099, 6, "negative"],
    [1, "s1_ne_01", None, 140, 145, None, None, None, 100, 159, 6, "negative"],
    [3, "s3_po_02", None, 350, 353, None, None, None, 340, 369, 4, "Positive "],
    [3, "s03_ne_03", None, "365", 369, None, None, None, 340, 369, 5, "negative"],
]
VIS: list[list[Any]] = [
    [18, "s18_sur_03", None, 20, 22, None, None, None, 10, None, 3, "negative"],
    [11, "s11_po_01", None, 31, 35, None, None, None, 20, None, 5, "positive"],
]


def write_sheet(
    folder: Path,
    hs: list[list[Any]] = HS,
    vis: list[list[Any]] = VIS,
    name: str = "SMIC-HS-E_annotation.xlsx",
) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "HS"  # type: ignore[union-attr]
    for title, rows in (("HS", hs), ("VIS", vis)):
        sheet = book[title] if title in book.sheetnames else book.create_sheet(title)
        for row in [HEADER, *rows]:
            sheet.append(row)
    book.create_sheet("Sheet2")
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / name)
    return folder / name


def told(problems: tuple[Any, ...]) -> dict[str, str]:
    return {problem.clip: f"{problem.reason}: {problem.action}" for problem in problems}


@pytest.mark.parametrize("text", ["s1_ne_01", "S01_NE_1", "s001_ne_001"])
def test_a_name_has_one_spelling(text: str) -> None:
    assert ClipName.read(text) == ClipName("s01", "s01_ne_01", "negative")


@pytest.mark.parametrize(
    "text", ["", "s1_ne", "x1_ne_01", "s1_an_01", "s1_ne_01/", "s\u0661_ne_01"]
)
def test_what_is_no_name_of_a_clip(text: str) -> None:
    assert ClipName.find(text) is None
    with pytest.raises(DatasetError, match="the name of a clip such as s01_ne_01"):
        ClipName.read(text)


def test_an_offset_without_a_value_follows_from_the_number_of_frames(tmp_path: Path) -> None:
    rows = [[*row] for row in HS]
    rows[1][4] = "=D3+K3-1"  # openpyxl keeps no value with a formula
    listed = read_smic_sheet(write_sheet(tmp_path, rows))
    assert [a.offset for a in listed.annotations if a.clip == "s01_ne_01"] == [145]


def test_doubtful_long_videos_and_second_movements_are_told(tmp_path: Path) -> None:
    rows = [[*row] for row in HS]
    rows[1][8] = "MISSING <-140"
    rows[2][8:10] = [300, 349]
    listed = read_smic_sheet(write_sheet(tmp_path, rows))
    corrections = told(listed.corrections)
    assert "MISSING <-140" in corrections["smic/s01/s01_ne_01"]
    assert "300 to 349 does not hold the clip, 350 to 353" in corrections["smic/s03/s03_po_02"]
    assert listed.annotations[0].notes == ("second movement from frame 1040 to 1043",)


def test_nir_has_the_clips_of_vis_and_is_told_whose_numbers_they_are(tmp_path: Path) -> None:
    listed = read_smic_sheet(write_sheet(tmp_path), "NIR")
    assert [a.clip for a in listed.annotations] == ["s18_sur_03", "s11_po_01"]
    assert "numbers are those of VIS" in told(listed.corrections)["smic/s11/s11_po_01"]


def test_a_sheet_of_hs_alone_does_not_serve_vis(tmp_path: Path) -> None:
    path = write_sheet(tmp_path)
    book = openpyxl.load_workbook(path)
    del book["VIS"]
    book.save(path)
    with pytest.raises(DatasetError, match="expected a worksheet called VIS"):
        read_smic_sheet(path, "VIS")


CELL = st.one_of(
    st.sampled_from(
        ["", "s1_ne_01", "s01_po_2", "1", "7", "negative", "surprise", "../s1_ne_01", "/"]
    ),
    st.integers(-9, 10**10).map(str),
    st.text(max_size=12),
)


@given(table=st.lists(st.lists(CELL, min_size=1, max_size=13), min_size=1, max_size=8))
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_random_tables_become_clips_or_problems(tmp_path: Path, table: list[list[str]]) -> None:
    path = tmp_path / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([[name or "" for name in HEADER], *table])
    try:
        listed = read_smic_sheet(path)
    except DatasetError as error:
        assert str(error).startswith(str(path))
        return
    rows = [annotation.row for annotation in listed.annotations]
    rows += [problem.row for problem in listed.problems]
    assert len(rows) == len(set(rows)) <= len(table)
    assert all("/" not in annotation.clip for annotation in listed.annotations)


real_sheet = pytest.mark.skipif(
    "ASTSVM_REAL_DATA" not in os.environ, reason="ASTSVM_REAL_DATA is not set"
)


@pytest.mark.real_data
@real_sheet
@pytest.mark.parametrize(
    ("camera", "as_written", "subjects"),
    [
        ("HS", {"negative": 70, "positive": 51, "surprise": 41}, 16),
        ("VIS", {"negative": 24, "positive": 28, "surprise": 19}, 8),
        ("NIR", {"negative": 24, "positive": 28, "surprise": 19}, 8),
    ],
)
def test_the_real_sheet(camera: str, as_written: dict[str, int], subjects: int) -> None:
    path = Path(os.environ["ASTSVM_REAL_DATA"]) / "annotations/smic/SMIC-HS-E_annotation.xlsx"
    plain, listed = (read_smic_sheet(path, camera, corrections=on) for on in (False, True))
    assert Counter(a.label for a in plain.annotations) == as_written
    changed = {"negative": as_written["negative"] - 1, "surprise": as_written["surprise"] + 1}
    assert Counter(a.label for a in listed.annotations) == as_written | changed
    assert len({a.subject for a in listed.annotations}) == subjects
    assert listed.problems == ()
    corrections = told(listed.corrections)
    assert corrections["smic/s18/s18_sur_03"].endswith("labelled surprise")
    if camera == "HS":
        assert corrections.keys() == {
            "smic/s18/s18_sur_03",
            "smic/s01/s01_ne_03",
            "smic/s03/s03_ne_20",
        }
    if camera == "VIS":
        assert len(corrections) == 1
