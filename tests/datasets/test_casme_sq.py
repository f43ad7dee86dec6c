"""CAS(ME)^2 in the layout that other programs describe: three worksheets without a header."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from astsvm.datasets import load_dataset
from astsvm.datasets.casme_sq import CODES
from astsvm.errors import DatasetError

SHEET = "CAS(ME)^2code_final.xlsx"
MICRO = "micro-expression"
ROWS: list[list[Any]] = [
    [1, "anger1_1", 10, 12, 18, "4+7", "negative", MICRO, "anger"],
    [1, "anger1_2", 20, 25, 30, 4, "negative", "macro-expression", "anger"],
    [1, "anger1_3", 30, 33, 0, None, "Others", MICRO, None],
    [2, "disgust1_1", 5, 0, 9, 9, "negative", MICRO, "disgust"],
]
SUBJECTS = [[15, "s15", 1], [16, "s16", 2]]
VIDEOS = [["0401", "anger1"], [101, "disgust1"]]
RECORDINGS = ("s15/15_0401girlcrashing", "s16/16_0101disgustingteeth", "s16/16_0402other")


def write_sheet(
    root: Path, rows: list[list[Any]] = ROWS, videos: list[list[Any]] = VIDEOS, **names: Any
) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    tables = {
        "naming rule2": videos,
        "naming rule1": names.get("subjects", SUBJECTS),
        names.get("codes", CODES[0]): rows,
    }
    for name, table in tables.items():
        worksheet = book.create_sheet(name)
        for row in table:
            worksheet.append(row)
    book.save(root / SHEET)
    return root


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    for recording in RECORDINGS:
        folder = tmp_path / "rawpic" / recording
        folder.mkdir(parents=True)
        for number in range(1, 41):
            (folder / f"img{number:03d}.jpg").touch()
    return tmp_path


@pytest.mark.parametrize("codes", CODES)
def test_micro_expressions_point_at_their_recording(frames: Path, codes: str) -> None:
    dataset = load_dataset("casme_sq", write_sheet(frames, codes=codes))
    assert [(c.key, c.onset, c.apex, c.offset, c.label) for c in dataset.clips] == [
        ("casme_sq/s15/anger1_1", 9, 11, 17, "negative"),
        ("casme_sq/s15/anger1_3", 29, 32, 32, "others"),
        ("casme_sq/s16/disgust1_1", 4, None, 8, "negative"),
    ]
    assert dataset.clips[0].source == frames / "rawpic" / RECORDINGS[0]
    assert dataset.clips[0].notes == ("action units 4+7", "self-report anger")
    assert (dataset.clips[0].row, dataset.clips[0].fps) == (1, 30)
    assert dataset.problems == ()
    assert "no real file was at hand" in dataset.hearsay


def test_an_offset_of_0_is_remarked_upon(frames: Path) -> None:
    dataset = load_dataset("casme_sq", write_sheet(frames))
    assert [(p.clip, p.row, p.reason) for p in dataset.corrections] == [
        ("casme_sq/s15/anger1_3", 3, "the offset is not annotated (0)"),
        ("casme_sq/s16/disgust1_1", 4, "the apex is not annotated"),
    ]
    assert dataset.corrections[0].action == "the clip ends with the apex, 33"


def test_a_recording_under_another_subject_is_found(frames: Path) -> None:
    stray = frames / "rawpic" / "s15" / "16_0101disgustingteeth"
    (frames / "rawpic" / RECORDINGS[1]).rename(stray)
    assert load_dataset("casme_sq", write_sheet(frames)).clips[-1].source == stray


def test_faulty_rows_are_named_and_the_others_kept(frames: Path) -> None:
    rows = [
        *ROWS,
        [3, "anger1_1", 10, 12, 18, 4, "negative", MICRO, "anger"],
        [1, "happy9_1", 10, 12, 18, 4, "positive", MICRO, "happy"],
        [2, "anger1_1", 10, 12, 18, 4, "negative", MICRO, "anger"],
        [1, "anger1_4", 10, 12, 18, 4, "negative", "long", "anger"],
        [1, "anger1_5", 10, 0, 0, 4, "negative", MICRO, "anger"],
        [1, "anger1_6", "x", 11, 12, 4, "negative", MICRO, "anger"],
        [1, "anger1_7", 10, 11, 12, 4, "rage", MICRO, "anger"],
    ]
    dataset = load_dataset("casme_sq", write_sheet(frames, rows))
    assert len(dataset.clips) == 3
    expected = {
        5: ("casme_sq/3/anger1_1", "'naming rule1' must name the subject '3' once"),
        6: ("casme_sq/s15/happy9_1", "'naming rule2' must name the video 'happy9' once"),
        7: ("casme_sq/s16/anger1_1", "holds the frames of clip"),
        8: ("casme_sq/1/anger1_4", "received 'long'"),
        9: ("casme_sq/s15/anger1_5", "onset and offset must be annotated"),
        10: ("casme_sq/1/anger1_6", "'onset' must hold a whole frame number"),
        11: ("casme_sq/s15/anger1_7", "unknown emotion 'rage'"),
    }
    assert {p.row: p.clip for p in dataset.problems} == {
        row: clip for row, (clip, _) in expected.items()
    }
    for problem in dataset.problems:
        assert problem.row is not None
        assert expected[problem.row][1] in problem.reason


def test_a_name_given_twice_is_no_name(frames: Path) -> None:
    write_sheet(frames, videos=[*VIDEOS, ["0402", "anger1"], [None, "x"]])
    dataset = load_dataset("casme_sq", frames)
    assert [c.clip for c in dataset.clips] == ["disgust1_1"]
    assert {p.clip for p in dataset.problems} == {
        "casme_sq/s15/anger1_1",
        "casme_sq/s15/anger1_3",
    }
    assert "it does so 2 times" in dataset.problems[0].reason


def test_two_folders_of_one_recording_are_reported(frames: Path) -> None:
    (frames / "rawpic" / "s15" / "15_0401copy").mkdir()
    dataset = load_dataset("casme_sq", write_sheet(frames))
    assert [c.clip for c in dataset.clips] == ["disgust1_1"]
    assert "may both be its recording" in dataset.problems[0].reason


def test_order_of_rows_and_worksheets_changes_nothing(frames: Path) -> None:
    def described() -> list[tuple[Any, ...]]:
        clips = load_dataset("casme_sq", frames).clips
        return [(c.key, c.source, c.onset, c.apex, c.offset, c.label) for c in clips]

    write_sheet(frames)
    before = described()
    write_sheet(frames, ROWS[::-1], VIDEOS[::-1], subjects=SUBJECTS[::-1])
    assert described() == before


def test_a_sheet_without_its_worksheets_is_refused(frames: Path) -> None:
    write_sheet(frames, codes="Sheet1")
    with pytest.raises(DatasetError, match=r"'CASMEcode_final' or 'CASFEcode_final'; it holds"):
        load_dataset("casme_sq", frames)
    (frames / SHEET).write_text("1,anger1_1,1,2,3")
    with pytest.raises(DatasetError, match=r"it holds none\. Expected rows such as: 15,s15,1"):
        load_dataset("casme_sq", frames)


def test_an_empty_worksheet_is_refused(frames: Path) -> None:
    write_sheet(frames, [])
    with pytest.raises(DatasetError, match="the worksheet 'CASMEcode_final' is empty"):
        load_dataset("casme_sq", frames)
