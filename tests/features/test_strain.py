"""Strain of fields whose strain is known in closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.errors import InvalidInputError
from astsvm.features import optical_strain

rate = st.floats(-0.5, 0.5)


def affine_flow(a, b, c, d, shape=(8, 11)):
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return np.stack([a * x + b * y + 1, c * x + d * y - 2], axis=-1)


@settings(deadline=None, max_examples=30)
@given(rate, rate, rate, rate)
def test_affine_flow_is_exact_up_to_the_rim(a, b, c, d):
    expected = np.sqrt(a**2 + d**2 + 2 * ((b + c) / 2) ** 2)
    np.testing.assert_allclose(optical_strain(affine_flow(a, b, c, d)), expected, atol=1e-5)


def test_rigid_motion_is_no_strain():
    np.testing.assert_allclose(optical_strain(affine_flow(0, -0.1, 0.1, 0)), 0, atol=1e-6)
    np.testing.assert_allclose(optical_strain(affine_flow(0, 0, 0, 0)), 0, atol=1e-6)


def test_axes_are_not_mixed_up():
    """u = sin(x) strains by |cos(x)|; u = sin(y) is a shear of half of it, counted twice."""
    y, x = 0.1 * np.mgrid[:40, :50]
    zero = np.zeros_like(x)
    stretched = optical_strain(np.stack([np.sin(x), zero], axis=-1))[:, 1:-1]
    np.testing.assert_allclose(stretched, 0.1 * np.abs(np.cos(x))[:, 1:-1], atol=1e-3)
    sheared = optical_strain(np.stack([np.sin(y), zero], axis=-1))[1:-1]
    np.testing.assert_allclose(sheared, 0.1 * np.abs(np.cos(y))[1:-1] / np.sqrt(2), atol=1e-3)


@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
def test_any_leading_axes(leading):
    flow = np.random.default_rng(0).random((*leading, 6, 7, 2)).astype(np.float32)
    strain = optical_strain(flow)
    assert strain.shape == (*leading, 6, 7)
    assert strain.dtype == np.float32
    first = (0,) * len(leading)
    np.testing.assert_array_equal(strain[first], optical_strain(flow[first]))


@pytest.mark.parametrize(
    "flow",
    [
        np.zeros((6, 7)),
        np.zeros((6, 7, 3)),
        np.zeros((1, 7, 2)),
        np.zeros((0, 6, 7, 2)),
        np.zeros((6, 7, 2), np.int32),
        np.full((6, 7, 2), np.nan),
    ],
)
def test_bad_fields_are_refused(flow):
    with pytest.raises(InvalidInputError, match="flow: expected"):
        optical_strain(flow)
