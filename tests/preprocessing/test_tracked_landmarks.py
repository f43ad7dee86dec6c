"""Trackers' tables: the row of the onset is taken, in pixels, or the clip is named."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from astsvm.clip import Clip
from astsvm.errors import DatasetError
from astsvm.preprocessing import FaceAligner, landmarks_of_clips
from astsvm.preprocessing.landmark_layouts import MEDIAPIPE_AS_68

OPENFACE_HEADER = ", ".join(
    [
        *("frame", "face_id", "timestamp", "confidence", "success"),
        *(f"{axis}_{i}" for axis in "xyXYZ" for i in range(68)),
    ]
)


def openface_row(frame, points, success=1):
    millimetres = np.full(3 * 68, -999.0)
    cells = [frame, 0, frame / 100, 0.98, success, *points[:, 0], *points[:, 1], *millimetres]
    return ", ".join(f"{value:g}" for value in cells)


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def mesh_lines(points, rows, *, parts_of=None, extra=None):
    """Return a table of a mesh that has `points` where the map says and other places elsewhere."""
    names = [f"{axis}_{i}" for i in range(478) for axis in "xyz"]
    lines = [",".join(["frame", *(extra or {}), *names])]
    for frame, shift in rows:
        mesh = np.full((478, 3), 300.0)
        mesh[list(MEDIAPIPE_AS_68), :2] = points + shift
        if parts_of is not None:
            mesh[:, :2] = (mesh[:, :2] + 0.5) / np.array(parts_of)
        numbers = [frame, *(extra or {}).values(), *mesh.ravel()]
        lines.append(",".join(f"{value:.6f}" for value in numbers))
    return lines


@pytest.fixture
def points(synthetic_clip):
    return np.round(synthetic_clip.landmarks, 2).astype(np.float32)


def clip_of(name="c1", subject="s1", onset=7, source="videos/c1.mp4"):
    return Clip("folder", subject, name, "a", Path(source), onset=onset)


@pytest.mark.parametrize(
    "name", ["folder/s1/c1.csv", "s1/c1.csv", "c1.csv", "take 3.csv", "take 3.mp4.csv"]
)
def test_openface_counts_frames_from_one_and_is_found_by_name(tmp_path, points, name):
    rows = [openface_row(frame, points + frame) for frame in range(1, 30)]
    write(tmp_path / name, OPENFACE_HEADER, *rows)
    clip = clip_of(source="videos/take 3.mp4")
    found = landmarks_of_clips(tmp_path, [clip, clip_of("c2", source="other.mp4")])
    assert list(found) == ["folder/s1/c1"]
    np.testing.assert_allclose(found["folder/s1/c1"], points + 8, atol=0.01)


def test_without_an_onset_the_first_frame_counts(tmp_path, points):
    rows = [openface_row(frame, points + frame) for frame in (1, 2)]
    write(tmp_path / "c1.csv", OPENFACE_HEADER, *rows)
    found = landmarks_of_clips(tmp_path, [clip_of(onset=None)])
    np.testing.assert_allclose(found["folder/s1/c1"], points + 1, atol=0.01)


def test_a_mesh_in_pixels_counts_frames_from_zero(tmp_path, points):
    write(tmp_path / "c1.csv", *mesh_lines(points, [(6, 0), (7, 5), (8, 0)]))
    found = landmarks_of_clips(tmp_path, [clip_of()])
    np.testing.assert_allclose(found["folder/s1/c1"], points + 5, atol=1e-3)


def test_a_mesh_in_parts_gets_its_size_from_the_frame_or_from_the_table(
    tmp_path, points, synthetic_clip
):
    frames = tmp_path / "frames"
    frames.mkdir()
    frame = synthetic_clip.frame(synthetic_clip.onset)
    cv2.imwrite(str(frames / "1.png"), frame)
    height, width = frame.shape
    lines = mesh_lines(points, [(0, 0)], parts_of=(width, height))
    write(tmp_path / "tables" / "c1.csv", *lines)
    clip = clip_of(onset=0, source=frames)
    found = landmarks_of_clips(tmp_path / "tables", [clip])[clip.key]
    np.testing.assert_allclose(found, points, atol=0.01)
    told = {"width": 2 * width, "height": height}
    write(
        tmp_path / "tables" / "c1.csv",
        *mesh_lines(points, [(0, 0)], parts_of=(width, height), extra=told),
    )
    doubled = landmarks_of_clips(tmp_path / "tables", [clip])[clip.key]
    np.testing.assert_allclose(doubled[:, 0] + 0.5, 2 * (points[:, 0] + 0.5), atol=0.02)
    # The same face whoever has found it: all that follows is the same.
    direct, mapped = (FaceAligner(64).align(frame[None], given) for given in (points, found))
    np.testing.assert_allclose(mapped.frames, direct.frames, atol=2e-3)


def test_a_clip_whose_frames_cannot_be_read_is_left_to_fail_by_itself(tmp_path, points):
    write(tmp_path / "c1.csv", *mesh_lines(points, [(7, 0)], parts_of=(640, 480)))
    assert landmarks_of_clips(tmp_path, [clip_of(source=tmp_path / "lost.mp4")]) == {}


def test_one_file_may_hold_the_frames_of_all_clips(tmp_path, points):
    lines = ["clip," + OPENFACE_HEADER]
    for clip in ("c1", "c2"):
        for frame in (1, 8):
            shifted = points + frame + (100 if clip == "c2" else 0)
            lines.append(f"folder/s1/{clip}," + openface_row(frame, shifted))
    path = write(tmp_path / "all.csv", *lines)
    found = landmarks_of_clips(path, [clip_of("c1"), clip_of("c2"), clip_of("c3")])
    assert list(found) == ["folder/s1/c1", "folder/s1/c2"]
    np.testing.assert_allclose(found["folder/s1/c2"], points + 108, atol=0.01)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1, 1), (2, 1)], r"1 of 1 clips .*expected one row for frame 8, received 0 of 2"),
        ([(8, 1), (8, 1)], "expected one row for frame 8, received 2 of 2"),
        ([(8, 0)], "row 2: clip folder/s1/c1: success is 0.*have dlib search"),
        ([], "received 0 of 0"),
    ],
)
def test_a_table_without_a_usable_onset_names_the_clip(tmp_path, points, rows, message):
    lines = [openface_row(frame, points, success) for frame, success in rows]
    write(tmp_path / "c1.csv", OPENFACE_HEADER, *lines)
    with pytest.raises(DatasetError, match=message):
        landmarks_of_clips(tmp_path, [clip_of()])


def test_many_faults_are_counted_and_a_few_named(tmp_path, points):
    clips = [clip_of(f"c{i}", source=f"{i}.mp4") for i in range(5)]
    for clip in clips:
        write(tmp_path / f"{clip.clip}.csv", OPENFACE_HEADER, openface_row(8, points, 0))
    with pytest.raises(DatasetError, match="5 of 5 clips") as caught:
        landmarks_of_clips(tmp_path, clips)
    assert str(caught.value).count("success is 0") == 3


def test_a_table_that_two_subjects_would_take_is_refused(tmp_path, points):
    write(tmp_path / "c1.csv", OPENFACE_HEADER, openface_row(8, points))
    clips = [clip_of(), clip_of(subject="s2", source="other/c1.mp4")]
    with pytest.raises(DatasetError, match=r"folder/s1/c1 or of folder/s2/c1. Name it s2/c1.csv"):
        landmarks_of_clips(tmp_path, clips)
    write(tmp_path / "s2" / "c1.csv", OPENFACE_HEADER, openface_row(8, points + 9))
    found = landmarks_of_clips(tmp_path, clips)
    np.testing.assert_allclose(found["folder/s2/c1"], points + 9, atol=0.01)


def test_files_and_folders_of_other_clips_are_refused(tmp_path, points):
    with pytest.raises(DatasetError, match=r"such as s1/c1.csv, found none"):
        landmarks_of_clips(tmp_path, [clip_of()])
    path = write(tmp_path / "all.csv", "clip," + OPENFACE_HEADER, "c9," + openface_row(8, points))
    with pytest.raises(DatasetError, match=r"such as 'folder/s1/c1', received .* 'c9'"):
        landmarks_of_clips(path, [clip_of()])
