"""A shift of the whole head is taken off; what a part of the face does stays."""

import numpy as np
import pytest

from astsvm.errors import InvalidInputError
from astsvm.features import optical_strain, without_head_motion


def local_motion(seed=0):
    flow = np.zeros((4, 40, 40, 2), np.float32)
    flow[:, 5:12, 8:18] = np.random.default_rng(seed).normal(size=(4, 7, 10, 2))
    return flow


def test_a_drift_of_the_head_disappears_and_local_motion_stays():
    flow = local_motion()
    drift = np.array([[0.7, -0.2], [-1.5, 0.1], [0, 0], [3, 2]], np.float32)[:, None, None, :]
    np.testing.assert_allclose(without_head_motion(flow + drift), flow, atol=1e-6)


def test_nothing_moves_so_nothing_changes_and_the_input_is_left_alone():
    flow = local_motion()
    before = flow.copy()
    np.testing.assert_array_equal(without_head_motion(flow), flow)
    np.testing.assert_array_equal(flow, before)


@pytest.mark.parametrize("shape", [(7, 5), (6, 5), (1, 1), (1, 2)])
def test_the_medians_are_numpys_to_the_bit(shape):
    flow = np.random.default_rng(3).normal(size=(3, *shape, 2)).astype(np.float32)
    expected = flow - np.median(flow, axis=(1, 2), keepdims=True)
    np.testing.assert_array_equal(without_head_motion(flow), expected)


def test_medians_are_zero_and_strain_is_unchanged():
    flow = np.random.default_rng(1).normal(size=(2, 3, 33, 31, 2)).astype(np.float32)
    steady = without_head_motion(flow)
    assert steady.dtype == np.float32
    assert np.abs(np.median(steady, axis=(-3, -2))).max() < 1e-6
    np.testing.assert_allclose(optical_strain(steady), optical_strain(flow), atol=1e-5)


@pytest.mark.parametrize(
    "flow",
    [
        np.zeros((4, 4)),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 2)),
        np.zeros((4, 4, 2), int),
        np.full((4, 4, 2), np.nan),
    ],
)
def test_what_is_no_flow_is_refused(flow):
    with pytest.raises(InvalidInputError, match="flow: expected"):
        without_head_motion(flow)
