"""OSF and OSW of strain that is known in closed form."""

import numpy as np
import pytest

from astsvm.baselines.lbp_top import lbp_top
from astsvm.baselines.strain_features import osf, osw
from astsvm.errors import InvalidInputError
from astsvm.features import optical_strain


def affine_flow(a, b, c, d, shape):
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return np.stack([a * x + b * y, c * x + d * y], axis=-1)


def test_affine_flow_is_strained_alike_everywhere():
    strain = optical_strain(affine_flow(0.1, 0.05, -0.02, 0.2, (60, 70)))
    np.testing.assert_allclose(strain, np.sqrt(0.1**2 + 0.2**2 + 2 * (0.03 / 2) ** 2), atol=1e-5)
    np.testing.assert_allclose(osf(strain[None]), np.ones(2500), atol=1e-4)


def test_two_halves_keep_their_ratio_and_place():
    """The left is strained by .1 in both fields, the right by .3 in one of them."""
    flow = np.stack([affine_flow(0.1, 0, 0, 0, (100, 100)), affine_flow(0.1, 0, 0, 0, (100, 100))])
    strain = optical_strain(flow)
    strain[0, :, 50:], strain[1, :, 50:] = 0.3, 0
    picture = osf(strain, 10).reshape(10, 10)
    np.testing.assert_allclose(picture[:, :5], 2 / 3, atol=1e-5)
    np.testing.assert_allclose(picture[:, 5:], 1, atol=1e-5)


def test_shrinking_takes_means():
    strain = np.random.default_rng(0).random((3, 20, 30)).astype(np.float32)
    pooled = strain.mean(axis=0)
    pooled /= pooled.max()
    expected = pooled.reshape(10, 2, 10, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(osf(strain, 10), expected.ravel(), atol=1e-6)


def test_a_small_map_grows_and_scale_does_not_matter():
    strain = np.random.default_rng(0).random((1, 28, 28)).astype(np.float32)
    picture = osf(strain)
    assert picture.shape == (2500,)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() < picture.max() <= 1
    np.testing.assert_array_equal(osf(4 * strain), picture)


def test_without_strain_nothing_is_left(grey_levels):
    still = np.zeros((10, 40, 40), np.float32)
    np.testing.assert_array_equal(osf(still), np.zeros(2500))
    np.testing.assert_array_equal(osw(grey_levels((11, 40, 40)) / 256, still), np.zeros(1200))


def test_strain_weighs_the_blocks_of_lbp_top(grey_levels):
    frames = grey_levels((11, 40, 40)) / 256
    weights = np.random.default_rng(1).random((5, 5)).astype(np.float32)
    strain = np.broadcast_to(np.repeat(np.repeat(weights, 8, 0), 8, 1), (10, 40, 40))
    expected = lbp_top(frames).reshape(25, -1) * (weights / weights.max()).reshape(-1, 1)
    np.testing.assert_allclose(osw(frames, strain), expected.ravel(), atol=1e-6)


def test_even_strain_leaves_lbp_top_as_it_is(grey_levels):
    frames = grey_levels((11, 41, 43)) / 256
    settings = {"radii": (3, 3, 3), "points": 8, "blocks": (8, 8), "uniform": True}
    even = np.full((10, 41, 43), 0.25, np.float32)
    np.testing.assert_allclose(
        osw(frames, even, **settings), lbp_top(frames, **settings), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("strain", "side", "message"),
    [
        (np.zeros((10, 10)), 50, r"strain: expected shape \(T, H, W\)"),
        (np.zeros((0, 10, 10)), 50, r"strain: expected shape \(T, H, W\)"),
        (np.full((1, 10, 10), -1.0), 50, "strain: expected values of 0 or more"),
        (np.full((1, 10, 10), np.nan), 50, "strain: expected finite values"),
        (np.zeros((1, 10, 10), int), 50, "strain: expected floats"),
        (np.zeros((1, 10, 10)), 1, "side: expected a whole number from 2"),
    ],
)
def test_unfit_strain_is_refused(strain, side, message):
    with pytest.raises(InvalidInputError, match=message):
        osf(strain, side)


def test_strain_of_another_size_weighs_nothing():
    with pytest.raises(InvalidInputError, match="strain: expected maps of the frames' size"):
        osw(np.zeros((11, 30, 30)), np.zeros((10, 30, 31)))
