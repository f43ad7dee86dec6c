"""A check counts what is there, lists every fault, and opens frames only when asked to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from astsvm.checking import check_dataset
from astsvm.datasets import Dataset, Problem, load_dataset
from astsvm.datasets.contract import PublishedCounts

SHEET = """clip,subject,label,path,onset,offset,fps
a,1,happy,a,0,2,100
b,1,sad,b,0,2,100
c,2,sad,c,2,0,100
d,2,sad,none,,,100
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "clips.csv").write_text(SHEET)
    for name in "abc":
        (tmp_path / name).mkdir()
        for number in range(3):
            image = np.full((8, 8), number * 10, np.uint8)
            cv2.imwrite(str(tmp_path / name / f"{number}.png"), image)
    (tmp_path / "b" / "1.png").write_bytes(b"no image")
    return tmp_path


@pytest.fixture
def dataset(root: Path) -> Dataset:
    return load_dataset("folder", root)


def test_sheets_and_folders_alone_are_looked_at(dataset: Dataset) -> None:
    check = check_dataset(dataset)
    assert {problem.clip for problem in check.problems} == {"folder/2/c", "folder/2/d"}
    assert check.clips == (2, None)
    assert check.subjects == (1, None)
    assert check.labels == {"happy": (1, None), "sad": (1, None)}
    assert not check.is_clean


@pytest.mark.parametrize("workers", [1, 2])
def test_frames_are_decoded_when_asked_for(dataset: Dataset, workers: int) -> None:
    calls: list[tuple[int, int]] = []
    check = check_dataset(
        dataset, frames=True, workers=workers, progress=lambda *call: calls.append(call)
    )
    (unreadable,) = [p for p in check.problems if p.clip == "folder/1/b"]
    assert unreadable.row == 3
    assert "1.png" in unreadable.reason
    assert unreadable.action == "preprocess will leave the clip out"
    assert check.clips == (1, None)
    assert calls == [(1, 2), (2, 2)]


def test_counts_stand_beside_the_published_ones(dataset: Dataset) -> None:
    published = PublishedCounts(clips=5, subjects=3, labels={"happy": 2, "angry": 3})
    check = check_dataset(replace(dataset, published=published))
    assert check.clips == (2, 5)
    assert check.subjects == (1, 3)
    assert check.labels == {"angry": (0, 3), "happy": (1, 2), "sad": (1, 0)}


def test_corrections_are_listed_and_make_it_unclean(root: Path) -> None:
    (root / "clips.csv").write_text("clip,subject,label,path,fps\na,1,happy,a,100\n")
    dataset = load_dataset("folder", root)
    assert check_dataset(dataset).is_clean
    corrected = Problem(root / "clips.csv", 2, "folder/1/a", "apex outside", "apex dropped")
    check = check_dataset(replace(dataset, corrections=(corrected,)))
    assert not check.is_clean
    assert check.as_dict()["corrected"] == [corrected.as_dict()]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,1,happy,a,3,3,100", "frame 3 is asked for, but the folder holds 3"),
        ("a,1,happy,a,0,90,100", "frame 90 is asked for"),
        ("a,1,happy,a,0,2,", "fps is empty"),
    ],
)
def test_what_preprocess_would_refuse_is_told_beforehand(root: Path, row: str, says: str) -> None:
    (root / "clips.csv").write_text(f"clip,subject,label,path,onset,offset,fps\n{row}\n")
    (problem,) = check_dataset(load_dataset("folder", root)).problems
    assert says in problem.reason


def test_a_dropped_apex_of_ones_own_clip_is_told(root: Path) -> None:
    (root / "clips.csv").write_text(
        "clip,subject,label,path,onset,apex,offset,fps\na,1,happy,a,0,9,2,100\n"
    )
    check = check_dataset(load_dataset("folder", root))
    assert "apex 9 lies outside" in check.corrections[0].reason
    assert check.clips == (1, None)
