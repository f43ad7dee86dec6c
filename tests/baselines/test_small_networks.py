"""Every small network keeps one contract, and has the parameters that its description says."""

from __future__ import annotations

import random
from functools import lru_cache

import numpy as np
import pytest

from astsvm.baselines import find_baseline
from astsvm.baselines.small_networks import SMALL_NETWORKS
from astsvm.errors import InvalidInputError, SettingsError

NAMES = [one.name for one in SMALL_NETWORKS]
IMAGES = {"ststnet": 3, "off_apexnet": 3, "dual_inception": 3, "dssn": 2, "rcn": 3, "capsulenet": 3}
SEQUENCES = {"cbamnet": 3, "tsnn": 3, "elrcn": 5}
FULL = {name: (1, 28, 28, channels) for name, channels in IMAGES.items()}
FULL |= {"cbamnet": (10, 28, 28, 3), "tsnn": (10, 28, 28, 3), "elrcn": (10, 48, 48, 5)}
# As small as it goes, so that a step takes a moment.
SMALL = {name: (1, 12, 14, channels) for name, channels in IMAGES.items()}
SMALL |= {"capsulenet": (1, 18, 17, 3)}
SMALL |= {name: (2, 12, 14, channels) for name, channels in SEQUENCES.items()}


def conv(size, incoming, filters):
    return size * incoming * filters + filters


def dense(incoming, units):
    return (incoming + 1) * units


def inception(incoming, filters):
    entries = 4 * conv(1, incoming, filters)
    return entries + conv(9, filters, filters) + conv(25, filters, filters)


def off_apexnet(classes):
    streams = 2 * (conv(25, 1, 6) + conv(25, 6, 16))
    return streams + dense(2 * 7 * 7 * 16, 1024) + dense(1024, 1024) + dense(1024, classes)


def attention(channels):
    narrow = channels // 4
    return dense(channels, narrow) + dense(narrow, channels)


def cbamnet(classes):
    # Ten steps become five, three and two; kernels of places are 2 T - 1 frames long, 7 at most.
    stages = sum(
        27 * incoming * filters + 2 * filters + attention(filters) + 2 * 49 * 7
        for incoming, filters in ((3, 16), (16, 32))
    )
    stages += 27 * 32 * 64 + 2 * 64 + attention(64) + 2 * 49 * 5
    return stages + dense(2 * 4 * 4 * 64, 128) + dense(128, classes)


def tsnn(classes):
    stream = conv(27, 1, 8) + conv(27, 8, 16) + conv(9, 10 * 16, 32) + dense(3 * 3 * 32, 64)
    return 3 * stream + dense(192, classes)


def elrcn(classes):
    pairs = sum(
        conv(9, incoming, filters) + conv(9, filters, filters)
        for incoming, filters in ((5, 16), (16, 32), (32, 64))
    )
    lstm = 4 * (128 * 64 + 64 * 64 + 64)
    return pairs + dense(6 * 6 * 64, 128) + lstm + dense(64, 128) + dense(128, classes)


TRAINABLE = {
    "ststnet": lambda classes: 16 * (27 + 1) + 2 * 16 + dense(400, classes),
    "off_apexnet": off_apexnet,
    "dual_inception": lambda classes: (
        2 * (inception(1, 6) + inception(24, 16)) + dense(2 * 49 * 64, 1024) + dense(1024, classes)
    ),
    "dssn": lambda classes: 2 * (conv(25, 1, 24) + conv(25, 24, 64)) + dense(36 * 64, classes),
    "rcn": lambda classes: (
        conv(25, 3, 32) + conv(1, 32, 32) + conv(9, 32, 32) + 3 * 64 + dense(25 * 32, classes)
    ),
    "capsulenet": lambda classes: conv(81, 3, 32) + conv(81, 32, 64) + 288 * 8 * 16 * classes,
    "cbamnet": cbamnet,
    "tsnn": tsnn,
    "elrcn": elrcn,
}
MOVING = {"ststnet": 32, "rcn": 192, "cbamnet": 224}
PUBLISHED_OR_TOLD = {
    "ststnet": 1683,
    "off_apexnet": 2_664_475,
    "dual_inception": 6_449_867,
    "dssn": 85_091,
    "rcn": 15_523 - 192,
    "capsulenet": 284_352,
    "cbamnet": 338_213 - 224,
    "tsnn": 205_491,
    "elrcn": 425_523,
}


