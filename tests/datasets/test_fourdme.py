"""4DME in the layout that other programs describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from astsvm.datasets import load_dataset

HEADER = ["sub_ID", "fold_name", "eye blink", "Onset", "Apex", "Offset", "AUs", "Emotion"]
ROWS: list[list[Any]] = [
    ["g1", "f01", 0, 11, 13, 20, "AU4+AU7", "Negative"],
    ["g1", "f02", 0, 11, 13, 20, "AU1", "Surprise & negative"],
    ["g2", "f01", 1, 11, 30, 20, "AU12", "Positive"],
    ["g2", "f02", 1, 11, 12, 20, "AU12", "joy"],
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    for row in [HEADER, *ROWS]:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "4DME_Labelling_Micro_release v1.xlsx")
    for subject, clip, *_ in ROWS:
        folder = tmp_path / "gray_micro" / subject / clip
        folder.mkdir(parents=True)
        for number in range(11, 21):
            (folder / f"img{number}.jpg").touch()
    return tmp_path


def test_clips_point_at_their_frames(root: Path) -> None:
    dataset = load_dataset("fourdme", root)
    assert [(c.key, c.onset, c.apex, c.offset, c.label) for c in dataset.clips] == [
        ("fourdme/g1/f01", 0, 2, 9, "negative"),
        ("fourdme/g1/f02", 0, 2, 9, "negative+surprise"),
        ("fourdme/g2/f01", 0, None, 9, "positive"),
    ]
    assert dataset.clips[0].fps == 60
    assert dataset.clips[0].notes == ("action units AU4+AU7",)
    assert dataset.variant == "gray_micro"
    assert "no real file was at hand" in dataset.hearsay
    assert [(p.clip, p.action) for p in dataset.corrections] == [("fourdme/g2/f01", "apex dropped")]
    assert [p.clip for p in dataset.problems if p.row] == ["fourdme/g2/f02"]
    assert "unknown emotion 'joy'" in "".join(p.reason for p in dataset.problems)


def test_frames_numbered_anew_are_the_clip_if_there_are_as_many(root: Path) -> None:
    folder = root / "gray_micro" / "g1" / "f01"
    for frame in sorted(folder.iterdir()):
        frame.rename(folder / f"{int(frame.stem[3:]) - 11}.png")
    first = load_dataset("fourdme", root).clips[0]
    assert (first.onset, first.apex, first.offset) == (0, 2, 9)


def test_cropped_frames_are_preferred(root: Path) -> None:
    folder = root / "gray_micro_crop" / "g1" / "f01"
    folder.mkdir(parents=True)
    for number in range(11, 21):
        (folder / f"{number}.jpg").touch()
    dataset = load_dataset("fourdme", root)
    assert dataset.variant == "gray_micro_crop"
    assert [c.key for c in dataset.clips] == ["fourdme/g1/f01"]
    assert len(load_dataset("fourdme:gray_micro", root).clips) == 3
