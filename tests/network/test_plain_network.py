"""The whole network is the plain Keras network that the benchmarks compare it with."""

from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SHAPES = {"flow": (4, 192, 192, 2), "idsf": (4, 192, 192, 1)}
NORM = ("gamma", "beta", "moving_mean", "moving_variance")


@pytest.fixture
def build_plain(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from plain_network import build_plain_network

    return build_plain_network


def copy_norm(layer, norm, part=slice(None)):
    for name in NORM:
        getattr(layer, name).assign(getattr(norm, name).value[part])


def copy_attention(plain, name, ours):
    copy_norm(plain.get_layer(f"{name}_channel_norm"), ours.channel.normalisation)
    copy_norm(plain.get_layer(f"{name}_spatial_norm"), ours.spatial.normalisation)
    for part in ("hidden", "excitation"):
        plain.get_layer(f"{name}_{part}").set_weights(getattr(ours.channel, part).get_weights())
    plain.get_layer(f"{name}_mean").kernel.assign(ours.spatial.mean_kernel)
    plain.get_layer(f"{name}_maximum").kernel.assign(ours.spatial.maximum_kernel)


def copy_block(plain, name, ours):
    filters, small = ours.filters, ours.bottleneck
    cuts = {
        "one": slice(0, filters),
        "three_entry": slice(filters, filters + small),
        "five_entry": slice(filters + small, filters + 2 * small),
    }
    for branch, part in cuts.items():
        plain.get_layer(f"{name}_{branch}_0").kernel.assign(ours.entry.kernel.value[..., part])
        copy_norm(plain.get_layer(f"{name}_{branch}_norm"), ours.entry_norm, part)
    wide = {"three": ours.three, "five": ours.five, "pooled": [ours.pooled]}
    for position, (branch, kernels) in enumerate(wide.items()):
        for number, layer in enumerate(kernels):
            plain.get_layer(f"{name}_{branch}_{number}").kernel.assign(layer.kernel)
        part = slice(position * filters, (position + 1) * filters)
        copy_norm(plain.get_layer(f"{name}_{branch}_norm"), ours.exit_norm, part)


@pytest.mark.parametrize("preset", ["paper", "fast"])
def test_it_equals_plain_keras_and_has_as_many_weights(build_plain, preset):
    import tensorflow as tf

    from astsvm.config import Settings
    from astsvm.network import build_network

    settings = Settings.from_preset(preset).network.replace(dropout=0.0)
    ours = build_network(SHAPES, 3, settings=settings)
    plain = build_plain(SHAPES, 3, settings)
    assert plain.count_params() == ours.count_params()
    generator = np.random.default_rng(0)
    for weight in ours.trainable_weights:
        weight.assign_add(generator.normal(size=weight.shape, scale=0.05))
    for stream in SHAPES:
        copy_attention(plain, f"{stream}_attention", ours.get_layer(f"{stream}_attention"))
        for block in ("2d_first", "2d_second", "3d_first", "3d_second"):
            copy_block(plain, f"{stream}_{block}", ours.get_layer(f"{stream}_{block}"))
    plain.get_layer("probabilities").set_weights(ours.get_layer("probabilities").get_weights())
    clips = {
        name: generator.normal(size=(6, *shape)).astype(np.float16)
        for name, shape in SHAPES.items()
    }
    for training in (True, False):  # in this order: the first moves the statistics of both
        found, expected = (model(clips, training=training) for model in (ours, plain))
        np.testing.assert_allclose(tf.math.log(found), tf.math.log(expected), atol=1e-4)
    assert np.asarray(found).std(axis=0).min() > 1e-3
