"""HOOF and FHOOF of flow whose directions are known."""

import math

import numpy as np
import pytest

from astsvm.baselines.flow_histograms import fhoof, hoof
from astsvm.errors import InvalidInputError


def constant_flow(angle, length=1.5, shape=(3, 20, 20)):
    """Flow towards an angle; pi/2 is downwards, as v is."""
    vector = length * np.array([math.cos(angle), math.sin(angle)])
    return np.broadcast_to(vector.astype(np.float32), (*shape, 2))


def random_flow(shape=(3, 21, 17), seed=0):
    return np.random.default_rng(seed).normal(size=(*shape, 2)).astype(np.float32)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("number", range(8))
def test_a_constant_flow_fills_one_bin(number, mirrored):
    half = (math.pi / 2, math.pi / 8) if mirrored else (math.pi, math.pi / 4)
    flow = constant_flow(-half[0] + (number + 0.3) * half[1])
    histograms = hoof(flow, 8, (2, 5), mirrored=mirrored).reshape(3, 10, 8)
    np.testing.assert_allclose(histograms[..., number], 0.1, atol=1e-7)
    np.testing.assert_array_equal(np.delete(histograms, number, axis=-1), 0)


def test_the_length_of_the_flow_does_not_matter():
    flow = random_flow()
    for scale in (0.25, 8):
        np.testing.assert_array_equal(hoof(scale * flow), hoof(flow))
        np.testing.assert_array_equal(fhoof(scale * flow), fhoof(flow))
    np.testing.assert_allclose(hoof(np.float32(0.3) * flow), hoof(flow), atol=1e-6)


def test_it_counts_what_a_loop_over_pixels_counts():
    flow = random_flow((2, 6, 9))
    expected = np.zeros((2, 2, 3, 5))
    for t, y, x in np.ndindex(2, 6, 9):
        u, v = map(float, flow[t, y, x])
        angle = math.atan2(v, abs(u))
        bin_ = min(int((angle + math.pi / 2) / math.pi * 5), 4)
        expected[t, y // 3, x // 3, bin_] += math.hypot(u, v)
    expected /= expected.sum(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(hoof(flow, 5, (2, 3)), expected.ravel(), atol=1e-6)


def test_a_mirrored_face_has_mirrored_blocks():
    flow = random_flow((2, 20, 20))
    image = flow[:, :, ::-1] * np.array([-1, 1], np.float32)
    ours = hoof(flow, 8, (4, 5)).reshape(2, 4, 5, 8)
    np.testing.assert_allclose(hoof(image, 8, (4, 5)).reshape(2, 4, 5, 8)[:, :, ::-1], ours)
    full = hoof(flow, 8, (4, 5), mirrored=False).reshape(2, 4, 5, 8)
    other = hoof(image, 8, (4, 5), mirrored=False).reshape(2, 4, 5, 8)[:, :, ::-1]
    assert np.abs(full - other).max() > 0.001


def test_straight_up_and_down_are_the_ends_of_the_half_circle():
    up, down = (hoof(constant_flow(sign * math.pi / 2), 4, (1, 1))[:4] for sign in (-1, 1))
    np.testing.assert_array_equal(up, [1, 0, 0, 0])
    np.testing.assert_array_equal(down, [0, 0, 0, 1])


@pytest.mark.parametrize("weighted", [False, True])
def test_fuzzy_bins_share_in_proportion(weighted):
    """A quarter of a bin beyond the middle of bin 2, and across the seam behind bin 7."""
    for place, shares in ((2.75, {2: 0.75, 3: 0.25}), (7.75, {7: 0.75, 0: 0.25})):
        flow = constant_flow(-math.pi + place * math.pi / 4)
        expected = np.zeros(8)
        expected[list(shares)] = list(shares.values())
        histograms = fhoof(flow, 8, (1, 1), weighted=weighted).reshape(3, 8)
        np.testing.assert_allclose(histograms, np.tile(expected, (3, 1)), atol=1e-6)


def test_a_small_turn_changes_fuzzy_bins_little_and_hard_ones_much():
    seam = -math.pi + 3 * math.pi / 4
    before, after = (constant_flow(seam + turn) for turn in (-0.01, 0.01))
    assert np.abs(hoof(before, mirrored=False) - hoof(after, mirrored=False)).sum() > 5.9
    assert np.abs(fhoof(before) - fhoof(after)).sum() < 0.2


def test_unweighted_every_moving_pixel_counts_the_same():
    flow = np.zeros((1, 4, 4, 2), np.float32)
    flow[0, 0, 0] = (-5, -5)
    flow[0, 3, 3] = (0.01, 0.01)
    weighted, unweighted = (fhoof(flow, 8, (2, 2), weighted=w).reshape(4, 8) for w in (True, False))
    np.testing.assert_allclose(unweighted.sum(axis=1), [0.5, 0, 0, 0.5])
    np.testing.assert_allclose(weighted.sum(axis=1), [0.998, 0, 0, 0.002], atol=1e-4)


@pytest.mark.parametrize("describe", [hoof, fhoof])
def test_no_motion_is_no_direction(describe):
    np.testing.assert_array_equal(describe(np.zeros((2, 10, 10, 2), np.float32)), np.zeros(400))


@pytest.mark.parametrize("describe", [hoof, fhoof])
@pytest.mark.parametrize(
    ("flow", "settings", "message"),
    [
        (np.zeros((10, 10, 2)), {}, "flow: expected fields of shape"),
        (np.zeros((1, 10, 10, 3)), {}, "flow: expected fields of shape"),
        (np.zeros((0, 10, 10, 2)), {}, "flow: expected fields of shape"),
        (np.zeros((1, 10, 10, 2), int), {}, "flow: expected floats"),
        (np.full((1, 10, 10, 2), np.nan), {}, "flow: expected finite values"),
        (np.zeros((1, 10, 10, 2)), {"bins": 0}, "bins: expected a whole number"),
        (np.zeros((1, 10, 10, 2)), {"bins": 8.0}, "bins: expected a whole number"),
        (np.zeros((1, 10, 10, 2)), {"blocks": (11, 1)}, "blocks: expected at most 10 x 10"),
    ],
)
def test_unfit_input_is_refused(describe, flow, settings, message):
    with pytest.raises(InvalidInputError, match=message):
        describe(flow, **settings)
