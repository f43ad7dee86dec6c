"""Warps against textures known at every real position."""

import numpy as np
import pytest

from astsvm.errors import InvalidInputError
from astsvm.preprocessing.canonical_face import canonical_landmarks
from astsvm.preprocessing.warping import (
    affine_warp,
    chip_transform,
    piecewise_warp,
    resizing_transform,
)


def waves(x, y, wavelength=40.0):
    return 0.5 + 0.2 * np.sin(2 * np.pi * x / wavelength) + 0.2 * np.cos(2 * np.pi * y / wavelength)


def five(left, right):
    """Five landmarks (corners of the right eye, of the left one, nose) around two eye centres."""
    left, right = np.array(left, float), np.array(right, float)
    along = (right - left) / 8
    nose = (left + right) / 2 + [0, 20]
    return np.stack([right + along, right - along, left - along, left + along, nose])


def drawn(height, width, wavelength=40.0):
    y, x = np.mgrid[:height, :width].astype(np.float64)
    return waves(x, y, wavelength).astype(np.float32)


def in_source(transform, size):
    y, x = np.mgrid[:size, :size].astype(np.float64)
    chip = np.stack([x, y], axis=-1)
    return (chip - transform[:, 2]) @ np.linalg.inv(transform[:, :2]).T


def test_eyes_come_to_their_place_level():
    eyes = np.array([[200.0, 150.0], [280.0, 190.0]])
    transform = chip_transform(five(*eyes), 192)
    chip = eyes @ transform[:, :2].T + transform[:, 2]
    half = 192 / 2.75 / 2
    np.testing.assert_allclose(chip, [[95.5 - half, 57.1], [95.5 + half, 57.1]], atol=1e-9)
    turn = transform[:, :2] / np.sqrt(np.linalg.det(transform[:, :2]))
    np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-12)


def test_a_long_face_gets_a_larger_chip_with_its_chin_inside():
    face = placed_face()
    transform = chip_transform(face, 192)
    assert np.hypot(*transform[0, :2]) == pytest.approx(192 / 2.75 / 60)
    face[8, 1] = 160 + 2.3 * 60
    longer = chip_transform(face, 192)
    chin = longer[:, :2] @ face[8] + longer[:, 2]
    assert chin[1] == pytest.approx(0.95 * 192 - 0.5)
    eyes = longer[:, :2] @ [250, 160] + longer[:, 2]
    np.testing.assert_allclose(eyes, [95.5, 0.3 * 192 - 0.5])


@pytest.mark.parametrize("distance", [40.0, 69.8, 120.0])
@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_pixels_are_fetched_from_where_the_transform_says(distance, angle):
    along = distance / 2 * np.array([np.cos(angle), np.sin(angle)])
    middle = np.array([250.3, 180.6])
    transform = chip_transform(five(middle - along, middle + along), 96)
    chip = affine_warp(transform, (480, 560), 96)(drawn(480, 560))
    source = in_source(transform, 96)
    inside = (source > 4).all(-1) & (source < [555, 475]).all(-1)
    difference = np.abs(chip - waves(source[..., 0], source[..., 1]))[inside]
    shrinking = distance * 2.75 / 96
    damping = np.exp(-0.5 * (np.pi / 40) ** 2 * max(shrinking**2 - 1, 0))
    assert difference.max() < 0.4 * (1 - damping) + 0.01


def test_shrinking_does_not_alias():
    """Stripes finer than the chip's pixels become grey instead of false stripes."""
    transform = chip_transform(five([150.0, 120.0], [350.0, 120.0]), 64)
    chip = affine_warp(transform, (500, 500), 64)(drawn(500, 500, wavelength=9.3))
    shrinking = 200 * 2.75 / 64
    assert shrinking > 2 * 9.3 / 2.5
    assert np.ptp(chip[8:-8, 8:-8]) < 0.06


def test_a_frame_of_the_chips_size_is_returned_exactly():
    frame = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    chip = affine_warp(resizing_transform(64, 64, 64), (64, 64), 64)(frame)
    np.testing.assert_array_equal(chip, frame)


@pytest.mark.parametrize("shape", [(64, 128), (100, 64), (64, 200), (40, 150)])
def test_resizing_scales_each_side_on_its_own(shape):
    height, width = shape
    y, x = np.mgrid[:height, :width]
    ramp = ((x + 0.5) / width + (y + 0.5) / height).astype(np.float32) / 2
    chip = affine_warp(resizing_transform(width, height, 64), shape, 64)(ramp)
    rows, columns = np.mgrid[:64, :64]
    expected = ((columns + 0.5) + (rows + 0.5)) / 128
    np.testing.assert_allclose(chip[8:-8, 8:-8], expected[8:-8, 8:-8], atol=2e-3)


def test_only_part_of_the_frame_is_read():
    frame = drawn(480, 640)
    transform = chip_transform(five([290.0, 200.0], [350.0, 200.0]), 96)
    warp = affine_warp(transform, frame.shape, 96)
    spoiled = frame.copy()
    spoiled[:100], spoiled[:, 500:] = np.nan, np.nan
    np.testing.assert_array_equal(warp(spoiled), warp(frame))


def test_beyond_the_frame_the_rim_is_repeated():
    frame = np.full((100, 100), 0.25, np.float32)
    transform = chip_transform(five([5.0, 10.0], [60.0, 10.0]), 64)
    np.testing.assert_allclose(affine_warp(transform, (100, 100), 64)(frame), 0.25, atol=1e-6)


def test_a_face_outside_the_frame_is_refused():
    transform = chip_transform(five([900.0, 50.0], [950.0, 50.0]), 64)
    with pytest.raises(InvalidInputError, match="within the 100 x 80 frame"):
        affine_warp(transform, (80, 100), 64)


def placed_face(scale=60.0, middle=(250.0, 160.0)):
    return canonical_landmarks() * scale + np.array(middle)


def test_piecewise_on_the_canonical_face_is_the_similarity():
    landmarks = placed_face()
    transform = chip_transform(landmarks, 96)
    frame = drawn(480, 560)
    plain = affine_warp(transform, frame.shape, 96)(frame)
    pieces = piecewise_warp(landmarks, transform, frame.shape, 96)(frame)
    np.testing.assert_allclose(pieces, plain, atol=1e-3)


def test_piecewise_brings_every_landmark_to_its_place():
    """Draw each landmark's neighbourhood in its own grey; the chip must show it in place."""
    jitter = np.random.default_rng(3).normal(0, 2.0, (68, 2))
    landmarks = placed_face() + jitter
    transform = chip_transform(five([220.0, 160.0], [280.0, 160.0]), 192)
    place = canonical_landmarks() * 192 / 2.75 + [95.5, 57.1]
    y, x = np.mgrid[:480, :560].astype(np.float32)
    for index in (8, 19, 30, 48, 57):
        px, py = landmarks[index]
        spot = np.exp(-0.5 * ((x - px) ** 2 + (y - py) ** 2) / 1.5**2)
        chip = piecewise_warp(landmarks, transform, spot.shape, 192)(spot)
        found = np.unravel_index(chip.argmax(), chip.shape)[::-1]
        assert np.hypot(*(np.array(found) - place[index])) < 1.5
