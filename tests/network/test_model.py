"""The whole network: it builds for everything METHOD 2 asks for, learns, and survives a file."""

import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from astsvm.config import NetworkSettings
from astsvm.errors import InvalidInputError, SettingsError

STREAMS = (("flow",), ("idsf",), ("flow", "idsf"))
ATTENTION = ("fam", "cam", "sam", "none")
MODULES = (("2d",), ("3d",), ("2d", "3d"))
KINDS = {
    "fam": {"FusionAttention"},
    "cam": {"ChannelAttention"},
    "sam": {"SpatialAttention"},
    "none": set(),
}
SMALL = NetworkSettings(filters=(2, 2), kernels="factorised")


def shapes_of(streams, frames, size):
    return {name: (frames, size, size, 2 if name == "flow" else 1) for name in streams}


def clips_of(shapes, batch=2, seed=0):
    generator = np.random.default_rng(seed)
    return {n: generator.normal(size=(batch, *s)).astype(np.float32) for n, s in shapes.items()}


def small(shapes, classes=3, **changes):
    from astsvm.network import build_network

    return build_network(shapes, classes, settings=SMALL.replace(**changes))


def check_forward(model, shapes, classes):
    probabilities = np.asarray(model(clips_of(shapes)))
    assert probabilities.shape == (2, classes)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert probabilities.min() >= 0


@pytest.mark.parametrize(
    ("streams", "attention", "modules"), list(product(STREAMS, ATTENTION, MODULES))
)
def test_it_builds_for_every_choice(streams, attention, modules):
    from astsvm.network import build_network

    shapes = shapes_of(streams, 4, 12)
    model = build_network(shapes, 3, attention, modules)
    assert model.output_shape == (None, 3)
    assert model.get_layer("features").output.shape == (None, 768 * len(streams) * len(modules))
    layers = {type(layer).__name__ for layer in model.layers}
    assert {kind for kind in layers if kind.endswith("Attention")} == KINDS[attention]
    check_forward(model, shapes, 3)


@pytest.mark.parametrize("classes", range(2, 8))
def test_it_builds_for_any_number_of_classes(classes):
    shapes = shapes_of(("flow", "idsf"), 2, 8)
    check_forward(small(shapes, classes), shapes, classes)


@pytest.mark.parametrize("frames", [1, 2, 10])
@pytest.mark.parametrize("sides", [(28, 28), (1, 1), (3, 2), (33, 47), (49, 97)], ids=str)
def test_it_builds_for_any_size(frames, sides):
    shapes = {"flow": (frames, *sides, 3)}
    check_forward(small(shapes), shapes, 3)


@pytest.mark.slow
@pytest.mark.parametrize(("frames", "size"), [(1, 28), (10, 192)])
@pytest.mark.parametrize("streams", STREAMS, ids="+".join)
def test_every_combination_builds_at_full_size(streams, frames, size):
    from astsvm.network import build_network

    shapes = shapes_of(streams, frames, size)
    for attention, modules, classes in product(ATTENTION, MODULES, range(2, 8)):
        model = build_network(shapes, classes, attention, modules)
        assert model.output_shape == (None, classes)
    check_forward(model, shapes, 7)


@pytest.mark.parametrize(
    ("side", "window"),
    [(1, 1), (28, 1), (47, 1), (49, 2), (64, 2), (80, 2), (81, 3), (96, 3), (192, 6), (256, 8)],
)
def test_frames_are_brought_to_about_32_pixels(side, window):
    model = small({"idsf": (1, side, side, 1)}, attention="none", modules=("2d",))
    assert model.get_layer("idsf_down_sampling").window == (window, window)


@pytest.mark.parametrize(
    ("preset", "trainable", "features", "side"),
    [("paper", 47_975, 3072, 32), ("fast", 29_615, 3072, 16), ("demo", 15_785, 2048, 32)],
)
def test_presets_have_their_size(preset, trainable, features, side):
    from astsvm.network import build_network, feature_extractor

    size = 96 if preset == "demo" else 192
    model = build_network(shapes_of(("flow", "idsf"), 10, size), preset=preset)
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == trainable
    assert feature_extractor(model).output_shape == (None, features)
    assert model.get_layer("flow_3d_first").input.shape[1:4] == (10, side, side)


