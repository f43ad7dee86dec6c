"""The softmax head of a descriptor is a logistic regression, its features the bare values."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from astsvm.baselines.descriptor_network import build_descriptor_network
from astsvm.network import feature_extractor

SHAPE = (1, 3, 2, 2)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(3)
    return build_descriptor_network(SHAPE, 3, "values")


def batch(clips=5):
    return np.random.default_rng(1).normal(size=(clips, *SHAPE)).astype(np.float16)


def test_features_are_the_values_in_their_order(network):
    values = batch()
    found = feature_extractor(network).predict_on_batch({"values": values})
    np.testing.assert_array_equal(found, values.reshape(5, -1).astype(np.float32))


def test_probabilities_are_those_of_the_formula(network):
    values = batch()
    weights = {weight.path: np.asarray(weight) for weight in network.weights}
    norm, dense = network.get_layer("scaling"), network.get_layer("probabilities")
    assert len(weights) == 6
    scaled = values.reshape(5, -1).astype(float) / np.sqrt(1 + norm.epsilon)
    scores = scaled @ np.asarray(dense.kernel) + np.asarray(dense.bias)
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    found = network.predict_on_batch({"values": values})
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_there_is_a_weight_for_each_value_and_class(network):
    assert network.count_params() == 12 * 4 + 12 * 3 + 3
