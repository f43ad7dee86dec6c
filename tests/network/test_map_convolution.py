"""The convolution in blocks is the plain convolution."""

import numpy as np
import pytest


@pytest.mark.parametrize("size", [(1, 1), (4, 8), (7, 5), (28, 28), (13, 30)], ids=str)
@pytest.mark.parametrize(("kernel_size", "channels"), [(7, 2), (7, 1), (3, 2), (11, 1)])
def test_it_equals_a_plain_convolution(size, kernel_size, channels):
    import tensorflow as tf

    from astsvm.network.map_convolution import convolve_maps

    generator = np.random.default_rng(0)
    maps = tf.constant(generator.normal(size=(3, *size, channels)), tf.float32)
    kernel = tf.constant(generator.normal(size=(kernel_size, kernel_size, channels, 1)), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([maps, kernel])
        found = convolve_maps(tf.unstack(maps, axis=-1), kernel)
        expected = tf.nn.conv2d(maps, kernel, 1, "SAME")[..., 0]
        losses = [tf.reduce_sum(one**2) for one in (found, expected)]
    np.testing.assert_allclose(found, expected, atol=2e-5)
    for variable in (maps, kernel):
        ours, theirs = (tape.gradient(loss, variable) for loss in losses)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)
