"""One rule for what may come in, tested once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from astsvm.arrays import as_grey_stack, require_number
from astsvm.errors import InvalidInputError


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros((4, 5)), r"shape \(n, H, W\), received shape \(4, 5\)"),
        (np.zeros((2, 4, 5, 3)), r"received shape \(2, 4, 5, 3\)"),
        (np.zeros((0, 4, 5)), "empty"),
        (np.zeros((2, 0, 5)), "empty"),
        (np.zeros((2, 4, 5), np.int64), "received int64"),
        (np.zeros((2, 4, 5), bool), "received bool"),
        (np.zeros((2, 4, 5), complex), "received complex"),
        (np.full((2, 4, 5), 1e300), "Scale"),
        (np.full((2, 4, 5), -2e6), "Scale"),
        ([np.zeros((4, 5)), np.zeros((5, 5))], "different shapes"),
        (None, "received"),
        ("frames", "received"),
    ],
)
def test_unusable_frames_are_refused(frames, message):
    with pytest.raises(InvalidInputError, match=message):
        as_grey_stack(frames)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_named_with_its_place(bad):
    frames = np.zeros((2, 4, 5), np.float32)
    frames[1, 2, 3] = bad
    with pytest.raises(InvalidInputError, match=rf"{bad} at index \(1, 2, 3\)"):
        as_grey_stack(frames)


def test_minima_are_the_callers():
    with pytest.raises(InvalidInputError, match="at least 2 frame"):
        as_grey_stack(np.zeros((1, 4, 5)), minimum_frames=2)
    with pytest.raises(InvalidInputError, match="at least 5 x 5 pixels, received 5 x 4"):
        as_grey_stack(np.zeros((2, 4, 5)), minimum_side=5)


@pytest.mark.parametrize(("kind", "white"), [(np.uint8, 255), (np.uint16, 65535)])
def test_integers_are_scaled_to_white_is_one(kind, white):
    frames = np.array([[[0, white // 5, white]]], kind)
    result = as_grey_stack(frames)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.ravel(), [0, 0.2, 1], atol=1e-7)


@settings(deadline=None, max_examples=25)
@given(hnp.arrays(np.float64, (2, 3, 4), elements=st.floats(-2, 2)))
def test_floats_pass_as_they_are_and_are_not_modified(values):
    before = values.copy()
    result = as_grey_stack(values[:, ::-1, ::2])
    assert result.flags.c_contiguous
    np.testing.assert_array_equal(result, values[:, ::-1, ::2].astype(np.float32))
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1, 3, "x", None, 10**400])
def test_numbers_out_of_bounds_are_refused(value):
    with pytest.raises(InvalidInputError, match="alpha: expected a number of at least 0"):
        require_number(value, "alpha", low=0, high=2)


def test_numbers_on_the_bounds_are_taken():
    assert require_number(0, "alpha", low=0, high=2) == 0
    assert require_number(np.float32(2), "alpha", low=0, high=2) == 2
    with pytest.raises(InvalidInputError, match="more than 0"):
        require_number(0, "alpha", low=0, low_included=False)
