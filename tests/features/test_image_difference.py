"""Differences from the onset: signed, exact, never wrapped."""

import numpy as np
import pytest

from astsvm.errors import InvalidInputError
from astsvm.features import idsf


def test_a_static_clip_is_zero():
    frames = np.repeat(np.random.default_rng(0).random((1, 9, 7)), 5, axis=0)
    np.testing.assert_array_equal(idsf(frames), np.zeros((4, 9, 7, 1)))


def test_a_linear_drift_accumulates_instead_of_staying_constant():
    drift = 0.03
    frames = np.full((11, 6, 6), 0.2) + drift * np.arange(11)[:, None, None]
    expected = drift * np.arange(1, 11)
    np.testing.assert_allclose(idsf(frames)[:, 3, 3, 0], expected, atol=1e-6)


def test_darkening_is_negative_also_from_bytes():
    frames = np.array([[[200, 10]], [[100, 20]]], np.uint8)
    difference = idsf(frames)
    assert difference.dtype == np.float32
    np.testing.assert_allclose(difference[0, 0, :, 0], [-100 / 255, 10 / 255], atol=1e-7)


def test_the_median_takes_a_common_change_of_light_away():
    frames = np.zeros((3, 20, 20))
    frames[1:] += np.array([0.1, -0.2])[:, None, None]
    frames[1:, 2:4, 2:4] += 0.5
    plain, corrected = idsf(frames), idsf(frames, illumination="median")
    np.testing.assert_allclose(plain[:, 10, 10, 0], [0.1, -0.2], atol=1e-7)
    np.testing.assert_allclose(corrected[:, 10, 10, 0], 0, atol=1e-7)
    np.testing.assert_allclose(corrected[:, 3, 3, 0], 0.5, atol=1e-7)


def test_zero_first_keeps_the_onset_itself():
    frames = np.random.default_rng(0).random((4, 5, 5))
    with_zero = idsf(frames, zero_first=True)
    assert with_zero.shape == (4, 5, 5, 1)
    np.testing.assert_array_equal(with_zero[0], 0)
    np.testing.assert_array_equal(with_zero[1:], idsf(frames))


def test_the_input_is_left_alone():
    frames = np.random.default_rng(0).random((4, 5, 5)).astype(np.float32)
    before = frames.copy()
    idsf(frames, illumination="median")
    np.testing.assert_array_equal(frames, before)


def test_bad_input_is_refused():
    with pytest.raises(InvalidInputError, match="at least 2 frame"):
        idsf(np.zeros((1, 5, 5)))
    with pytest.raises(InvalidInputError, match="'none' or 'median', received 'mean'"):
        idsf(np.zeros((2, 5, 5)), illumination="mean")
    with pytest.raises(InvalidInputError, match="inf at index"):
        idsf(np.array([[[0.0]], [[np.inf]]]))
