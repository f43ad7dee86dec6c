"""The large frames on top of a clip's picture: which they are, and where landmarks lie on them."""

import numpy as np
import pytest

from astsvm.reporting.key_frames import chip_landmarks, draw_key_frames, key_points
from astsvm.reporting.picture_sheet import Sheet

TRANSFORM = np.array([[0.5, 0.1, 3.0], [-0.1, 0.5, -2.0]])
POINTS = np.random.default_rng(0).uniform(100, 300, (68, 2)).astype(np.float32)


def test_landmarks_go_where_the_clip_went():
    placed = chip_landmarks(POINTS, TRANSFORM, 192, {"alignment": "similarity"})
    x, y = POINTS[5].astype(float)
    np.testing.assert_allclose(placed[5], [0.5 * x + 0.1 * y + 3, -0.1 * x + 0.5 * y - 2])
    assert chip_landmarks(None, TRANSFORM, 192, {}) is None
    assert chip_landmarks(POINTS, None, 192, {}) is None


def test_a_piecewise_warp_brings_them_onto_the_mean_face(synthetic_piecewise):
    aligned, spots = synthetic_piecewise
    placed = chip_landmarks(aligned.landmarks, aligned.transform, 96, {"alignment": "piecewise"})
    for point, spot in spots.items():
        found = np.unravel_index(spot.argmax(), spot.shape)[::-1]
        assert np.hypot(*(found - placed[point])) < 1.5


@pytest.fixture
def synthetic_piecewise():
    """Align a frame piecewise, and frames with a bright spot on one landmark each."""
    from astsvm.preprocessing import FaceAligner
    from astsvm.preprocessing.canonical_face import canonical_landmarks

    jitter = np.random.default_rng(1).normal(0, 2, (68, 2))
    landmarks = canonical_landmarks() * 70 + (200, 150) + jitter
    rows, columns = np.mgrid[:400, :420].astype(np.float32)

    def spot(point):
        x, y = landmarks[point]
        return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18)

    chosen = (8, 19, 33, 54)
    frames = np.stack([spot(point) for point in chosen])
    aligned = FaceAligner(96, method="piecewise").align(frames, landmarks)
    return aligned, dict(zip(chosen, aligned.frames, strict=True))


@pytest.mark.parametrize(
    ("names", "motion", "chosen"),
    [
        ({0: "onset", 4: "apex", 10: "offset"}, None, [0, 4, 10]),
        ({0: "onset, apex", 10: "offset"}, None, [0, 10]),
        ({0: "onset", 10: "offset, apex"}, None, [0, 10]),
        ({0: "first", 10: "last"}, np.r_[1, 2, 9, np.ones(7)], [0, 3, 10]),
        ({0: "first", 10: "last"}, None, [0, 10]),
    ],
)
def test_the_apex_is_shown_or_what_differs_most(names, motion, chosen):
    assert key_points(names, 11, motion) == chosen


def test_one_frame_is_one_panel():
    assert key_points({0: "first, last"}, 1, np.empty(0)) == [0]


def test_dots_lie_on_the_second_panel_at_the_landmarks():
    sheet = Sheet(9, 4)
    frames = np.zeros((3, 40, 40), np.uint8)
    landmarks = np.array([[3.0, 5.0], [30.0, 20.0]])
    draw_key_frames(sheet, 0.2, frames, [0, 2], {0: "onset", 2: "offset"}, landmarks=landmarks)
    lines = [axes.lines for axes in sheet.figure.axes]
    assert [len(found) for found in lines] == [0, 1, 0]
    np.testing.assert_array_equal(np.column_stack(lines[1][0].get_data()), landmarks)
    texts = [text.get_text() for text in sheet.figure.texts]
    assert texts == ["onset", "frame no. 1", "onset", "with 2 landmarks", "offset", "frame no. 3"]
