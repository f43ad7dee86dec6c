"""Layouts are told by their columns; the map from MediaPipe's mesh keeps the face's sides."""

import pytest

from astsvm.preprocessing.landmark_layouts import MEDIAPIPE_AS_68, landmark_layout

OPENFACE = [
    *("frame", "face_id", "timestamp", "confidence", "success", "gaze_0_x", "eye_lmk_x_0"),
    *(f"x_{i}" for i in range(68)),
    *(f"y_{i}" for i in range(68)),
    *(f"{axis}_{i}" for axis in "XYZ" for i in range(68)),
    *("p_scale", "AU01_r"),
]


def pairs(pattern, count, axes="xy"):
    return [pattern.format(axis, i) for i in range(count) for axis in axes]


def names_of(header):
    layout = landmark_layout(header)
    return layout.name, [header[column] for column in layout.columns]


def test_openface_gives_its_pixels_not_its_millimetres():
    assert names_of(OPENFACE) == ("openface", pairs("{}_{}", 68))
    assert landmark_layout(OPENFACE).first_frame == 1


@pytest.mark.parametrize("pattern", ["{}_{}", "{}{}"])
@pytest.mark.parametrize("points", [468, 478])
def test_a_mesh_gives_the_points_of_the_map(pattern, points):
    header = ["frame", *pairs(pattern, points, "xyz")]
    name, columns = names_of(header)
    assert name == "mediapipe"
    assert columns == [pattern.format(axis, i) for i in MEDIAPIPE_AS_68 for axis in "xy"]
    assert landmark_layout(header).may_be_parts


@pytest.mark.parametrize("count", [68, 5])
def test_plain_columns_may_be_in_capitals_and_in_any_order(count):
    header = ["clip", *reversed(pairs("{}{}", count, "XY"))]
    assert names_of(header) == ("plain", pairs("{}{}", count, "XY"))


@pytest.mark.parametrize(
    "header",
    [[], ["clip"], pairs("{}{}", 4), pairs("{}_{}", 67), pairs("{}_{}", 68, "XY"), ["x0", "x1"]],
)
def test_anything_else_is_no_layout(header):
    assert landmark_layout(header) is None


def test_the_map_has_the_points_that_mediapipe_documents():
    """Corners of eyes and mouth, chin and nose tip, as named in MediaPipe's own contours."""
    documented = {36: 33, 39: 133, 42: 362, 45: 263, 48: 61, 54: 291, 60: 78, 64: 308, 8: 152}
    assert {point: MEDIAPIPE_AS_68[point] for point in documented} == documented
    assert MEDIAPIPE_AS_68[30] == 1


def test_the_map_names_68_different_points_of_the_mesh():
    assert len(set(MEDIAPIPE_AS_68)) == 68
    assert max(MEDIAPIPE_AS_68) < 468


def test_sides_are_not_mixed_up():
    """Of the mesh's mirrored points the one on the left of the image has the lower number."""
    mirrored = {
        **{i: 16 - i for i in range(8)},
        **{17 + i: 26 - i for i in range(5)},
        **{31: 35, 32: 34, 36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46},
        **{48: 54, 49: 53, 50: 52, 59: 55, 58: 56, 60: 64, 61: 63, 67: 65},
    }
    for left, right in mirrored.items():
        assert MEDIAPIPE_AS_68[left] < MEDIAPIPE_AS_68[right], (left, right)
