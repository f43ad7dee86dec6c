"""CASME II in the layout of its archive, with the faults of its sheet."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from astsvm.datasets import Dataset, load_dataset
from astsvm.datasets.casme2 import EMOTIONS_2014, EMOTIONS_2019, FOLDERS, read_casme2_sheet
from astsvm.errors import DatasetError

HEADER = [
    "Subject",
    "Filename",
    None,
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    None,
    "Action Units",
    "Estimated Emotion",
    "Objective Classes",
]
ROWS: list[list[Any]] = [
    ["01", "EP02_01f", None, 46, 59, 86, None, 12, "happiness", 1],
    ["01", "EP03_02", None, "131", 139, 161, None, "4+L10", "others", 7],
    ["05", "EP09_05f", None, 10, 10, 30, None, None, "Disgust ", 4],
    ["07", "EP06_01", None, 15, 49, 68, None, "4+38", "others", 3],
    ["04", "EP12_01f", None, 26, "/", 32, None, "4+7", "disgust", 4],
]


def write_archive(root: Path, rows: list[list[Any]] = ROWS, variant: str = "Cropped") -> Path:
    book = openpyxl.Workbook()
    for row in [HEADER, *rows]:
        book.active.append(row)  # type: ignore[union-attr]
    book.create_sheet("Sheet2")
    book.save(root / "CASME2-coding-20190701.xlsx")
    for subject, clip, _, onset, _, offset, *_ in rows:
        folder = root / FOLDERS[variant][0] / f"sub{subject}" / clip
        folder.mkdir(parents=True, exist_ok=True)
        last = 91 if clip == "EP06_01" else int(offset)
        for number in range(int(onset), last + 1):
            (folder / f"reg_img{number}.jpg").touch()
    return root


def keys(problems: tuple[Any, ...]) -> dict[str, str]:
    return {problem.clip: f"{problem.reason}: {problem.action}" for problem in problems}


def test_clips_point_at_their_frames(tmp_path: Path) -> None:
    dataset = load_dataset("casme2", write_archive(tmp_path))
    first, second, *_ = dataset.clips
    assert [clip.key for clip in dataset.clips] == [
        "casme2/01/EP02_01f",
        "casme2/01/EP03_02",
        "casme2/04/EP12_01f",
        "casme2/05/EP09_05f",
        "casme2/07/EP06_01",
    ]
    assert (first.onset, first.apex, first.offset, first.fps) == (0, 13, 40, 200.0)
    assert (first.label, first.objective_class, first.row) == ("happiness", "I", 2)
    assert first.source == tmp_path / "Cropped" / "sub01" / "EP02_01f"
    assert (second.onset, second.apex, second.offset) == (0, 8, 30)
    assert second.notes == ("action units 4+L10",)
    assert dataset.problems == ()


def test_known_and_doubtful_annotations_are_reported_by_clip(tmp_path: Path) -> None:
    told = keys(load_dataset("casme2", write_archive(tmp_path)).corrections)
    assert told.keys() == {"casme2/04/EP12_01f", "casme2/05/EP09_05f", "casme2/07/EP06_01"}
    assert "not annotated: kept without" in told["casme2/04/EP12_01f"]
    assert "also the onset: kept" in told["casme2/05/EP09_05f"]
    assert "read as 91" in told["casme2/07/EP06_01"]


def test_corrections_can_be_switched_off(tmp_path: Path) -> None:
    write_archive(tmp_path)
    (corrected,), (plain,) = (
        [c for c in load_dataset("casme2", tmp_path, corrections=on).clips if c.subject == "07"]
        for on in (True, False)
    )
    assert (corrected.offset, plain.offset) == (76, 53)


def test_a_sheet_that_was_corrected_by_somebody_else_is_left_alone(tmp_path: Path) -> None:
    rows = [[*row] for row in ROWS]
    rows[3][5] = 90
    told = keys(load_dataset("casme2", write_archive(tmp_path, rows)).corrections)
    assert "casme2/07/EP06_01" not in told


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({8: "hapiness"}, "unknown emotion 'hapiness'; expected one of disgust, fear"),
        ({3: 90}, "offset 86 lies before onset 90"),
        ({3: "4b"}, "must hold a whole frame number, received '4b'"),
        ({8: None}, "the cell in column 'Estimated Emotion' is empty"),
        ({9: 9}, "the objective class must be I to VII"),
        ({1: "../EP02_01f"}, "holds the frames of clip"),
        ({1: "EP99_01"}, "holds the frames of clip"),
        ({3: 2, 5: 20}, "expected the frames 2 to 20"),
        ({3: None}, "onset and offset must be annotated"),
    ],
)
def test_a_faulty_row_is_named_and_the_others_are_kept(
    tmp_path: Path, change: dict[int, Any], says: str
) -> None:
    rows = [[*row] for row in ROWS]
    write_archive(tmp_path)
    for column, value in change.items():
        rows[0][column] = value
    book = openpyxl.Workbook()
    for row in [HEADER, *rows]:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "CASME2-coding-20190701.xlsx")
    dataset = load_dataset("casme2", tmp_path)
    assert len(dataset.clips) == len(ROWS) - 1
    problem = dataset.problems[0] if dataset.problems[0].row else dataset.problems[1]
    assert says in problem.reason
    assert problem.row == 2
    assert not any(clip.source.name == "EP02_01f" for clip in dataset.clips)


def test_a_clip_the_sheet_does_not_know_is_reported(tmp_path: Path) -> None:
    write_archive(tmp_path)
    (tmp_path / "Cropped" / "sub09" / "EP01_01").mkdir(parents=True)
    (problem,) = load_dataset("casme2", tmp_path).problems
    assert problem.clip == "casme2/09/EP01_01"
    assert "on the disk, but its clip is not in the sheet" in problem.reason


def test_the_first_variant_that_is_there_is_read(tmp_path: Path) -> None:
    write_archive(tmp_path, variant="RAW")
    assert load_dataset("casme2", tmp_path).variant == "RAW"
    write_archive(tmp_path, variant="RAW_selected")
    assert load_dataset("casme2", tmp_path).variant == "RAW_selected"
    chosen = load_dataset("casme2:raw", tmp_path)
    assert chosen.variant == "RAW"
    assert chosen.clips[0].source.parts[-3] == "CASME2-RAW"
    with pytest.raises(DatasetError, match="expected a folder of frames called Cropped"):
        load_dataset("casme2:Cropped", tmp_path)
    with pytest.raises(DatasetError, match="unknown variant 'small' of casme2; expected one of"):
        load_dataset("casme2:small", tmp_path)


def shuffled_archive(root: Path, seed: int) -> Dataset:
    generator = random.Random(seed)
    columns = list(range(len(HEADER)))
    rows = [[*row] for row in ROWS]
    generator.shuffle(columns)
    generator.shuffle(rows)
    root.mkdir()
    write_archive(root, rows)
    book = openpyxl.Workbook()
    for row in [HEADER, *rows]:
        book.active.append([row[i] for i in columns])  # type: ignore[union-attr]
    for name in generator.sample(["A", "Z", "0"], 3):
        book.create_sheet(name, generator.randrange(2))
    book.save(root / "CASME2-coding-20190701.xlsx")
    return load_dataset("casme2", root)


def told(dataset: Dataset) -> list[Any]:
    root = str(dataset.root)
    return [
        [(c.key, c.label, c.onset, c.apex, c.offset, c.notes) for c in dataset.clips],
        sorted((p.clip, p.reason.replace(root, "")) for p in dataset.corrections),
    ]


def test_no_order_changes_anything(tmp_path: Path) -> None:
    found = [told(shuffled_archive(tmp_path / str(seed), seed)) for seed in range(4)]
    assert all(one == found[0] for one in found)


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    if "ASTSVM_REAL_DATA" not in os.environ:
        pytest.skip("ASTSVM_REAL_DATA is not set")
    return lambda name: Path(os.environ["ASTSVM_REAL_DATA"]) / "annotations" / "casme2" / name


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "emotions"),
    [
        ("CASME2-coding-20140508.xlsx", EMOTIONS_2014),
        ("CASME2-coding-20190701.xlsx", EMOTIONS_2019),
    ],
)
def test_the_published_sheets(
    real: Callable[[str], Path], name: str, emotions: dict[str, int]
) -> None:
    listed = read_casme2_sheet(real(name))
    assert Counter(a.label for a in listed.annotations) == emotions
    assert len({a.subject for a in listed.annotations}) == 26
    assert listed.problems == ()
    assert {p.clip for p in listed.corrections} == {
        "casme2/04/EP12_01f",
        "casme2/05/EP09_05f",
        "casme2/05/EP16_04f",
        "casme2/12/EP09_06",
        "casme2/20/EP16_01",
        "casme2/25/EP18_04f",
        "casme2/07/EP06_01",
        "casme2/16/EP01_08",
    }


def test_a_subject_of_two_spellings_is_one_person(tmp_path: Path) -> None:
    rows = [[*row] for row in ROWS]
    rows[1][0] = "1"
    rows[0][0] = "001"
    write_archive(tmp_path)
    book = openpyxl.Workbook()
    for row in [HEADER, *rows]:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "CASME2-coding-20190701.xlsx")
    assert {clip.subject for clip in load_dataset("casme2", tmp_path).clips} == {
        "01", "04", "05", "07",
    }  # fmt: skip


def test_the_same_frames_under_two_names_are_no_two_clips(tmp_path: Path) -> None:
    again = [*ROWS[0]]
    again[1], again[8] = "ep2_1F", "disgust"
    write_archive(tmp_path, [*ROWS])
    book = openpyxl.Workbook()
    for row in [HEADER, *ROWS, again]:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "CASME2-coding-20190701.xlsx")
    dataset = load_dataset("casme2", tmp_path)
    assert len(dataset.clips) == len(ROWS) - 1
    assert {problem.row for problem in dataset.problems} == {2, 7}
    assert all("EP02_01f and ep2_1F are the very same" in p.reason for p in dataset.problems)


def test_one_odd_folder_stops_nothing(tmp_path: Path) -> None:
    write_archive(tmp_path)
    (tmp_path / "Cropped" / "Sub09").mkdir()
    (tmp_path / "Cropped" / "sub9").mkdir()
    assert len(load_dataset("casme2", tmp_path).clips) == len(ROWS)
