"""What the door `optical_flow` promises, whichever method is behind it."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from astsvm.errors import InvalidInputError
from astsvm.features import optical_flow

METHODS = ["lucas_kanade", "dis", "farneback", "tvl1"]


@pytest.fixture
def frames():
    """Four frames of a smooth texture that moves half a pixel rightwards a frame."""
    noise = np.random.default_rng(0).random((64, 160)).astype(np.float32)
    wide = cv2.GaussianBlur(noise, (0, 0), 4)
    wide = (wide - wide.min()) / np.ptp(wide)
    return np.stack([cv2.resize(wide[:, 8 - step : 136 - step], (64, 64)) for step in range(4)])


@pytest.mark.parametrize("method", METHODS)
def test_shape_type_sign_and_unit(frames, method):
    flow = optical_flow(frames, method)
    assert flow.shape == (3, 64, 64, 2)
    assert flow.dtype == np.float32
    inner = flow[:, 12:-12, 12:-12].mean(axis=(1, 2))
    np.testing.assert_allclose(inner, np.tile([0.5, 0], (3, 1)), atol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_onset_reference_accumulates(frames, method):
    flow = optical_flow(frames, method, reference="onset")
    inner = flow[:, 12:-12, 12:-12, 0].mean(axis=(1, 2))
    np.testing.assert_allclose(inner, [0.5, 1, 1.5], atol=0.15)


def test_adjacent_fields_are_those_of_the_pairs(frames):
    flow = optical_flow(frames)
    for index in range(3):
        np.testing.assert_array_equal(flow[index], optical_flow(frames[index : index + 2])[0])


def test_zero_first_puts_a_field_of_zeros_before_the_rest(frames):
    flow = optical_flow(frames, zero_first=True)
    assert flow.shape == (4, 64, 64, 2)
    np.testing.assert_array_equal(flow[0], 0)
    np.testing.assert_array_equal(flow[1:], optical_flow(frames))


@pytest.mark.parametrize("method", METHODS)
def test_any_layout_of_memory_works_and_is_left_alone(frames, method):
    strided = np.repeat(frames, 2, axis=2)[:, :, ::2]
    turned = np.asfortranarray(frames)
    before = strided.copy()
    expected = optical_flow(frames, method)
    np.testing.assert_array_equal(optical_flow(strided, method), expected)
    np.testing.assert_array_equal(optical_flow(turned, method), expected)
    np.testing.assert_array_equal(strided, before)


def test_eight_bit_frames_are_grey_of_255(frames):
    rounded = np.rint(frames * 255).astype(np.uint8)
    expected = optical_flow(rounded.astype(np.float32) / 255)
    np.testing.assert_allclose(optical_flow(rounded), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "horn_schunck"}, "method: expected 'lucas_kanade', .* or 'tvl1'"),
        ({"reference": "apex"}, "reference: expected 'adjacent'"),
        ({"window": 14}, "window: expected an odd number"),
        ({"window": 1}, "window: expected"),
        ({"window": 7.5}, "window: expected a whole number"),
        ({"levels": 0}, "levels: expected"),
        ({"iterations": 99}, "iterations: expected"),
        ({"regularisation": -1}, "regularisation: expected"),
        ({"local_mean_sigma": np.nan}, "local_mean_sigma: expected"),
    ],
)
def test_settings_out_of_range_are_refused(frames, settings, message):
    with pytest.raises(InvalidInputError, match=message):
        optical_flow(frames, **settings)


@pytest.mark.parametrize("method", METHODS)
def test_too_few_or_too_small_frames_are_refused(method):
    with pytest.raises(InvalidInputError, match="at least 2 frame"):
        optical_flow(np.zeros((1, 32, 32)), method)
    with pytest.raises(InvalidInputError, match="at least 16 x 16 pixels, received 40 x 15"):
        optical_flow(np.zeros((2, 15, 40)), method)


@pytest.mark.parametrize("method", METHODS)
def test_the_smallest_frames_work(method):
    flow = optical_flow(np.random.default_rng(0).random((2, 16, 16)), method)
    assert np.isfinite(flow).all()


@pytest.mark.parametrize("method", METHODS)
def test_what_does_not_move_has_no_flow(frames, method):
    still = np.repeat(frames[:1], 2, axis=0)
    # Farneback's is not exactly 0, most of all at the rim.
    assert np.abs(optical_flow(still, method)).mean() < 0.02
    flat = np.full((3, 40, 48), 0.6)
    assert np.abs(optical_flow(flat, method)).max() < 1e-3


def test_not_a_number_is_refused(frames):
    frames[2, 5, 5] = np.nan
    with pytest.raises(InvalidInputError, match="nan at index"):
        optical_flow(frames)


def test_the_function_wins_over_the_module_of_its_name_and_opencv_stays_out():
    program = (
        "import sys, astsvm.features.optical_flow\n"
        "from astsvm.features import optical_flow\n"
        "assert callable(optical_flow)\n"
        "assert 'cv2' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
