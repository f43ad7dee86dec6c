"""Moments and affine maps by rows against the obvious formulas, in float64."""

import numpy as np
import pytest

SHAPES = [(3, 4, 5, 6, 2), (2, 7, 3, 5), (4, 1, 1, 1, 3)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_moments_and_their_gradient(shape):
    import tensorflow as tf

    from astsvm.network.row_passes import channel_moments

    generator = np.random.default_rng(0)
    values = tf.constant(generator.normal(size=shape))
    axes = tuple(range(len(shape) - 1))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(values)
        found = channel_moments(values)
        expected = tf.reduce_mean(values, axes), tf.reduce_mean(values**2, axes)
        weights = generator.normal(size=(2, shape[-1]))
        losses = [tf.reduce_sum(tf.stack(pair) * weights) for pair in (found, expected)]
    np.testing.assert_allclose(found, expected, atol=1e-14)
    ours, theirs = (tape.gradient(loss, values) for loss in losses)
    np.testing.assert_allclose(ours, theirs, atol=1e-14)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_rectified_affine_map(shape):
    from astsvm.network.row_passes import rectified_affine

    generator = np.random.default_rng(0)
    values, scale, offset = (generator.normal(size=one) for one in (shape, shape[-1], shape[-1]))
    expected = np.maximum(values * scale + offset, 0)
    np.testing.assert_allclose(rectified_affine(values, scale, offset), expected, atol=1e-15)
