"""Frames by number: positions in natural order, gaps named, nothing opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from astsvm.datasets.frame_folder import FrameFolder, frame_names
from astsvm.errors import DatasetError


def folder_of(root: Path, *numbers: int, pattern: str = "reg_img{}.jpg") -> FrameFolder:
    for number in numbers:
        (root / pattern.format(number)).touch()
    return FrameFolder.open(root)


def test_positions_follow_numbers_not_the_listing(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, 100, 9, 46, 47)
    (tmp_path / ".hidden1.jpg").touch()
    (tmp_path / "notes.txt").touch()
    assert frame_names(tmp_path) == [
        "reg_img9.jpg",
        "reg_img46.jpg",
        "reg_img47.jpg",
        "reg_img100.jpg",
    ]
    assert folder.positions == {9: 0, 46: 1, 47: 2, 100: 3}


@pytest.mark.parametrize("pattern", ["006_{:05d}.jpg", "image{:06d}.bmp", "{}.png", "img{}_x.png"])
def test_the_last_number_of_a_name_counts(tmp_path: Path, pattern: str) -> None:
    folder = folder_of(tmp_path, 5562, 5563, 5564, pattern=pattern)
    span = folder.locate(5562, 5563, 5564)
    assert (span.onset, span.apex, span.offset, span.remarks) == (0, 1, 2, ())


def test_a_clip_is_cut_out_of_a_longer_recording(tmp_path: Path) -> None:
    span = folder_of(tmp_path, *range(1, 101)).locate(46, 59, 86)
    assert (span.onset, span.apex, span.offset, span.remarks) == (45, 58, 85, ())


@pytest.mark.parametrize("first", [0, 1])
def test_a_folder_numbered_anew_that_holds_just_the_clip_is_the_clip(
    tmp_path: Path, first: int
) -> None:
    folder = folder_of(tmp_path, *range(first, first + 41))
    span = folder.locate(46, 59, 86)
    assert (span.onset, span.apex, span.offset) == (0, 13, 40)
    assert "numbered anew" in span.remarks[0][0]
    with pytest.raises(DatasetError, match="numbered anew"):
        folder.locate(46, 59, 86, corrections=False)


@pytest.mark.parametrize("numbers", [range(47, 61), [*range(1, 5), *range(47, 57)]])
def test_a_folder_of_as_many_other_frames_is_not_the_clip(tmp_path: Path, numbers: range) -> None:
    with pytest.raises(DatasetError, match="expected the frames 46 to 59"):
        folder_of(tmp_path, *numbers).locate(46, 50, 59)


@pytest.mark.parametrize("name", ["reg_img50 (1).jpg", "reg_img50_2.jpg"])
def test_an_image_of_another_number_between_the_frames_is_refused(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).touch()
    with pytest.raises(DatasetError, match="lie images with other numbers"):
        folder_of(tmp_path, *range(46, 60)).locate(46, 50, 59)


def test_a_gap_is_remarked_upon_and_shifts_what_follows(tmp_path: Path) -> None:
    span = folder_of(tmp_path, *(n for n in range(10, 31) if n not in (15, 16))).locate(10, 20, 30)
    assert (span.onset, span.apex, span.offset) == (0, 8, 18)
    assert span.remarks == (
        (
            "2 of the 21 frames 10 to 30 are missing, the first 15",
            "the clip is kept with the frames there are",
        ),
    )


def test_a_missing_apex_frame_is_dropped(tmp_path: Path) -> None:
    span = folder_of(tmp_path, *(n for n in range(10, 31) if n != 20)).locate(10, 20, 30)
    assert span.apex is None
    assert ("the apex frame 20 is not there", "the apex is dropped") in span.remarks


def test_a_clip_that_ends_early_is_kept_only_with_corrections(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *range(73, 97))
    span = folder.locate(73, 94, 110)
    assert (span.onset, span.offset) == (0, 23)
    assert "110 is not there" in span.remarks[0][0]
    with pytest.raises(DatasetError, match="110 is not there; the last one is 96"):
        folder.locate(73, 94, 110, corrections=False)


@pytest.mark.parametrize(("onset", "offset"), [(1, 20), (40, 50), (30, 30)])
def test_a_clip_without_its_onset_or_a_second_frame_is_refused(
    tmp_path: Path, onset: int, offset: int
) -> None:
    with pytest.raises(DatasetError, match="holds 10 to 30"):
        folder_of(tmp_path, *range(10, 31)).locate(onset, None, offset)


def test_the_whole_folder_is_compared_with_what_the_sheet_expects(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *range(5, 15))
    assert folder.whole(10).remarks == ()
    assert folder.whole(12).remarks == (("10 frames are there, the sheet says 12", "all taken"),)


def test_what_is_no_folder_of_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no image"):
        FrameFolder.open(tmp_path)
    with pytest.raises(DatasetError, match="cannot be listed"):
        FrameFolder.open(tmp_path / "none")
    with pytest.raises(DatasetError, match=r"two images bear the number 1, a01\.png and a1\.png"):
        for name in ("a1.png", "a01.png"):
            (tmp_path / name).touch()
        FrameFolder.open(tmp_path)


def test_a_clip_of_which_more_than_half_is_missing_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *range(10, 31))
    assert folder.locate(10, None, 51).offset == 20
    for offset in (52, 99_999):
        with pytest.raises(DatasetError, match="Correct the sheet, or unpack"):
            folder.locate(10, None, offset)
    (tmp_path / "gap").mkdir()
    with pytest.raises(DatasetError, match="found 2 of 21"):
        folder_of(tmp_path / "gap", 10, 30).locate(10, None, 30)
