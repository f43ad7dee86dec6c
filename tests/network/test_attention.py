"""Attention against a plain layer-by-layer reference, and the facts METHOD 2 names."""

import numpy as np
import pytest

from astsvm.errors import InvalidInputError, SettingsError

LAYERS = ("ChannelAttention", "SpatialAttention", "FusionAttention")
SHAPES = [(10, 24, 24, 2), (4, 17, 13, 1), (3, 9, 30, 3), (1, 28, 28, 3), (2, 1, 1, 2)]


def layer_of(name, *arguments, **keywords):
    from astsvm import network

    return getattr(network, name)(*arguments, **keywords)


def clips_of(shape, batch=4, seed=0, dtype=np.float32):
    generator = np.random.default_rng(seed)
    level = generator.normal(size=(1, shape[0], 1, 1, 1)) * 2
    return (generator.normal(size=(batch, *shape)) + level).astype(dtype)


def scatter_weights(layer, seed=1):
    """Give every weight, statistics included, a value away from its start; some gammas negative."""
    generator = np.random.default_rng(seed)
    for weight in layer.weights:
        noise = generator.normal(size=weight.shape) * 0.3
        positive = "variance" in weight.path
        weight.assign(np.abs(noise) + 0.5 if positive else noise)


class Reference:
    """The same attention written out step by step on clips of full size."""

    def __init__(self, layer):
        self.layer = layer
        self.statistics = []

    def normalise(self, weights, clips, training):
        import tensorflow as tf

        column = (1, -1, 1, 1, 1)
        mean, variance = (tf.convert_to_tensor(w) for w in weights.non_trainable_weights)
        if training:
            batch = tf.nn.moments(clips, (0, 2, 3, 4))
            moved = [
                old * 0.9 + new * 0.1 for old, new in zip((mean, variance), batch, strict=True)
            ]
            mean, variance = batch
        else:
            moved = [mean, variance]
        self.statistics.append((weights, [np.asarray(one) for one in moved]))
        affine = (mean, variance, weights.beta.value, weights.gamma.value)
        return tf.nn.batch_normalization(clips, *(tf.reshape(one, column) for one in affine), 1e-3)

    def activate(self, scores):
        import tensorflow as tf

        if self.layer.activation == "sigmoid":
            return tf.sigmoid(scores)
        count = scores.shape[-1] if self.layer.activation == "softmax" else 1
        return tf.nn.softmax(scores, axis=-1) * count

    def channel(self, part, clips, training):
        import tensorflow as tf

        normal = self.normalise(part.normalisation, clips, training)
        scores = 0
        for pooled in (tf.reduce_mean(normal, (2, 3, 4)), tf.reduce_max(normal, (2, 3, 4))):
            hidden = tf.nn.relu(pooled @ part.hidden.kernel.value + part.hidden.bias.value)
            scores += hidden @ part.excitation.kernel.value + part.excitation.bias.value
        return clips * self.activate(scores)[:, :, None, None, None]

    def spatial(self, part, clips, training):
        import tensorflow as tf

        normal = self.normalise(part.normalisation, clips, training)
        average = tf.reduce_mean(normal, (1, 4))[..., None]
        peak = tf.reduce_max(normal, (1, 4))[..., None]
        scores = tf.nn.conv2d(average, part.mean_kernel.value, 1, "SAME")
        scores += tf.nn.conv2d(peak, part.maximum_kernel.value, 1, "SAME")
        weights = self.activate(tf.reshape(scores, (len(clips), -1)))
        return clips * tf.reshape(weights, scores.shape)[:, None]

    def __call__(self, clips, training):
        import tensorflow as tf

        name = type(self.layer).__name__
        attended = tf.convert_to_tensor(clips)
        if name != "SpatialAttention":
            part = getattr(self.layer, "channel", self.layer)
            attended = self.channel(part, attended, training)
        if name != "ChannelAttention":
            part = getattr(self.layer, "spatial", self.layer)
            attended = self.spatial(part, attended, training)
        rows, columns = self.layer.window
        _, frames, height, width, channels = attended.shape
        windows = attended[:, :, : height // rows * rows, : width // columns * columns]
        cut = (-1, frames, height // rows, rows, width // columns, columns, channels)
        return tf.reduce_mean(tf.reshape(windows, cut), (3, 5))


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("activation", ["softmax", "literal_softmax", "sigmoid"])
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_equals_the_plain_layers(name, activation, training, shape):
    import tensorflow as tf

    window = (1, 1) if shape[1] == 1 else (2, 3)
    layer = layer_of(name, activation, window, dtype="float64")
    clips = clips_of(shape, dtype=np.float64)
    layer.build(clips.shape)
    scatter_weights(layer)
    reference = Reference(layer)
    with tf.GradientTape(persistent=True) as tape:
        source = tf.convert_to_tensor(clips)
        tape.watch(source)
        expected = reference(source, training)
        found = layer(source, training=training)
        losses = [tf.reduce_mean(one**2) for one in (expected, found)]
    np.testing.assert_allclose(found, expected, atol=1e-11, rtol=1e-11)
    for own, moved in reference.statistics:
        np.testing.assert_allclose(own.non_trainable_weights, moved, atol=1e-11)
    variables = [source, *(weight.value for weight in layer.trainable_weights)]
    wanted = tape.gradient(losses[0], variables, unconnected_gradients="zero")
    for ours, theirs in zip(tape.gradient(losses[1], variables), wanted, strict=True):
        scale = float(np.abs(theirs).max()) + 1e-6
        np.testing.assert_allclose(ours / scale, theirs / scale, atol=1e-9)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("batch", [1, 5])
def test_clips_as_stored_give_what_their_numbers_give(name, batch):
    stored = clips_of((4, 18, 12, 2), batch, dtype=np.float16)
    layer = layer_of(name, window=(6, 6))
    layer.build(stored.shape)
    scatter_weights(layer)
    found = layer(stored, training=True)
    assert found.dtype == np.float32
    scatter_weights(layer)
    np.testing.assert_array_equal(found, layer(stored.astype(np.float32), training=True))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_zeroed_last_weights_make_it_the_identity(name, shape):
    layer, clips = layer_of(name), clips_of(shape)
    layer.build(clips.shape)
    scatter_weights(layer)
    for weight in layer.weights:
        if "excitation" in weight.path or weight.path.endswith("_kernel"):
            weight.assign(np.zeros(weight.shape))
    for training in (False, True):
        np.testing.assert_array_equal(layer(clips, training=training), clips)


def maps_of(layer, clips):
    found = layer.attention(clips)
    maps = found if isinstance(found, tuple) else (found,)
    return [np.asarray(one, np.float64).reshape(len(clips), -1) for one in maps]


@pytest.mark.parametrize("name", LAYERS)
def test_attention_has_mean_one_and_the_literal_softmax_sums_to_one(name):
    clips = clips_of((10, 24, 24, 2))
    for activation, total in (("softmax", np.mean), ("literal_softmax", np.sum)):
        layer = layer_of(name, activation)
        layer.build(clips.shape)
        scatter_weights(layer)
        for one in maps_of(layer, clips):
            np.testing.assert_allclose(total(one, axis=1), 1, atol=1e-5)
            assert one.std(axis=1).min() > 1e-5
    layer = layer_of(name, "sigmoid")
    assert all(((one > 0) & (one < 1)).all() for one in maps_of(layer, clips))


def test_the_maps_are_what_the_clips_are_multiplied_by():
    clips = clips_of((5, 12, 14, 2))
    layer = layer_of("FusionAttention")
    frames, pixels = layer.attention(clips)
    assert frames.shape == (4, 5)
    assert pixels.shape == (4, 12, 14)
    product = clips * frames[:, :, None, None, None] * pixels[:, None, :, :, None]
    np.testing.assert_allclose(layer(clips), product, rtol=1e-6)


def test_extreme_scores_stay_finite():
    from astsvm.network.attention import attention_weights

    scores = np.array([[1e4, -1e4, 0.0], [3e38, 3e38, -3e38]], np.float32)
    np.testing.assert_array_equal(
        attention_weights(scores, "softmax"), np.array([[3, 0, 0], [1.5, 1.5, 0]], np.float32)
    )


@pytest.mark.parametrize(
    ("name", "arguments", "trainable"),
    [
        ("ChannelAttention", {}, 12 + 6 * 3 + 3 + 3 * 6 + 6),
        ("SpatialAttention", {"activation": "sigmoid", "window": (3, 2)}, 12 + 98),
        ("FusionAttention", {"window": (2, 2)}, 12 + 45 + 12 + 98),
    ],
)
def test_the_layer_contract(assert_layer_contract, name, arguments, trainable):
    from astsvm import network

    rows, columns = arguments.get("window", (1, 1))
    output = (6, 13 // rows, 18 // columns, 2)
    assert_layer_contract(getattr(network, name), arguments, (6, 13, 18, 2), output, trainable)


@pytest.mark.parametrize("name", LAYERS)
def test_bad_settings_and_shapes_are_refused(name):
    with pytest.raises(SettingsError, match="relu"):
        layer_of(name, "relu")
    for window in [(0, 1), (1,), (2.0, 2)]:
        with pytest.raises(SettingsError, match="window"):
            layer_of(name, window=window)
    with pytest.raises(InvalidInputError, match=r"\(B, T, H, W, C\)"):
        layer_of(name)(np.zeros((2, 5, 8, 8), np.float32))
    with pytest.raises(InvalidInputError, match="larger than the frames"):
        layer_of(name, window=(9, 1))(np.zeros((2, 5, 8, 8, 1), np.float32))


@pytest.mark.parametrize("name", LAYERS)
def test_where_there_is_a_gpu_the_passes_give_the_same(monkeypatch, name):
    """There the passes run on the whole batch, uncompiled; which device it is changes no line."""
    import tensorflow as tf

    from astsvm.network import clip_passes

    clips = clips_of((4, 12, 10, 2), dtype=np.float64)
    found = []
    for devices in ([], ["a GPU"]):
        clip_passes._each_clip.cache_clear()
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda _, found=devices: found)
        layer = layer_of(name, window=(2, 2), dtype="float64")
        layer.build(clips.shape)
        scatter_weights(layer)
        with tf.GradientTape() as tape:
            outputs = layer(clips, training=True)
        found.append([outputs, *tape.gradient(outputs, layer.trainable_weights)])
    clip_passes._each_clip.cache_clear()
    for compiled, batched in zip(*found, strict=True):
        np.testing.assert_allclose(batched, compiled, atol=1e-11)
