"""Faces are drawn as promised, and dlib's detector takes every one for a face."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from astsvm.datasets.synthetic import SyntheticClip, draw_subject
from astsvm.datasets.synthetic.difficulty import DIFFICULTIES
from astsvm.datasets.synthetic.face import check_size, render_face
from astsvm.datasets.synthetic.plan import plan_labels
from astsvm.errors import SettingsError


@pytest.fixture(scope="module")
def detector():
    import dlib

    return dlib.get_frontal_face_detector()


@pytest.fixture(scope="module")
def predictor():
    import dlib

    package = find_spec("face_recognition_models").submodule_search_locations[0]
    model = Path(package) / "models" / "shape_predictor_68_face_landmarks.dat"
    return dlib.shape_predictor(str(model))


def assert_one_face(detector, clip, upsampling):
    frame = clip.frame(clip.onset)
    found = detector(frame, upsampling)
    assert len(found) == 1, f"{clip.name} {clip.subject.face.size}: {len(found)} faces"
    nose = clip.landmarks[30]
    assert found[0].left() < nose[0] < found[0].right()
    assert found[0].top() < nose[1] < found[0].bottom()
    return frame, found[0]


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (400, 300), (320, 480)])
def test_texture_is_twice_the_frame_and_in_range(size):
    face = draw_subject(3, seed=4, size=size).face
    width, height = size
    assert face.colour.shape == (2 * height, 2 * width, 3)
    assert face.colour.dtype == np.float32
    assert np.isfinite(face.colour).all()
    assert face.colour.min() >= 0
    assert face.colour.max() <= 250
    assert face.size == size
    assert (face.landmarks >= 0).all()
    assert (face.landmarks < size).all()
    scale = min(width / 640, height / 480)
    assert 88 * scale <= face.iod <= 98 * scale


def test_the_face_crop_fits_in_the_frame():
    for number in range(1, 9):
        face = draw_subject(number, seed=9, size=(320, 240)).face
        x, y = face.origin
        assert x - 1.375 * face.iod >= 0
        assert x + 1.375 * face.iod <= 319
        assert y - 0.825 * face.iod >= 0
        assert y + 1.925 * face.iod <= 239


def test_equal_identities_give_equal_pictures(subject):
    again = render_face(subject.identity, (320, 240))
    np.testing.assert_array_equal(again.colour, subject.face.colour)


def test_eyes_are_darker_than_the_forehead(subject):
    grey, face = subject.grey, subject.face

    def at(point):
        column, row = np.round(2 * point + 0.5).astype(int)
        return grey[row - 2 : row + 3, column - 2 : column + 3].mean()

    forehead = np.add(face.origin, (0.0, -0.62 * face.iod))
    for eye in (slice(36, 42), slice(42, 48)):
        assert at(face.landmarks[eye].mean(axis=0)) < 0.6 * at(forehead)


@pytest.mark.parametrize(
    "wrong", [(319, 240), (640, 481), (320,), "big", None, (320.5, 240), (True, 240)]
)
def test_sizes_that_cannot_be_drawn_are_refused(wrong):
    with pytest.raises(SettingsError, match="from 320 x 240 to 640 x 480, received"):
        check_size(wrong)


@pytest.mark.parametrize("change", [{"number": 0}, {"seed": -1}, {"size": (10, 10)}])
def test_bad_subjects_are_refused(change):
    with pytest.raises(SettingsError, match="expected"):
        draw_subject(**{"number": 1, "size": (320, 240), **change})


def test_dlib_finds_small_faces(detector):
    for number in (1, 2, 3):
        clip = SyntheticClip(draw_subject(number, size=(320, 240)), 1, "surprise")
        assert_one_face(detector, clip, upsampling=1)


@pytest.mark.slow
def test_dlib_finds_every_face(detector):
    for number, labels in enumerate(plan_labels(16, 4, 1), start=1):
        subject = draw_subject(number)
        for clip, label in enumerate(labels, start=1):
            for_frame = SyntheticClip(subject, clip, label)
            assert_one_face(detector, for_frame, upsampling=0)


@pytest.mark.slow
@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_dlib_finds_every_small_face_where_it_is(detector, predictor, difficulty):
    errors = []
    for number in range(1, 13):
        subject = draw_subject(number, seed=2, size=(320, 240))
        clip = SyntheticClip(subject, 1, "negative", difficulty=difficulty)
        frame, box = assert_one_face(detector, clip, upsampling=1)
        found = np.array([(p.x, p.y) for p in predictor(frame, box).parts()])
        distance = np.hypot(*(found - clip.landmarks).T) / subject.face.iod
        errors.append(distance[27:68].mean())
    # Nose, eyes and mouth; real photographs reach about .04.
    assert np.mean(errors) < 0.06
