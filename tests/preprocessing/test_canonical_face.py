"""The template face is symmetric and shaped like a face."""

import os
from pathlib import Path

import numpy as np
import pytest

from astsvm.preprocessing.canonical_face import canonical_landmarks
from astsvm.preprocessing.face import eye_centres

MIRROR = [
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
]  # fmt: skip


def test_symmetric_in_dlibs_order():
    face = canonical_landmarks()
    assert face.shape == (68, 2)
    np.testing.assert_allclose(face[MIRROR] * [-1, 1], face, atol=1e-12)


def test_eyes_are_one_apart():
    np.testing.assert_allclose(eye_centres(100 * canonical_landmarks()), [[-50, 0], [50, 0]])


def test_fits_into_the_chip():
    face = canonical_landmarks()
    assert np.abs(face[:, 0]).max() < 2.75 / 2
    assert face[:, 1].max() < 2.75 * 0.7
    assert face[:, 1].min() > -2.75 * 0.3


@pytest.mark.real_data
def test_near_the_median_of_real_faces():
    root = os.environ.get("ASTSVM_REAL_DATA")
    if not root:
        pytest.skip("ASTSVM_REAL_DATA is not set")
    with np.load(Path(root) / "landmarks" / "landmarks.npz") as stored:
        faces = stored["landmarks"].astype(float)
    shapes = []
    for face in faces:
        left, right = eye_centres(face)
        (x, y), squared = right - left, np.sum((right - left) ** 2)
        upright = np.array([[x, y], [-y, x]]) / squared
        shapes.append((face - (left + right) / 2) @ upright.T)
    assert np.abs(np.median(shapes, axis=0) - canonical_landmarks()).mean() < 0.05