def test_a_stream_of_another_name_comes_after_those_of_the_paper():
    from astsvm.network import build_network

    shapes = {"a_baseline": (1, 12, 12, 3), "flow": (1, 12, 12, 2)}
    names = [tensor.name for tensor in build_network(shapes, attention="none").inputs]
    assert sorted(names) == ["a_baseline", "flow"]
    layers = [layer.name for layer in build_network(shapes, modules=("2d",)).layers]
    assert layers.index("flow_attention") < layers.index("a_baseline_attention")


def test_the_order_of_the_streams_changes_nothing():
    from keras.utils import set_random_seed

    shapes = shapes_of(("flow", "idsf"), 3, 10)
    clips, found = clips_of(shapes), []
    for order in (shapes, dict(reversed(shapes.items()))):
        set_random_seed(5)
        found.append(np.asarray(small(order)(clips)))
    np.testing.assert_array_equal(*found)


def test_settings_reach_the_layers():
    shapes = shapes_of(("flow",), 3, 10)
    model = small(shapes, attention_activation="sigmoid", dropout=0.25, filters=(3, 5))
    assert model.get_layer("flow_attention").activation == "sigmoid"
    assert model.get_layer("dropout").rate == 0.25
    assert model.get_layer("flow_2d_first").filters == 3
    assert model.get_layer("flow_3d_second").filters == 5
    assert model.get_layer("flow_3d_second").kernels == "factorised"


def test_the_resolution_says_how_far_clips_are_averaged():
    shapes = shapes_of(("flow", "idsf"), 3, 48)
    for resolution, side in ((4, 4), (16, 16), (20, 24), (96, 48)):
        model = small(shapes, resolution=resolution)
        assert model.get_layer("flow_3d_first").input.shape[1:4] == (3, side, side)


def test_attention_may_look_at_averages():
    shapes = shapes_of(("flow",), 3, 48)
    clips = clips_of(shapes)
    for resolution, side in ((12, 12), (20, 24), (48, 48), (100, 48)):
        model = small(shapes, attention_resolution=resolution, resolution=6)
        layer = model.get_layer("flow_attention")
        assert layer.input.shape[1:4] == (3, side, side)
        assert layer.output.shape[1:4] == (3, 6, 6)
    # A fresh attention is 1 everywhere: averaging in two steps is averaging in one.
    found = []
    for resolution in (None, 12):
        model = small(shapes, attention_resolution=resolution, resolution=6)
        attended = keras_model_to(model, "flow_attention")
        found.append(np.asarray(attended(clips)))
    np.testing.assert_allclose(*found, atol=1e-3)


def keras_model_to(model, layer):
    import keras

    return keras.Model(model.input, model.get_layer(layer).output)


def test_convolving_in_half_the_bits_gives_nearly_the_same():
    from keras.utils import set_random_seed

    shapes, found = shapes_of(("flow", "idsf"), 4, 24), []
    clips = clips_of(shapes)
    for precision in ("float32", "mixed_bfloat16"):
        set_random_seed(5)
        model = small(shapes, precision=precision)
        assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
        found.append(np.asarray(model(clips)))
    assert found[1].dtype == np.float32
    assert not np.array_equal(*found)
    # bfloat16 keeps 8 bits.
    np.testing.assert_allclose(*found, atol=0.02)


def test_it_learns_in_half_the_bits_as_well():
    import keras

    shapes = shapes_of(("flow",), 3, 12)
    clips, labels = clips_of(shapes, batch=6), np.arange(6) % 3
    keras.utils.set_random_seed(1)
    model = small(shapes, precision="mixed_bfloat16", dropout=0.0)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", jit_compile=False)
    losses = model.fit(clips, labels, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 4


@pytest.mark.parametrize("attention", ATTENTION)
def test_a_file_brings_the_network_back(tmp_path, attention):
    import keras

    shapes = shapes_of(("flow", "idsf"), 3, 49)
    clips, model = clips_of(shapes), small(shapes, attention=attention)
    for weight in model.weights:
        weight.assign(weight.numpy() + 0.01)
    model.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(clips), model(clips))
    from astsvm.network import feature_extractor

    np.testing.assert_array_equal(feature_extractor(loaded)(clips), feature_extractor(model)(clips))


