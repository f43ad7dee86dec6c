"""Arrays of frames: what is taken, what becomes of colour, and what is refused."""

import numpy as np
import pytest

from astsvm.errors import InvalidInputError
from astsvm.recognizer.input_frames import checked_fps, grey_frames

GREY = np.random.default_rng(0).integers(0, 256, (3, 20, 30), dtype=np.uint8)


def taken(frames):
    return np.stack(list(grey_frames(frames)))


def test_grey_is_taken_as_it_is():
    np.testing.assert_array_equal(taken(GREY), GREY)
    np.testing.assert_array_equal(taken(GREY / 255), GREY / 255)
    np.testing.assert_array_equal(taken(list(GREY)), GREY)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_colour_is_red_green_blue(dtype):
    white = 255 if dtype is np.uint8 else 1
    colour = np.zeros((2, 20, 30, 3), dtype)
    colour[..., 0], colour[0, ..., 1] = white, white
    for frame, weight in zip(taken(colour), (0.299 + 0.587, 0.299), strict=True):
        assert frame.shape == (20, 30)
        np.testing.assert_allclose(frame / white, weight, atol=3e-3)


def test_a_video_gives_the_same_grey_as_its_colours(tmp_path):
    import cv2

    from astsvm.preprocessing import read_frames

    colour = np.random.default_rng(1).integers(0, 256, (2, 20, 30, 3), dtype=np.uint8)
    for index, frame in enumerate(colour):
        assert cv2.imwrite(str(tmp_path / f"{index}.png"), frame[..., ::-1])
    np.testing.assert_array_equal(taken(colour), read_frames(tmp_path).frames)


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        (GREY[0], r"received \(20, 30\)"),
        (np.zeros((3, 20, 30, 4), np.uint8), r"\(3, 20, 30, 4\)"),
        (np.zeros((3, 20, 30, 1), np.uint8), r"\(3, 20, 30, 1\)"),
        (np.zeros((3, 0, 30), np.uint8), r"\(3, 0, 30\)"),
        (GREY[:1], "at least 2"),
        (GREY[:0], r"\(0, 20, 30\)"),
        (GREY.astype(np.int64), "received int64"),
        (GREY > 3, "received bool"),
        (GREY.astype(np.float32), "Divide by the largest grey level"),
        (GREY / 255 - 0.5, "received -0.5"),
        (np.full((3, 20, 30), np.nan), "received nan"),
        ([GREY[0], GREY[1][:5]], "one size"),
        ("frames", r"received \(\)"),
    ],
)
def test_other_arrays_are_refused(frames, says):
    with pytest.raises(InvalidInputError, match=says):
        grey_frames(frames)


def test_the_frame_rate_is_a_positive_number():
    assert checked_fps(None) is None
    assert checked_fps(30) == 30.0
    for wrong in (0, -1, float("nan"), float("inf"), "fast", [1, 2]):
        with pytest.raises(InvalidInputError, match="positive number"):
            checked_fps(wrong)
