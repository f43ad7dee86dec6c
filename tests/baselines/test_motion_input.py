"""The networks' inputs: area averages against OpenCV and closed forms, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from astsvm.baselines.motion_input import (
    area_average,
    enriched_sequence,
    magnitude_image,
    motion_image,
    motion_sequence,
    stretched,
)
from astsvm.errors import InvalidInputError


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(("length", "size"), [(192, 28), (96, 60), (56, 28), (29, 28), (40, 1)])
def test_averages_are_those_of_opencv(length, size):
    image = noise(length, length + 3, 3)
    expected = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(area_average(image[None], size)[0], expected, atol=2e-6)


def test_an_average_keeps_the_mean_and_constants():
    images = noise(2, 50, 41, 3)
    np.testing.assert_allclose(
        area_average(images, 28).mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=1e-6
    )
    np.testing.assert_allclose(area_average(np.full((1, 50, 41, 2), 1.75), 28), 1.75, rtol=1e-6)


def test_whole_windows_are_their_means():
    images = noise(3, 8, 12, 2)
    means = images.reshape(3, 4, 2, 4, 3, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(area_average(images, 4), means, atol=1e-6)


def test_only_the_longer_side_is_averaged():
    assert area_average(noise(1, 40, 20, 3), 28).shape == (1, 28, 20, 3)


@pytest.mark.parametrize("stretch", [False, True])
def test_a_flow_image_comes_back_as_it_was(stretch):
    pixels = np.random.default_rng(1).integers(0, 256, (28, 28, 3))
    pixels[0, 0], pixels[0, 1] = 0, 255
    # As flow images are stored: stretched, the median subtracted, float16.
    image = ((pixels - np.median(pixels, axis=(0, 1))) / 255).astype(np.float16)
    image = image.astype(np.float32)
    found = motion_image(image[..., :2], image[..., 2], stretch=stretch)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, image[None])


def test_a_motion_image_holds_u_v_and_strain():
    found = motion_image(noise(56, 56, 2), noise(56, 56, seed=1))
    assert found.shape == (1, 28, 28, 3)
    np.testing.assert_allclose(found[0, 0, 0, 2], noise(56, 56, seed=1)[:2, :2].mean(), atol=1e-6)
    np.testing.assert_allclose(found[0, 0, 0, 1], noise(56, 56, 2)[:2, :2, 1].mean(), atol=1e-6)


def test_the_magnitude_is_taken_before_averages():
    motion = np.zeros((4, 4, 2), np.float32)
    motion[:, ::2, 0], motion[:, 1::2, 0] = 3, -3
    motion[..., 1] = 4
    found = magnitude_image(motion, np.ones((4, 4), np.float32), size=2)
    np.testing.assert_allclose(found, np.stack([np.full((1, 2, 2), 5), np.ones((1, 2, 2))], -1))


def test_a_sequence_holds_every_steps_flow_and_strain():
    rows, columns = np.mgrid[:30, :30].astype(np.float32)
    steps = np.arange(1, 5, dtype=np.float32)[:, None, None, None]
    # Pure stretch by .1 a step along x: strain is .1 * step, whatever the place.
    flow = steps * np.stack([0.1 * columns, np.zeros_like(rows)], -1)
    found = motion_sequence(flow, size=15)
    assert found.shape == (4, 15, 15, 3)
    expected = 0.1 * np.broadcast_to(steps[..., 0], (4, 15, 15))
    np.testing.assert_allclose(found[..., 2], expected, rtol=1e-5)
    np.testing.assert_allclose(found[:, 0, :, 1], 0)


def test_an_enriched_sequence_ends_with_the_frames_after_the_steps():
    frames = np.random.default_rng(0).uniform(0, 1, (5, 12, 12)).astype(np.float32)
    flow = noise(4, 12, 12, 2)
    found = enriched_sequence(frames, flow)
    assert found.shape == (4, 12, 12, 5)
    np.testing.assert_array_equal(found[..., 4], frames[1:])
    np.testing.assert_array_equal(found[..., :2], flow)
    np.testing.assert_allclose(found[..., 2], np.hypot(flow[..., 0], flow[..., 1]))
    np.testing.assert_array_equal(found[..., 3], motion_sequence(flow)[..., 2])
    assert enriched_sequence(frames, flow, size=6).shape == (4, 6, 6, 5)


def test_stretching_makes_ranges_one_and_keeps_zero():
    images = noise(2, 6, 6, 3) * [1, 40, 0.01]
    images[..., 2] = 0.25
    images[0, 0, 0, :2] = 0
    found = stretched(images)
    spans = found.max(axis=(0, 1, 2)) - found.min(axis=(0, 1, 2))
    np.testing.assert_allclose(spans, [1, 1, 0], rtol=1e-6)
    np.testing.assert_array_equal(found[0, 0, 0], [0, 0, 0.25])
    np.testing.assert_allclose(stretched(7 * images)[..., :2], found[..., :2], rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: motion_image(noise(28, 28, 3), noise(28, 28)), r"motion: .*\(H, W, 2\)"),
        (lambda: motion_image(noise(28, 28, 2), noise(28, 27)), r"strain: .*\(28, 28\)"),
        (lambda: motion_image(noise(28, 28, 2), np.ones((28, 28), int)), "strain: expected floats"),
        (lambda: motion_image(noise(28, 28, 2) / np.float32(0), noise(28, 28)), "finite|1e|about"),
        (lambda: motion_image(noise(28, 28, 2), np.full((28, 28), np.nan)), "strain: .*finite"),
        (lambda: motion_image(noise(8, 8, 2), noise(8, 8), size=0), "size must be"),
        (lambda: magnitude_image(noise(28, 2), noise(28, 28)), "motion: expected floats"),
        (lambda: motion_sequence(noise(28, 28, 2)), r"flow: .*\(T, H, W, 2\)"),
        (lambda: motion_sequence(np.ones((0, 8, 8, 2), np.float32)), "flow: expected"),
        (lambda: enriched_sequence(noise(3, 8, 8), noise(4, 8, 8, 2)), "at least 4 frames"),
        (lambda: enriched_sequence(noise(5, 8, 9), noise(4, 8, 8, 2)), "8 x 8"),
        (lambda: stretched(noise(8, 8, 3)), "images: expected floats"),
        (lambda: area_average(np.ones((1, 8, 8, 1), int), 4), "images: expected floats"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_bad_input_is_refused(make, expected):
    with pytest.raises(InvalidInputError, match=expected):
        make()


def test_the_register_loads_neither_tensorflow_nor_opencv():
    code = (
        "import sys; from astsvm.baselines import all_baselines; assert len(all_baselines()) > 9; "
        "loaded = {'tensorflow', 'keras', 'cv2', 'sklearn'} & set(sys.modules); assert not loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
