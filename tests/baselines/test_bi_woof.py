"""Bi-WOOF of a motion whose directions and strain are known."""

import math

import numpy as np
import pytest

from astsvm.baselines.bi_woof import bi_woof
from astsvm.errors import InvalidInputError
from astsvm.features import optical_strain


def random_motion(shape=(40, 35), seed=0):
    motion = np.random.default_rng(seed).normal(size=(*shape, 2)).astype(np.float32)
    return motion, optical_strain(motion)


def test_two_hundred_values_of_norm_one():
    vector = bi_woof(*random_motion())
    assert vector.shape == (5 * 5 * 8,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert vector.min() >= 0


def test_it_counts_what_a_loop_over_pixels_counts():
    motion, strain = random_motion((8, 9))
    expected = np.zeros((2, 3, 8))
    for y, x in np.ndindex(8, 9):
        u, v = map(float, motion[y, x])
        bin_ = int((math.atan2(v, u) + math.pi) / (2 * math.pi) * 8) % 8
        expected[y // 4, x // 3, bin_] += math.hypot(u, v)
    for row, column in np.ndindex(2, 3):
        block = strain[4 * row : 4 * row + 4, 3 * column : 3 * column + 3]
        expected[row, column] *= block.sum(dtype=float) / expected[row, column].sum()
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(bi_woof(motion, strain, 8, (2, 3)), expected.ravel(), atol=1e-6)


def test_a_block_weighs_by_its_strain_not_by_its_motion():
    motion = np.zeros((4, 8, 2), np.float32)
    motion[:, :4], motion[:, 4:] = (0.1, 0.05), (10, 5)
    strain = np.zeros((4, 8), np.float32)
    strain[:, :4], strain[:, 4:] = 4, 3
    blocks = bi_woof(motion, strain, 8, (1, 2)).reshape(2, 8)
    np.testing.assert_allclose(blocks.max(axis=1), [0.8, 0.6], atol=1e-6)
    np.testing.assert_array_equal(blocks.argmax(axis=1), [4, 4])


def test_scale_does_not_matter():
    motion, strain = random_motion()
    for scale in (4, 2**-14):
        scaled = bi_woof(scale * motion, scale * strain)
        np.testing.assert_allclose(scaled, bi_woof(motion, strain), atol=1e-7)


def test_nothing_moves_or_nothing_is_strained():
    motion, strain = random_motion()
    np.testing.assert_array_equal(bi_woof(np.zeros_like(motion), strain), np.zeros(200))
    np.testing.assert_array_equal(bi_woof(motion, np.zeros_like(strain)), np.zeros(200))


@pytest.mark.parametrize(
    ("motion", "strain", "message"),
    [
        (np.zeros((1, 10, 10, 2)), np.zeros((10, 10)), "motion: expected one field"),
        (np.zeros((10, 10, 2)), np.zeros((1, 10, 10)), r"strain: expected shape \(H, W\)"),
        (np.zeros((10, 10, 2)), np.zeros((10, 9)), "strain: expected the size of the motion"),
        (np.zeros((10, 10, 2)), np.full((10, 10), -0.5), "strain: expected values of 0 or more"),
        (np.full((10, 10, 2), np.inf), np.zeros((10, 10)), "motion: expected finite values"),
        (np.zeros((10, 10, 2)), np.full((10, 10), np.nan), "strain: expected finite values"),
        (np.zeros((4, 4, 2)), np.zeros((4, 4)), "blocks: expected at most 4 x 4"),
    ],
)
def test_unfit_input_is_refused(motion, strain, message):
    with pytest.raises(InvalidInputError, match=message):
        bi_woof(motion, strain)
