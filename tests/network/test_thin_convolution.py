"""Every rearranged convolution is the plain convolution, in float64."""

import numpy as np
import pytest


def plain_convolution(values, kernel):
    import tensorflow as tf

    if len(kernel.shape) == 4:
        return tf.nn.conv2d(values, kernel, 1, "SAME")
    return tf.nn.conv3d(values, kernel, (1,) * 5, "SAME", data_format="NDHWC")


@pytest.mark.parametrize(
    ("sizes", "channels", "kernel"),
    [
        ((6, 8), 3, (1, 1)),
        ((6, 8), 3, (5, 5)),
        ((6, 7), 3, (5, 5)),
        ((1, 2), 3, (1, 3)),
        ((4, 6, 8), 3, (5, 5, 5)),
        ((4, 6, 8), 5, (5, 5, 5)),
        ((4, 6, 8), 3, (1, 5, 5)),
        ((4, 6, 8), 3, (5, 1, 1)),
        ((1, 6, 8), 3, (1, 3, 3)),
        ((4, 1, 8), 3, (3, 1, 5)),
        ((4, 6, 8), 3, (1, 1, 1)),
    ],
    ids=str,
)
def test_it_equals_a_plain_convolution(sizes, channels, kernel):
    import tensorflow as tf

    from astsvm.network.thin_convolution import convolve

    generator = np.random.default_rng(0)
    values = tf.constant(generator.normal(size=(3, *sizes, channels)))
    weights = tf.constant(generator.normal(size=(*kernel, channels, 4)))
    upstream = generator.normal(size=(3, *sizes, 4))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([values, weights])
        found = convolve(values, weights)
        expected = plain_convolution(values, weights)
        losses = [tf.reduce_sum(one * upstream) for one in (found, expected)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    for variable in (values, weights):
        ours, theirs = (tape.gradient(loss, variable) for loss in losses)
        np.testing.assert_allclose(ours, theirs, atol=1e-11)
