"""Flow pixels: medians at zero, a blur that keeps the sum, averages and no samples."""

from __future__ import annotations

import numpy as np
import pytest

from astsvm.baselines.flow_pixels import flow_pixels


def fields(height=28, width=28, seed=0):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(height, width, 2)), generator.random((height, width))


def test_every_channel_has_its_median_at_zero():
    motion, strain = fields()
    image = flow_pixels(motion + 3, strain + 5)
    assert (image.shape, image.dtype) == ((28, 28, 3), np.float32)
    np.testing.assert_allclose(np.median(image, axis=(0, 1)), 0, atol=1e-6)
    whole = np.dstack([motion, strain])
    np.testing.assert_allclose(image, whole - np.median(whole, axis=(0, 1)), atol=1e-6)


def test_a_blurred_point_is_a_gaussian_in_its_own_channel():
    motion, strain = np.zeros((28, 28, 2)), np.zeros((28, 28))
    motion[14, 14, 1] = 1
    image = flow_pixels(motion, strain, blur=1.0)
    offsets = np.arange(-4, 5)
    weights = np.exp(-(offsets**2) / 2)
    weights /= weights.sum()
    np.testing.assert_allclose(image[10:19, 10:19, 1], np.outer(weights, weights), atol=1e-6)
    assert not image[..., [0, 2]].any()


def test_larger_fields_are_averaged_down():
    motion, strain = fields(56, 84)
    image = flow_pixels(motion, strain)
    cells = motion.reshape(28, 2, 28, 3, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(image[..., :2], cells - np.median(cells, axis=(0, 1)), atol=1e-6)


def test_smaller_fields_stay_as_they_are():
    assert flow_pixels(*fields(12, 10)).shape == (12, 10, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"motion": np.zeros((4, 4, 3))}, r"\(H, W, 2\)"),
        ({"strain": np.zeros((4, 5))}, "same clip"),
        ({"motion": np.full((4, 4, 2), np.nan)}, "finite"),
        ({"motion": np.zeros((0, 4, 2)), "strain": np.zeros((0, 4))}, r"\(H, W, 2\)"),
        ({"blur": -1}, "blur"),
        ({"side": 0}, "at least 1"),
        ({"side": True}, "at least 1"),
    ],
)
def test_bad_input_is_refused(change, message):
    given = {"motion": np.zeros((4, 4, 2)), "strain": np.zeros((4, 4)), **change}
    with pytest.raises(ValueError, match=message):
        flow_pixels(given.pop("motion"), given.pop("strain"), **given)