def build(name, shape, classes=3, seed=1):
    """Build with the seeds that a fold would give."""
    random.seed(seed)
    return find_baseline(name).build(shape, classes)


def clips(shape, count=6, seed=0):
    drawn = np.random.default_rng(seed).normal(0, 0.3, (count, *shape))
    return {"motion": drawn.astype(np.float16)}


@lru_cache(maxsize=1)
def separable(shape, classes):
    """Make clips that show their class by the place where they move."""
    labels = np.arange(12) % classes
    drawn = np.random.default_rng(3).normal(0, 0.05, (12, *shape))
    for clip, label in zip(drawn, labels, strict=True):
        clip[:, 4 * label : 4 * label + 5] += 1
    return {"motion": drawn.astype(np.float16)}, labels


def features_of(model):
    from astsvm.network.model import feature_extractor

    return feature_extractor(model)


@pytest.mark.parametrize("name", NAMES)
def test_the_parameters_are_those_of_the_closed_form(name):
    for classes in (3, 5):
        model = build(name, FULL[name], classes)
        trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        assert trainable == TRAINABLE[name](classes)
        assert model.count_params() == trainable + MOVING.get(name, 0)
        assert classes != 3 or trainable == PUBLISHED_OR_TOLD[name]


@pytest.mark.parametrize("name", NAMES)
def test_it_builds_for_any_number_of_classes(name):
    for classes in range(2, 8):
        model = build(name, SMALL[name], classes)
        assert model.output_shape == (None, classes)
        assert list(model.input) == ["motion"]
        assert model.input["motion"].dtype == "float16"
        assert len(model.get_layer("features").output.shape) == 2
    probabilities = np.asarray(model(clips(SMALL[name])))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert probabilities.min() >= 0


