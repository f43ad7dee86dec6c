"""MMEW in the layout of its archive: clips lie under their emotion."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from astsvm.datasets import load_dataset
from astsvm.datasets.mmew import EMOTIONS, read_mmew_sheet
from astsvm.errors import DatasetError

HEADER = [
    "Subject",
    "Filename",
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    "Action Units",
    "Estimated Emotion",
    "remarks",
]
ROWS: list[list[Any]] = [
    [1, "S01-01-001", 1, 5, 10, "4+12", "happiness", None],
    [1, "S01-02-001", 2, 5, 10, 5, "surprise", None],
    [30, "S30-06-002", 1, 7, 10, None, "Sadness", None],
]
OTHERS = [1, "S01-07-001", 1, "/", None, "24", "others", None]


def write_archive(root: Path, rows: list[list[Any]], above: str = "") -> Path:
    book = openpyxl.Workbook()
    for row in [HEADER, *rows]:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(root / "MMEW_Micro_Exp.xlsx")
    for _, clip, *_, emotion, _ in rows:
        subject = clip[:3] if above else ""
        folder = root / "Micro_Expression" / subject / emotion.lower() / clip
        folder.mkdir(parents=True)
        for number in range(1, 11):
            (folder / f"{number}.jpg").touch()
    return root


@pytest.mark.parametrize("above", ["", "subject"])
def test_clips_lie_under_their_emotion(tmp_path: Path, above: str) -> None:
    dataset = load_dataset("mmew", write_archive(tmp_path, ROWS, above))
    assert [(c.key, c.onset, c.apex, c.offset, c.label) for c in dataset.clips] == [
        ("mmew/01/S01-01-001", 0, 4, 9, "happiness"),
        ("mmew/01/S01-02-001", 1, 4, 9, "surprise"),
        ("mmew/30/S30-06-002", 0, 6, 9, "sadness"),
    ]
    assert dataset.clips[0].fps == 90
    assert dataset.clips[0].notes == ("action units 4+12",)
    assert (dataset.problems, dataset.corrections) == ((), ())
    assert dataset.published is not None
    assert (dataset.published.clips, dataset.published.subjects) == (234, 30)


def test_a_text_sheet_with_more_columns_is_read_as_well(tmp_path: Path) -> None:
    write_archive(tmp_path, ROWS)
    (tmp_path / "MMEW_Micro_Exp.xlsx").unlink()
    lines = [",".join([*HEADER, "label", "one_hot_label", "imagename"])]
    for row in reversed(ROWS):
        cells = ["" if cell is None else str(cell) for cell in row]
        lines.append(",".join([*cells, "1", '"[1,0]"', f"{row[6]}/{row[1]}/5.jpg"]))
    (tmp_path / "MMEW_Micro_Exp_delete_others.csv").write_text("\n".join(lines))
    dataset = load_dataset("mmew", tmp_path)
    assert [c.clip for c in dataset.clips] == ["S01-01-001", "S01-02-001", "S30-06-002"]
    assert dataset.problems == ()


@pytest.mark.parametrize("folder", ["others", "repression"])
def test_others_may_lie_under_repression_and_lack_an_offset(tmp_path: Path, folder: str) -> None:
    root = write_archive(tmp_path, [*ROWS, OTHERS])
    frames = root / "Micro_Expression"
    (frames / "others").rename(frames / folder)
    dataset = load_dataset("mmew", root)
    other = next(c for c in dataset.clips if c.label == "others")
    assert (other.onset, other.apex, other.offset) == (0, None, 9)
    assert other.source == frames / folder / "S01-07-001"
    actions = {p.action for p in dataset.corrections}
    assert actions == {"kept without an apex", "the clip ends with the last frame there is, 10"}
    assert dataset.published is not None
    assert dataset.published.clips == 300
    strict = load_dataset("mmew", root, corrections=False)
    assert [p.clip for p in strict.problems] == ["mmew/01/S01-07-001"]


def test_others_on_the_disk_are_no_problem_if_the_sheet_leaves_them_out(tmp_path: Path) -> None:
    root = write_archive(tmp_path, ROWS)
    for emotion, clip in (("others", "S01-07-001"), ("fear", "S02-05-001")):
        (root / "Micro_Expression" / emotion / clip).mkdir(parents=True)
    problems = load_dataset("mmew", root).problems
    assert [p.clip for p in problems] == ["mmew/02/S02-05-001"]
    assert "not in the sheet" in problems[0].reason


def test_a_clip_of_another_subject_is_reported(tmp_path: Path) -> None:
    wrong = [2, "S03-01-001", 1, 5, 10, 12, "happiness", None]
    dataset = load_dataset("mmew", write_archive(tmp_path, [*ROWS, wrong]))
    assert len(dataset.clips) == 3
    assert (dataset.problems[-1].row, dataset.problems[-1].clip) == (5, "mmew/2/S03-01-001")
    assert "names another subject" in dataset.problems[-1].reason


def test_missing_frames_are_named(tmp_path: Path) -> None:
    root = write_archive(tmp_path, ROWS)
    (root / "Micro_Expression").rename(root / "frames")
    with pytest.raises(DatasetError, match="a folder of frames called Micro_Expression"):
        load_dataset("mmew", root)


@pytest.mark.real_data
def test_the_published_sheet_without_others() -> None:
    if "ASTSVM_REAL_DATA" not in os.environ:
        pytest.skip("ASTSVM_REAL_DATA is not set")
    folder = Path(os.environ["ASTSVM_REAL_DATA"]) / "annotations" / "mmew"
    listed = read_mmew_sheet(folder / "MMEW_Micro_Exp_delete_others.csv")
    assert Counter(a.label for a in listed.annotations) == EMOTIONS
    assert len({a.subject for a in listed.annotations}) == 30
    assert len({a.clip for a in listed.annotations}) == 234
    assert (listed.problems, listed.corrections) == ((), ())
