"""Tiles have the colours their key tells; a face is marked where it was found."""

import base64

import cv2
import numpy as np

from astsvm.app.painting import face_picture, key_picture, tile_picture
from astsvm.config import PreprocessingSettings
from astsvm.reporting.feature_rows import clip_rows


def pixels(address):
    """Return red, green, blue of a picture in the page."""
    content = base64.b64decode(address.partition("base64,")[2])
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(int)


def rows(**streams):
    frames = np.full((3, 16, 16), 40, np.uint8)
    settings = PreprocessingSettings().model_dump(mode="json")
    return {row.heading: row for row in clip_rows(frames, streams, settings)}


def test_flow_to_the_right_is_red_and_to_the_left_cyan():
    flow = np.zeros((2, 16, 16, 2), np.float16)
    flow[0, ..., 0], flow[1, ..., 0] = 2, -2
    row = rows(flow=flow)["optical flow"]
    np.testing.assert_allclose(pixels(tile_picture(row, 0)).mean((0, 1)), (255, 0, 0), atol=6)
    np.testing.assert_allclose(pixels(tile_picture(row, 1)).mean((0, 1)), (0, 255, 255), atol=6)


def test_brighter_is_red_darker_is_blue_and_none_is_white():
    idsf = np.zeros((2, 16, 16, 1), np.float16)
    idsf[1, :8], idsf[1, 8:] = 0.5, -0.5
    row = rows(idsf=idsf)["IDSF"]
    assert pixels(tile_picture(row, 0)).min() > 235
    tile = pixels(tile_picture(row, 1))
    assert tile[4, 4, 0] > tile[4, 4, 2] + 50
    assert tile[12, 12, 2] > tile[12, 12, 0] + 50


def test_frames_keep_their_grey():
    np.testing.assert_allclose(pixels(tile_picture(rows()["frames"], 0)), 40, atol=2)


def test_a_key_is_a_picture_of_some_colours():
    flow = np.ones((1, 16, 16, 2), np.float16)
    assert np.ptp(pixels(key_picture(rows(flow=flow)["optical flow"].key)), axis=(0, 1)).min() > 100


def test_landmarks_and_the_models_part_are_marked_where_they_are():
    frame = np.full((100, 200), 128, np.uint8)
    landmarks = np.array([[150, 60]], np.float32)
    # The aligned face of 32 pixels is the square from (20, 30) to (82, 92) of the frame.
    transform = np.array([[0.5, 0, -10], [0, 0.5, -15]])
    shown = pixels(face_picture(frame, landmarks, transform, PreprocessingSettings(size=32)))
    assert shown.shape == (100, 200, 3)
    changed = np.abs(shown - 128).max(-1) > 40
    assert changed[60, 150]
    assert changed[30, 20:82].all()
    assert changed[92, 20:82].all()
    assert changed[30:92, 20].all()
    assert changed[30:92, 82].all()
    assert not changed[:25].any()
    assert not changed[40:80, 30:75].any()


def test_large_frames_become_smaller_and_marks_with_them():
    frame = np.full((560, 1120), 128, np.uint8)
    shown = pixels(
        face_picture(frame, np.array([[1000, 500]], np.float32), None, PreprocessingSettings())
    )
    assert shown.shape == (280, 560, 3)
    assert np.abs(shown[250, 500] - 128).max() > 40


def test_any_kind_of_frame_is_shown_alike():
    settings = PreprocessingSettings()
    expected = pixels(face_picture(np.full((20, 20), 51, np.uint8), None, None, settings))
    for frame in (np.full((20, 20), 0.2, np.float32), np.full((20, 20), 13107, np.uint16)):
        np.testing.assert_array_equal(pixels(face_picture(frame, None, None, settings)), expected)
