"""Maps are the attention and the motion of the clips they stand for, on the network's grid."""

from __future__ import annotations

import numpy as np
import pytest

from astsvm.config import Settings

STREAMS = {"flow": (3, 97, 96, 2), "idsf": (3, 97, 96, 1)}
"""Three rows or columns a window, and one row that fills no window."""


def build(attention: str, activation: str = "softmax"):
    """A network whose attention is not at its start, where it is the same everywhere."""
    from astsvm.network import build_network

    settings = Settings.from_preset("demo").network.replace(
        attention=attention, attention_activation=activation, filters=(2, 2)
    )
    model = build_network(STREAMS, settings=settings)
    generator = np.random.default_rng(5)
    for layer in model.layers:
        if layer.name.endswith("attention"):
            for weight in layer.trainable_weights:
                weight.assign_add(generator.normal(0, 0.2, weight.shape).astype(np.float32))
    return model


def batch_of(clips: int, draw: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(draw)
    return {
        name: generator.normal(size=(clips, *shape)).astype(np.float32)
        for name, shape in STREAMS.items()
    }


def windows(images: np.ndarray) -> np.ndarray:
    """Average 3 x 3 windows one by one."""
    rows, columns = images.shape[1] // 3, images.shape[2] // 3
    means = np.empty((len(images), rows, columns))
    for row, column in np.ndindex(rows, columns):
        cells = images[:, 3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        means[:, row, column] = cells.mean(axis=(1, 2))
    return means


@pytest.mark.parametrize("activation", ["softmax", "literal_softmax", "sigmoid"])
def test_fusion_attention_gives_places_and_frames_relative_to_their_mean(activation):
    from astsvm.evaluation.attention_maps import clip_maps

    model, batch = build("fam", activation), batch_of(2)
    maps = clip_maps(model, tuple(STREAMS), [batch])
    assert sorted(maps.attention) == ["flow", "flow_frames", "idsf", "idsf_frames"]
    for name in STREAMS:
        found = model.get_layer(f"{name}_attention").attention(batch[name])
        frames, places = (np.asarray(weights, np.float64) for weights in found)
        expected = windows(places / places.mean(axis=(1, 2), keepdims=True))
        np.testing.assert_allclose(maps.attention[name], expected, rtol=1e-3)
        relative = frames / frames.mean(axis=1, keepdims=True)
        np.testing.assert_allclose(maps.attention[f"{name}_frames"], relative, rtol=1e-3)
        assert maps.attention[name].dtype == np.float16
        assert expected.std() > 0.01


@pytest.mark.parametrize(
    ("attention", "names"),
    [("cam", ["flow_frames", "idsf_frames"]), ("sam", ["flow", "idsf"]), ("none", [])],
)
def test_what_an_attention_does_not_weigh_has_no_map(attention, names):
    from astsvm.evaluation.attention_maps import clip_maps

    maps = clip_maps(build(attention), tuple(STREAMS), [batch_of(2)])
    assert sorted(maps.attention) == names
    assert sorted(maps.motion) == ["flow", "idsf"]


def test_motion_is_the_mean_absolute_value_over_time_and_channels():
    from astsvm.evaluation.attention_maps import clip_maps

    batch = batch_of(2)
    motion = clip_maps(build("none"), tuple(STREAMS), [batch]).motion
    for name, clips in batch.items():
        expected = windows(np.abs(clips.astype(np.float64)).mean(axis=(1, 4)))
        assert motion[name].dtype == np.float16
        np.testing.assert_allclose(motion[name], expected, rtol=1e-3)


def test_clips_come_in_the_order_of_the_batches():
    from astsvm.evaluation.attention_maps import clip_maps

    model, first, second = build("fam"), batch_of(2, draw=1), batch_of(1, draw=2)
    together = clip_maps(model, tuple(STREAMS), [first, second])
    alone = clip_maps(model, tuple(STREAMS), [second])
    for key, values in alone.attention.items():
        assert together.attention[key].shape[0] == 3
        np.testing.assert_allclose(together.attention[key][2:], values, rtol=2e-3)