def test_features_are_those_before_dropout_and_follow_the_weights():
    from astsvm.network import feature_extractor

    shapes = shapes_of(("flow",), 3, 12)
    clips, model = clips_of(shapes), small(shapes)
    features = np.asarray(feature_extractor(model)(clips))
    assert features.shape == (2, 2 * 16 * 4 * 2)
    head = model.get_layer("probabilities")
    np.testing.assert_allclose(head(features), model(clips), rtol=1e-6)
    before = model.get_layer("flow_2d_first").entry.kernel
    before.assign(before.numpy() * 2 + 0.1)
    assert np.abs(features - np.asarray(feature_extractor(model)(clips))).max() > 0


@pytest.mark.parametrize("attention", ATTENTION)
def test_gradients_reach_every_weight(attention):
    import tensorflow as tf
    from keras.utils import set_random_seed

    # With some draws the two hidden units of an attention are both idle.
    set_random_seed(1)
    shapes = shapes_of(("flow", "idsf"), 4, 16)
    model = small(shapes, attention=attention)
    for index, weight in enumerate(model.trainable_weights):
        # Attention starts from zeros, behind which earlier weights would seem to get nothing.
        noise = np.random.default_rng(index + 1).normal(size=weight.shape, scale=0.1)
        weight.assign_add(noise.astype(np.float32))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.math.log(model(clips_of(shapes, 6), training=True)[:, 0]))
    for weight, gradient in zip(
        model.trainable_weights, tape.gradient(loss, model.trainable_weights), strict=True
    ):
        assert gradient is not None, weight.path
        assert np.abs(gradient).max() > 0, weight.path


@pytest.mark.parametrize("shape", [(3, 12, 12, 2), (1, 12, 12, 3)], ids=str)
def test_it_learns_a_small_problem_by_heart(shape):
    """The class is where the motion is; after training, inference mode must know it as well."""
    import keras

    keras.utils.set_random_seed(1)
    generator = np.random.default_rng(0)
    labels = np.arange(24) % 3
    clips = generator.normal(size=(24, *shape)).astype(np.float32)
    for clip, label in zip(clips, labels, strict=True):
        clip[:, 4 * label : 4 * label + 4, 3:9] += 1.5
    model = small({"flow": shape})
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", jit_compile=False)
    losses = model.fit(
        {"flow": clips}, labels, batch_size=12, epochs=25, verbose=0, shuffle=False
    ).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert np.mean(np.argmax(model({"flow": clips}), axis=1) == labels) == 1


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"streams": {}}, SettingsError, "streams"),
        ({"streams": {"Strain!": (1, 8, 8, 1)}}, SettingsError, "Strain!"),
        ({"streams": {"flow": (8, 8, 2)}}, InvalidInputError, "flow"),
        ({"streams": {"flow": (0, 8, 8, 2)}}, InvalidInputError, "flow"),
        ({"streams": {"flow": (1, 8, None, 2)}}, InvalidInputError, "flow"),
        ({"streams": {"flow": (1, 8.0, 8, 2)}}, InvalidInputError, "flow"),
        ({"classes": 1}, SettingsError, "classes"),
        ({"classes": 2.0}, SettingsError, "classes"),
        ({"attention": "cbam"}, SettingsError, "attention"),
        ({"modules": ()}, SettingsError, "modules"),
        ({"modules": ("2d", "2d")}, SettingsError, "modules"),
        ({"modules": ("4d",)}, SettingsError, "modules"),
        ({"preset": "large"}, SettingsError, "large"),
    ],
)
def test_bad_arguments_are_refused(change, error, message):
    from astsvm.network import build_network

    with pytest.raises(error, match=message):
        build_network(**{"streams": {"flow": (1, 8, 8, 2)}, **change})


def test_a_foreign_model_has_no_features():
    import keras

    from astsvm.network import feature_extractor

    source = keras.Input((3,))
    with pytest.raises(InvalidInputError, match="features"):
        feature_extractor(keras.Model(source, keras.layers.Dense(2)(source)))


def test_importing_the_package_does_not_import_tensorflow():
    program = (
        "import sys, os, astsvm.network; assert 'tensorflow' not in sys.modules;"
        "assert 'keras' not in sys.modules; assert os.environ['TF_ENABLE_ONEDNN_OPTS'] == '1';"
        "assert 'build_network' in dir(astsvm.network)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