@pytest.mark.parametrize("name", NAMES)
def test_a_few_steps_lower_the_loss_and_do_so_again(name):
    import keras

    inputs, labels = separable(SMALL[name], 3)
    losses = []
    for _ in range(2):
        model = build(name, SMALL[name])
        model.compile(
            keras.optimizers.Adam(3e-3),
            "sparse_categorical_crossentropy",
            run_eagerly=True,
        )
        before = float(model.evaluate(inputs, labels, verbose=0))
        steps = [float(model.train_on_batch(inputs, labels)) for _ in range(6)]
        losses.append([before, *steps, float(model.evaluate(inputs, labels, verbose=0))])
    assert losses[0] == losses[1]
    assert min(losses[0][1:]) < 0.9 * losses[0][0]


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_weights(name):
    same, again, other = (build(name, SMALL[name], seed=seed).get_weights() for seed in (1, 1, 2))
    for one, two in zip(same, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(np.abs(one - two).max() > 0 for one, two in zip(same, other, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_it_survives_a_file(name, tmp_path):
    import keras

    model = build(name, SMALL[name], 4)
    model.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    given = clips(SMALL[name])
    np.testing.assert_array_equal(loaded(given), model(given))
    np.testing.assert_array_equal(features_of(loaded)(given), features_of(model)(given))
    assert not [layer for layer in model.layers if type(layer).__name__ == "Lambda"]


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_is_judged_alone(name):
    model = build(name, SMALL[name])
    given = clips(SMALL[name])
    turned = {"motion": given["motion"][::-1]}
    np.testing.assert_allclose(model(turned)[::-1], model(given), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "channel", "layer", "sees"),
    [
        ("off_apexnet", 0, "u_flat", True),
        ("off_apexnet", 1, "u_flat", False),
        ("off_apexnet", 2, "v_flat", False),
        ("dual_inception", 1, "v_flat", True),
        ("dual_inception", 0, "v_flat", False),
        ("dssn", 0, "speed_pool2", True),
        ("dssn", 1, "speed_pool2", False),
        ("tsnn", 2, "strain_dense", True),
        ("tsnn", 0, "strain_dense", False),
    ],
)
def test_a_stream_sees_its_own_channel_only(name, channel, layer, sees):
    import keras

    model = build(name, SMALL[name])
    stream = keras.Model(model.input, model.get_layer(layer).output)
    given = clips(SMALL[name])
    changed = {"motion": given["motion"].copy()}
    changed["motion"][..., channel] *= -2
    assert (np.abs(stream(changed) - stream(given)).max() > 0) == sees


def test_the_streams_of_ststnet_meet_in_the_softmax_only():
    model = build("ststnet", FULL["ststnet"])
    given = clips(FULL["ststnet"])
    before = np.asarray(features_of(model)(given)).reshape(-1, 5, 5, 16)
    model.get_layer("stream5_maps").kernel.assign(np.zeros((3, 3, 3, 5), np.float32))
    after = np.asarray(features_of(model)(given)).reshape(-1, 5, 5, 16)
    changed = np.abs(after - before).max(axis=(0, 1, 2)) > 0
    np.testing.assert_array_equal(changed, [False] * 3 + [True] * 5 + [False] * 8)


def test_ststnet_starts_within_the_bounds_of_the_released_code():
    model = build("ststnet", FULL["ststnet"])
    for layer, limit in (("stream8_maps", 27**-0.5), ("probabilities", 400**-0.5)):
        for values in model.get_layer(layer).get_weights():
            assert np.abs(values).max() <= limit
        kernel = model.get_layer(layer).get_weights()[0]
        np.testing.assert_allclose(kernel.std(), limit / np.sqrt(3), rtol=0.15)


def test_the_recurrent_convolution_is_one_kernel_used_twice():
    model = build("rcn", SMALL["rcn"])
    assert len(model.get_layer("recurrent_maps")._inbound_nodes) == 2
    assert len(model.get_layer("recurrent_norm")._inbound_nodes) == 2


def test_every_frame_of_elrcn_is_encoded_alone_and_their_order_counts():
    import keras

    model = build("elrcn", (3, 12, 12, 5))
    encode = keras.Model(model.input, model.get_layer("frame_features").output)
    given = clips((3, 12, 12, 5))
    turned = {"motion": given["motion"][:, ::-1]}
    np.testing.assert_allclose(encode(turned)[:, ::-1], encode(given), rtol=1e-5, atol=1e-6)
    assert np.abs(np.asarray(model(turned)) - np.asarray(model(given))).max() > 1e-6


def test_the_longest_capsule_is_the_predicted_class():
    import keras

    model = build("capsulenet", FULL["capsulenet"])
    given = clips(FULL["capsulenet"], count=20)
    lengths = np.asarray(keras.Model(model.input, model.get_layer("lengths").output)(given))
    assert lengths.min() >= 0
    assert lengths.max() < 1
    np.testing.assert_array_equal(lengths.argmax(axis=1), np.asarray(model(given)).argmax(axis=1))


@pytest.mark.parametrize("name", NAMES)
def test_what_does_not_suit_the_network_is_refused(name):
    frames, height, width, channels = SMALL[name]
    network = find_baseline(name).build
    odd = (
        (frames, height, width, channels + 1),
        (frames, 1, width, channels),
        (height, width, channels),
        (frames, height, True, channels),
    )
    for shape in odd:
        with pytest.raises(InvalidInputError, match=r"shape|takes"):
            network(shape, 3)
    other = 2 if name in IMAGES else 1
    with pytest.raises(InvalidInputError, match=r"one image a clip|at least 2 frame"):
        network((other, height, width, channels), 3)
    for classes in (1, True, 2.0):
        with pytest.raises(SettingsError, match="classes must be"):
            network(SMALL[name], classes)


@pytest.mark.parametrize("start, stop", [(-1, 1), (1, 1), (2, 1)])
def test_an_empty_choice_of_channels_is_refused(start, stop):
    from astsvm.baselines.network_parts import ChannelSlice

    with pytest.raises(SettingsError, match="start < stop"):
        ChannelSlice(start, stop)
