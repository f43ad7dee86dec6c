"""Fixtures of the network's tests: one contract that every layer keeps."""

import numpy as np
import pytest


@pytest.fixture
def assert_layer_contract(tmp_path):
    """Check what holds for every layer of ours: shape, weights, config, file, gradients."""
    import keras
    import tensorflow as tf

    def check(layer_class, arguments, input_shape, output_shape, trainable):
        keras.utils.set_random_seed(3)
        inputs = np.random.default_rng(0).normal(size=(3, *input_shape)).astype(np.float32)
        layer = layer_class(**arguments)
        source = keras.Input(input_shape)
        model = keras.Model(source, layer(source))
        assert model.output_shape == (None, *output_shape)
        assert sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights) == trainable

        # Away from the initial values: zeros among them would hide a gradient that is missing.
        for index, weight in enumerate(layer.trainable_weights):
            noise = np.random.default_rng(index + 1).normal(size=weight.shape, scale=0.1)
            weight.assign_add(noise.astype(np.float32))

        outputs = np.asarray(model(inputs))
        assert outputs.shape == (3, *output_shape)
        assert outputs.dtype == np.float32
        assert np.isfinite(outputs).all()

        assert layer_class.from_config(layer.get_config()).get_config() == layer.get_config()
        model.save(tmp_path / "layer.keras")
        loaded = keras.saving.load_model(tmp_path / "layer.keras", safe_mode=True)
        np.testing.assert_array_equal(loaded(inputs), outputs)

        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(inputs, training=True) ** 3)
        gradients = tape.gradient(loss, layer.trainable_weights)
        for weight, gradient in zip(layer.trainable_weights, gradients, strict=True):
            assert gradient is not None, weight.path
            assert np.isfinite(gradient).all(), weight.path
            assert np.abs(gradient).max() > 0, weight.path

    return check
