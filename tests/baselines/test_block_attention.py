"""Block attention against its formula, written with loops."""

from __future__ import annotations

import numpy as np
import pytest

from astsvm.errors import InvalidInputError, SettingsError


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def reference(maps, weights):
    """Attend to one clip's maps (T, H, W, C)."""
    into, into_bias, out, out_bias, kernel = weights

    def perceptron(values):
        return np.maximum(0, values @ into + into_bias) @ out + out_bias

    scores = perceptron(maps.mean(axis=(0, 1, 2))) + perceptron(maps.max(axis=(0, 1, 2)))
    maps = maps * sigmoid(scores)
    both = np.stack([maps.mean(axis=-1), maps.max(axis=-1)], axis=-1)
    reach = [side // 2 for side in kernel.shape[:3]]
    padded = np.pad(both, [(one, one) for one in reach] + [(0, 0)])
    found = np.zeros(maps.shape[:3])
    for t, y, x in np.ndindex(*found.shape):
        window = padded[t : t + kernel.shape[0], y : y + 7, x : x + 7]
        found[t, y, x] = (window * kernel[..., 0]).sum()
    return maps * sigmoid(found)[..., None]


@pytest.mark.parametrize(("frames", "length"), [(1, 1), (2, 3), (5, 7)])
def test_attention_is_that_of_the_formula(frames, length):
    from astsvm.baselines.block_attention import BlockAttention

    maps = np.random.default_rng(0).normal(size=(2, frames, 5, 6, 8)).astype(np.float32)
    layer = BlockAttention(reduction=4)
    layer.build(maps.shape)
    assert [w.shape for w in layer.weights] == [(8, 2), (2,), (2, 8), (8,), (length, 7, 7, 2, 1)]
    generator = np.random.default_rng(1)
    weights = [generator.normal(0, 0.3, w.shape).astype(np.float32) for w in layer.weights]
    layer.set_weights(weights)
    expected = [reference(clip, weights) for clip in maps]
    np.testing.assert_allclose(layer(maps), expected, rtol=1e-4, atol=1e-5)


def test_odd_settings_and_shapes_are_refused():
    from astsvm.baselines.block_attention import BlockAttention

    with pytest.raises(SettingsError, match="reduction must be"):
        BlockAttention(reduction=0)
    with pytest.raises(InvalidInputError, match="BlockAttention expects"):
        BlockAttention().build((None, 5, 6, 8))
