"""A table is taken where its name can mean one clip only; otherwise both readings are told."""

import errno
from pathlib import Path

import numpy as np
import pytest

from astsvm.clip import Clip
from astsvm.errors import DatasetError
from astsvm.preprocessing import landmarks_of_clips

HEADER = ",".join(["frame", *(f"{axis}{i}" for i in range(5) for axis in "xy")])
POINTS = np.array([[60, 30], [52, 30], [20, 30], [28, 30], [40, 50]])
"""dlib's five: corners of the eye on the right, of the eye on the left, and the nose."""


def row(frame, shift=0):
    return ",".join(str(value) for value in [frame, *(POINTS + shift).ravel()])


def assert_shifted(found, shift):
    np.testing.assert_array_equal(found, POINTS + shift)


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def clip_of(name="c1", subject="s1", onset=8, source="videos/c1.mp4"):
    return Clip("folder", subject, name, "a", Path(source), onset=onset)


def test_a_table_that_two_subjects_would_take_is_refused(tmp_path):
    write(tmp_path / "c1.csv", HEADER, row(8))
    clips = [clip_of(), clip_of(subject="s2", source="other/c1.mp4")]
    with pytest.raises(DatasetError, match=r"Name it s1/c1.csv or s2/c1.csv\."):
        landmarks_of_clips(tmp_path, clips)
    write(tmp_path / "s2" / "c1.csv", HEADER, row(8, 9))
    found = landmarks_of_clips(tmp_path, clips)
    assert_shifted(found["folder/s2/c1"], 9)


def swapped_names():
    """Return clip 01 of the video 02.mp4 and clip 02 of the video 01.mp4."""
    return [clip_of("01", source="v/02.mp4"), clip_of("02", source="v/01.mp4")]


@pytest.mark.parametrize(
    ("names", "one", "two"),
    [
        (("01", "02"), "by its clip", "by its source 01.mp4"),
        (("01",), "by its clip", "by its source 01.mp4"),
        (("02",), "by its source 02.mp4", "by its clip"),
    ],
)
def test_a_name_of_a_clip_and_of_another_clips_video_is_refused(tmp_path, names, one, two):
    for name in names:
        write(tmp_path / f"{name}.csv", HEADER, row(8))
    readings = rf"that of folder/s1/01 \({one}\) or that of folder/s1/02 \({two}\)"
    with pytest.raises(DatasetError, match=rf"2 of 2 clips .*{names[0]}.csv: .*{readings}\. Name"):
        landmarks_of_clips(tmp_path, swapped_names())


def test_full_names_settle_which_video_is_meant(tmp_path):
    for name, shift in (("s1/01", 0), ("02", 9)):
        write(tmp_path / f"{name}.csv", HEADER, row(8, shift))
    found = landmarks_of_clips(tmp_path, swapped_names())
    assert_shifted(found["folder/s1/01"], 0)
    assert_shifted(found["folder/s1/02"], 9)


def test_a_table_by_the_clip_and_one_by_its_video_are_refused(tmp_path):
    """Videos that the sheet does not name may have tables too."""
    for name in ("01", "02"):
        write(tmp_path / f"{name}.csv", HEADER, row(8))
    says = r"expected one table, .*01.csv \(by its clip\) and .*02.csv \(by its source 02.mp4\)"
    with pytest.raises(DatasetError, match=says):
        landmarks_of_clips(tmp_path, swapped_names()[:1])


def test_clips_of_two_databases_are_told_to_name_the_database(tmp_path):
    write(tmp_path / "s1" / "c1.csv", HEADER, row(8))
    clips = [clip_of(), Clip("other", "s1", "c1", "a", Path("w.mp4"), onset=7)]
    with pytest.raises(DatasetError, match=r"Name it folder/s1/c1.csv or other/s1/c1.csv"):
        landmarks_of_clips(tmp_path, clips)


def test_clips_of_one_video_share_its_table(tmp_path):
    rows = [row(frame, frame) for frame in (8, 20)]
    write(tmp_path / "c1.csv", HEADER, *rows)
    found = landmarks_of_clips(tmp_path, [clip_of(), clip_of("c2", onset=20)])
    assert_shifted(found["folder/s1/c1"], 8)
    assert_shifted(found["folder/s1/c2"], 20)


@pytest.mark.parametrize("key", ["folder/s1/c1", "s1/c1", "c1"])
def test_of_a_table_that_names_its_clips_only_those_rows_are_taken(tmp_path, key):
    rows = [f"c9,{row(8, 50)}", f"{key},{row(8)}"]
    write(tmp_path / "c1.csv", "clip," + HEADER, *rows)
    found = landmarks_of_clips(tmp_path, [clip_of()])
    assert_shifted(found["folder/s1/c1"], 0)
    write(tmp_path / "c1.csv", "clip," + HEADER, rows[0])
    with pytest.raises(DatasetError, match=r"of clip folder/s1/c1, but its rows are of clip 'c9'"):
        landmarks_of_clips(tmp_path, [clip_of()])


def test_no_table_can_have_a_name_longer_than_names_can_be(tmp_path):
    """The video's name is as long as can be; with ".csv" it is too long."""
    clips = [clip_of(), clip_of("c2", source="x" * 251 + ".mp4")]
    write(tmp_path / "c1.csv", HEADER, row(8))
    assert list(landmarks_of_clips(tmp_path, clips)) == ["folder/s1/c1"]


def test_a_folder_that_may_not_be_searched_is_told(tmp_path, monkeypatch):
    """As root every folder may be; so the refusal is put in the system's place."""

    def is_file(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "is_file", is_file)
    with pytest.raises(DatasetError, match=r"c1.csv: landmarks cannot be read: Permission denied"):
        landmarks_of_clips(tmp_path, [clip_of()])
