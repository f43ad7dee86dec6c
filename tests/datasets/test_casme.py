"""CASME in the layout that other programs describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from astsvm.datasets import load_dataset
from astsvm.errors import DatasetError

HEADER = [
    "Subject",
    "Filename",
    None,
    "OnsetF",
    "ApexF1",
    "ApexF2",
    "OffsetF",
    None,
    "AU",
    "Emotion",
]
ROWS: list[list[Any]] = [
    [1, "EP01_5", None, 3, 5, 0, 9, None, "4+9", "Disgust"],
    [1, "EP01_12", None, 98, 100, 0, 104, None, 14, "tense"],
    [19, "EP01_5", None, 20, "/", 0, 25, None, None, "repression"],
    [20, "EP02", None, 20, 21, 0, 25, None, None, "bored"],
]


def write_archive(root: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for row in [HEADER, *rows]:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(root / "casme.xlsx")
    for subject, clip, _, onset, _, _, offset, *_ in rows:
        folder = root / "Cropped" / f"sub{subject:02d}" / clip
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(onset, offset + 1):
            # Later clips have leading zeros.
            (folder / f"reg_{clip}-{number:03d}.jpg").touch()
    return root


def test_clips_point_at_their_frames(tmp_path: Path) -> None:
    dataset = load_dataset("casme", write_archive(tmp_path, ROWS))
    assert [(c.key, c.onset, c.apex, c.offset, c.label) for c in dataset.clips] == [
        ("casme/01/EP01_12", 0, 2, 6, "tense"),
        ("casme/01/EP01_5", 0, 2, 6, "disgust"),
        ("casme/19/EP01_5", 0, None, 5, "repression"),
    ]
    assert dataset.clips[0].fps == 60
    assert dataset.clips[0].notes == ("action units 14",)
    assert dataset.variant == "Cropped"
    assert "no real file was at hand" in dataset.hearsay
    assert [(p.row, p.clip) for p in dataset.problems if p.row] == [(5, "casme/20/EP02")]
    assert "unknown emotion 'bored'" in dataset.problems[-1].reason
    assert [p.clip for p in dataset.corrections] == ["casme/19/EP01_5"]


def test_the_raw_frames_are_a_variant(tmp_path: Path) -> None:
    root = write_archive(tmp_path, ROWS[:2])
    (root / "Cropped").rename(root / "CASME_raw_selected")
    assert load_dataset("casme", root).variant == "raw_selected"
    with pytest.raises(DatasetError, match="expected a folder of frames called Cropped"):
        load_dataset("casme:cropped", root)


def test_frames_that_disagree_with_the_sheet_are_reported(tmp_path: Path) -> None:
    root = write_archive(tmp_path, ROWS[:2])
    folder = root / "Cropped" / "sub01" / "EP01_12"
    for frame in folder.iterdir():
        frame.rename(folder / frame.name.replace("-", "-2"))
    (folder / "reg_EP01_12-300.jpg").touch()
    dataset = load_dataset("casme", root)
    assert [c.clip for c in dataset.clips] == ["EP01_5"]
    assert [p.clip for p in dataset.problems] == ["casme/01/EP01_12"]
    assert "expected the frames 98 to 104, found 0 of 7" in dataset.problems[0].reason


def test_order_of_the_rows_changes_nothing(tmp_path: Path) -> None:
    straight, reversed_ = tmp_path / "1", tmp_path / "2"
    straight.mkdir()
    reversed_.mkdir()
    clips = [
        [(c.key, c.onset, c.apex, c.offset, c.label) for c in load_dataset("casme", root).clips]
        for root in (write_archive(straight, ROWS), write_archive(reversed_, ROWS[::-1]))
    ]
    assert clips[0] == clips[1]


def test_a_sheet_of_casme2_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    row = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Estimated Emotion"]
    book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "CASME2-coding-20140508.xlsx")
    with pytest.raises(DatasetError, match="the header lacks onset, offset, emotion"):
        load_dataset("casme", tmp_path)
