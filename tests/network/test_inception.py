"""The inception block against its branches written out one by one."""

from itertools import pairwise

import numpy as np
import pytest

from astsvm.errors import InvalidInputError, SettingsError


def plain_convolution(values, kernel):
    import tensorflow as tf

    if len(kernel.shape) == 4:
        return tf.nn.conv2d(values, kernel, 1, "SAME")
    return tf.nn.conv3d(values, kernel, (1,) * 5, "SAME", data_format="NDHWC")


def largest_of_three(values):
    """Return the maximum over 3 neighbours along every axis but the first and last, in turn."""
    import tensorflow as tf

    for axis in range(1, len(values.shape) - 1):
        ends = [[int(i == axis)] * 2 for i in range(len(values.shape))]
        padded = tf.pad(values, ends, constant_values=-np.inf)
        shifted = [
            tf.gather(padded, np.arange(i, i + values.shape[axis]), axis=axis) for i in range(3)
        ]
        values = tf.reduce_max(tf.stack(shifted), axis=0)
    return values


def reference(block, inputs, training):
    """Every convolution, norm and ReLU on its own, with the merged weights cut into branches."""
    import tensorflow as tf

    filters, small = block.filters, block.bottleneck
    axes = tuple(range(len(inputs.shape) - 1))

    def unit(tensor, kernels, norm, part):
        for kernel in kernels:
            tensor = plain_convolution(tensor, kernel)
        if training:
            mean, variance = tf.nn.moments(tensor, axes)
        else:
            mean, variance = norm.moving_mean.value[part], norm.moving_variance.value[part]
        scaled = tf.nn.batch_normalization(
            tensor, mean, variance, norm.beta.value[part], norm.gamma.value[part], 1e-3
        )
        return tf.nn.relu(scaled)

    entry, cuts = block.entry.kernel.value, [0, filters, filters + small, filters + 2 * small]
    parts = [slice(a, b) for a, b in pairwise(cuts)]
    one, three, five = (unit(inputs, [entry[..., p]], block.entry_norm, p) for p in parts)
    three = unit(three, [x.kernel.value for x in block.three], block.exit_norm, slice(0, filters))
    five = unit(
        five, [x.kernel.value for x in block.five], block.exit_norm, slice(filters, 2 * filters)
    )
    pooled = largest_of_three(inputs)
    last = slice(2 * filters, 3 * filters)
    pooled = unit(pooled, [block.pooled.kernel.value], block.exit_norm, last)
    return tf.concat([one, three, five, pooled], -1)


CASES = [
    (2, "full", (9, 12, 5)),
    (2, "full", (1, 2, 3)),
    (3, "full", (6, 9, 8, 2)),
    (3, "factorised", (6, 9, 8, 2)),
    (3, "full", (1, 7, 7, 3)),
    (3, "factorised", (1, 7, 7, 3)),
    (3, "factorised", (2, 3, 1, 1)),
    (3, "full", (4, 6, 10, 24)),
    (3, "factorised", (4, 6, 10, 24)),
]


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize(("dimensions", "kernels", "shape"), CASES, ids=str)
def test_it_equals_its_branches(dimensions, kernels, shape, training):
    from astsvm.network.inception import InceptionBlock

    generator = np.random.default_rng(0)
    block = InceptionBlock(4, dimensions, kernels, dtype="float64")
    inputs = generator.normal(size=(3, *shape))
    block.build(inputs.shape)
    for norm in (block.entry_norm, block.exit_norm):
        for weight in norm.weights:
            weight.assign(generator.uniform(0.5, 1.5, size=weight.shape))
    import tensorflow as tf

    upstream = generator.normal(size=(3, *shape[:-1], 16))
    with tf.GradientTape(persistent=True) as tape:
        source = tf.constant(inputs)
        tape.watch(source)
        expected = reference(block, source, training)
        found = block(source, training=training)
        losses = [tf.reduce_sum(one * upstream) for one in (expected, found)]
    np.testing.assert_allclose(found, expected, atol=1e-11)
    variables = [source, *(weight.value for weight in block.trainable_weights)]
    wanted, ours = (tape.gradient(loss, variables) for loss in losses)
    for one, other in zip(wanted, ours, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-9 * np.abs(one).max() + 1e-12)


@pytest.mark.parametrize(
    ("frames", "lengths"), [(1, [1, 1]), (2, [3, 3]), (3, [3, 5]), (10, [3, 5])]
)
def test_kernels_are_not_longer_than_the_clip_can_use(frames, lengths):
    from astsvm.network.inception import InceptionBlock

    block = InceptionBlock(2, 3)
    block.build((None, frames, 8, 8, 1))
    assert [branch[0].kernel.shape[0] for branch in (block.three, block.five)] == lengths
    assert [branch[0].kernel.shape[1] for branch in (block.three, block.five)] == [3, 5]


def weights_of(filters, ins, three, five):
    """Weights of a block: entry, wide kernels of `three` and `five` taps, pool branch, norms."""
    small = filters // 2
    entry = ins * (filters + 2 * small)
    wide = three * small * filters + five * small * filters
    return entry + wide + ins * filters + 2 * (filters + 2 * small) + 2 * 3 * filters


@pytest.mark.parametrize(
    ("arguments", "shape", "trainable"),
    [
        ({"filters": 4}, (7, 9, 5), weights_of(4, 5, 9, 25)),
        ({"filters": 4, "dimensions": 3}, (6, 7, 9, 2), weights_of(4, 2, 27, 125)),
        (
            {"filters": 4, "dimensions": 3, "kernels": "factorised"},
            (6, 7, 9, 2),
            weights_of(4, 2, 9, 25) + (3 + 5) * 4 * 4,
        ),
    ],
)
def test_the_layer_contract(assert_layer_contract, arguments, shape, trainable):
    from astsvm.network.inception import InceptionBlock

    assert_layer_contract(InceptionBlock, arguments, shape, (*shape[:-1], 16), trainable)


def test_bad_settings_and_shapes_are_refused():
    from astsvm.network.inception import InceptionBlock

    for arguments in ((0,), (4, 1), (4, 3, "square"), (2.5,)):
        with pytest.raises(SettingsError):
            InceptionBlock(*arguments)
    with pytest.raises(InvalidInputError, match=r"\(B, T, H, W, C\)"):
        InceptionBlock(4, 3)(np.zeros((2, 8, 8, 1), np.float32))
