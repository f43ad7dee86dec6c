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


def test_files_and_folders_of_other_clips_are_refused(tmp_path, points):
    with pytest.raises(DatasetError, match=r"such as s1/c1.csv, found none"):
        landmarks_of_clips(tmp_path, [clip_of()])
    path = write(tmp_path / "all.csv", "clip," + OPENFACE_HEADER, "c9," + openface_row(8, points))
    with pytest.raises(DatasetError, match=r"such as 'folder/s1/c1', received .* 'c9'"):
        landmarks_of_clips(path, [clip_of()])


def rows_of_one_file(points, *cells):
    """Return a plain table of clip c1 whose rows begin with frames and then hold what is given."""
    positions = ",".join(f"{value:g}" for value in points.ravel())
    names = ",".join(f"{axis}{i}" for i in range(68) for axis in "xy")
    rows = [f"{frame},folder/s1/c1,{positions if held is None else held}" for frame, held in cells]
    return [f"frame,clip,{names}", *rows]


@pytest.mark.parametrize(
    "unused", ["," * 135, ",".join(["nan"] * 136), "1,nan" + ",2" * 134, "none" + ",2" * 135, "1,2"]
)
def test_frames_that_nobody_uses_may_be_faulty(tmp_path, points, unused):
    lines = rows_of_one_file(points, (6, unused), (7, None), (2000000, unused))
    path = write(tmp_path / "all.csv", *lines)
    found = landmarks_of_clips(path, [clip_of(onset=7)])
    np.testing.assert_allclose(found["folder/s1/c1"], points, atol=0.01)
    with pytest.raises(DatasetError, match=r"1 of 1 clips .*row 2: clip folder/s1/c1: "):
        landmarks_of_clips(path, [clip_of(onset=6)])


def test_a_table_cut_short_in_its_last_row_serves(tmp_path, points):
    """A tracker that was stopped leaves half a row."""
    rows = [openface_row(8, points), openface_row(9, points)[:40]]
    write(tmp_path / "c1.csv", OPENFACE_HEADER, *rows)
    found = landmarks_of_clips(tmp_path, [clip_of()])
    np.testing.assert_allclose(found["folder/s1/c1"], points, atol=0.01)
    with pytest.raises(DatasetError, match=r"row 3: .*expected 345 cells as in the header"):
        landmarks_of_clips(tmp_path, [clip_of(onset=8)])


@pytest.mark.parametrize("frame", ["5.4", "", "nan", "-1", "1e999", "five"])
def test_what_is_no_number_of_a_frame_is_refused(tmp_path, points, frame):
    path = write(tmp_path / "all.csv", *rows_of_one_file(points, (frame, None), (5, None)))
    says = rf"row 2: clip folder/s1/c1: frame: expected the number .* from 0, received '{frame}'"
    with pytest.raises(DatasetError, match=says):
        landmarks_of_clips(path, [clip_of(onset=5)])


def test_openface_columns_that_count_from_zero_are_refused(tmp_path, points):
    write(tmp_path / "c1.csv", OPENFACE_HEADER, *(openface_row(i, points) for i in range(9)))
    with pytest.raises(DatasetError, match=r"row 2: .* whole and from 1, received '0'"):
        landmarks_of_clips(tmp_path, [clip_of()])


@pytest.mark.parametrize("cell", ["nan", "", " NaN"])
def test_a_mesh_of_nothing_counts_as_no_face_found(tmp_path, points, cell):
    lines = mesh_lines(points, [(6, 0)])
    write(tmp_path / "c1.csv", *lines, "7," + ",".join([cell] * 1434))
    with pytest.raises(DatasetError, match=r"row 3: clip folder/s1/c1: all .* no face was found"):
        landmarks_of_clips(tmp_path, [clip_of()])


def test_faults_of_all_kinds_are_collected_and_counted(tmp_path, points):
    """Among them tables that cannot be read at all, and faces that stand on their heads."""
    clips = [clip_of(f"c{i}", source=f"{i}.mp4") for i in range(4)]
    write(tmp_path / "c0.csv", "frame,x0,y0", "8,1,2")
    write(tmp_path / "c1.csv", OPENFACE_HEADER, openface_row(8, points * [-1, 1]))
    write(tmp_path / "c2.csv", *mesh_lines(points, [(7, np.nan)]))
    write(tmp_path / "c3.csv", OPENFACE_HEADER, openface_row(8, points))
    with pytest.raises(DatasetError, match="3 of 4 clips") as caught:
        landmarks_of_clips(tmp_path, clips)
    for says in (
        "c0.csv, row 1: expected columns",
        "c1: landmarks: expected dlib's",
        "no face was",
    ):
        assert says in str(caught.value)
    assert list(landmarks_of_clips(tmp_path, clips[3:])) == ["folder/s1/c3"]
