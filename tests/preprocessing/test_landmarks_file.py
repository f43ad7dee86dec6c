"""Landmarks from a CSV file, and what a faulty one gets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.errors import DatasetError
from astsvm.preprocessing import read_landmarks
from astsvm.preprocessing.landmark_layouts import MEDIAPIPE_AS_68

POSITIONS = ",".join(f"x{i},y{i}" for i in range(68))


def numbers(start=0.0, count=68):
    return ",".join(f"{start + i},{start - i}" for i in range(count))


def write(path, *lines, encoding="utf-8"):
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def test_one_row_a_clip(tmp_path):
    path = write(
        tmp_path / "Gesichter ä.csv",
        f"database,subject,clip,note,{POSITIONS}",
        f"folder,s01,c1,x,{numbers(10.5)}",
        f'folder,"s02",c é,,{numbers(20)}',
    )
    found = read_landmarks(path)
    assert list(found) == ["folder/s01/c1", "folder/s02/c é"]
    assert found["folder/s01/c1"].shape == (68, 2)
    assert found["folder/s01/c1"].dtype == np.float32
    np.testing.assert_array_equal(found["folder/s01/c1"][3], [13.5, 7.5])


def test_accents_count_as_the_same_however_they_are_written(tmp_path):
    path = write(tmp_path / "a.csv", f"clip,{POSITIONS}", f"d/s/cafe\u0301,{numbers()}")
    assert list(read_landmarks(path)) == ["d/s/caf\u00e9"]


@pytest.mark.parametrize("name", ["clip", "key"])
def test_a_key_and_five_points_from_a_spreadsheet(tmp_path, name):
    header = ", ".join([name, *(f"X{i}, Y{i}" for i in range(5))])
    path = write(tmp_path / "a.csv", header, f"d/s/c,{numbers(1, 5)}", "", encoding="utf-8-sig")
    found = read_landmarks(path)
    assert found["d/s/c"].shape == (5, 2)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "row 1: expected a column 'clip'"),
        ([f"file,{POSITIONS}"], "row 1: expected a column 'clip'"),
        (["clip,x0,y0,x1,y1"], "row 1: expected columns x0, y0"),
        ([f"clip,{POSITIONS}", "a,1,2"], "row 2: clip a: expected 137 cells"),
        ([f"clip,{POSITIONS}", f"a,{numbers()}", f"a,{numbers()}"], "row 3: clip a comes twice"),
        (
            [f"clip,{POSITIONS}", "a,none," + ",".join("1" * 135)],
            "row 2: clip a: x0: .*received 'none'",
        ),
        (
            [f"clip,{POSITIONS}", "a,1,nan," + ",".join("1" * 134)],
            "row 2: clip a: y0: .*received 'nan'",
        ),
        (
            [f"clip,{POSITIONS}", "a,1,1e9," + ",".join("1" * 134)],
            "row 2: clip a: y0: .*received '1e9'",
        ),
        ([f"clip,success,{POSITIONS}", f"a,yes,{numbers()}"], "success: expected 0 or 1, .*'yes'"),
        ([f"clip,{POSITIONS}", "a" + ",nan, " * 68], "clip a: all positions are empty or NaN, no"),
        (
            [f"clip,width,height,{POSITIONS}", f"a,640,0,{numbers()}"],
            "clip a: height: expected pixels of the frame, received '0'",
        ),
    ],
)
def test_faults_are_named_with_their_row(tmp_path, lines, message):
    with pytest.raises(DatasetError, match=message):
        read_landmarks(write(tmp_path / "a.csv", *lines))


def mesh_row(points, parts_of):
    mesh = np.full((478, 2), 0.5)
    mesh[list(MEDIAPIPE_AS_68)] = (points + 0.5) / np.array(parts_of)
    return ",".join(f"{value:.7f}" for value in mesh.ravel())


def test_a_mesh_in_parts_of_the_frame_needs_its_size(tmp_path):
    points = np.arange(136, dtype=np.float32).reshape(68, 2)
    names = ",".join(f"x_{i},y_{i}" for i in range(478))
    row = mesh_row(points, (640, 480))
    path = write(tmp_path / "a.csv", f"clip,width,height,{names}", f"d/s/c,640,480,{row}")
    np.testing.assert_allclose(read_landmarks(path)["d/s/c"], points, atol=1e-3)
    with pytest.raises(DatasetError, match="row 2: clip d/s/c: positions are parts of the frame"):
        read_landmarks(write(tmp_path / "b.csv", f"clip,{names}", f"d/s/c,{row}"))


def test_openfaces_columns_are_read_by_their_case(tmp_path):
    columns = [f"{axis}_{i}" for axis in "xyXYZ" for i in range(68)]
    cells = [*range(68), *range(100, 168), *[-9] * 204]
    lines = ["clip, success, " + ", ".join(columns), "c, 1, " + ", ".join(map(str, cells))]
    found = read_landmarks(write(tmp_path / "a.csv", *lines))
    np.testing.assert_array_equal(found["c"], np.stack([np.arange(68), np.arange(100, 168)], 1))
    lines[1] = lines[1].replace("c, 1", "c, 0")
    with pytest.raises(DatasetError, match="row 2: clip c: success is 0"):
        read_landmarks(write(tmp_path / "a.csv", *lines))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe\x00clip")
    with pytest.raises(DatasetError, match="CSV file in UTF-8"):
        read_landmarks(path)
    with pytest.raises(DatasetError, match="cannot be read: No such file"):
        read_landmarks(tmp_path / "missing.csv")


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("fuzz") / "a.csv"
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    try:
        assert isinstance(read_landmarks(path), dict)
    except DatasetError as error:
        assert "a.csv" in str(error)
