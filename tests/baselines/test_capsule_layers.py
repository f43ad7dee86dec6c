"""Capsules against loops over capsules written here, and the margin loss against its formula."""

from __future__ import annotations

import numpy as np
import pytest

from astsvm.errors import InvalidInputError, SettingsError


def squashed(vectors):
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / length * length**2 / (1 + length**2)


def routed(matrices, capsules, iterations):
    """Route one clip's capsules (n, d), capsule by capsule."""
    above, below = matrices.shape[:2]
    predictions = np.array(
        [[m @ c for m, c in zip(row, capsules, strict=True)] for row in matrices]
    )
    scores = np.zeros((above, below))
    for turn in range(iterations):
        coupling = np.exp(scores) / np.exp(scores).sum(axis=0)
        results = squashed((coupling[..., None] * predictions).sum(axis=1))
        if turn + 1 < iterations:
            for j in range(above):
                for i in range(below):
                    scores[j, i] += results[j] @ predictions[j, i]
    return results


def margin_loss(lengths, true, upper=0.9, lower=0.1, weight=0.5):
    others = np.delete(lengths, true)
    wrong = np.maximum(0, others - lower) ** 2
    return np.maximum(0, upper - lengths[true]) ** 2 + weight * wrong.sum()


@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_routing_is_that_of_the_loop(iterations):
    from astsvm.baselines.capsule_layers import RoutedCapsules

    layer = RoutedCapsules(3, 4, iterations)
    capsules = np.random.default_rng(0).normal(size=(2, 5, 6)).astype(np.float32)
    layer.build(capsules.shape)
    matrices = np.random.default_rng(1).normal(size=(3, 5, 4, 6)).astype(np.float32)
    layer.matrices.assign(matrices)
    expected = [routed(matrices, clip, iterations) for clip in capsules]
    np.testing.assert_allclose(layer(capsules), expected, rtol=1e-4, atol=1e-5)


def test_a_vectors_length_is_squashed_below_one_and_its_direction_kept():
    from astsvm.baselines.capsule_layers import CapsuleLengths, squash

    vectors = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    vectors *= np.logspace(-3, 3, 50)[:, None]
    found = np.asarray(squash(vectors))
    np.testing.assert_allclose(found, squashed(vectors), rtol=1e-4)
    lengths = np.asarray(CapsuleLengths()(found[None]))[0]
    assert lengths.min() >= 0
    assert lengths.max() < 1
    assert np.asarray(squash(np.zeros((1, 8), np.float32))).max() == 0


def test_scores_rank_and_weigh_classes_as_the_margin_loss_does():
    from astsvm.baselines.capsule_layers import MarginScores

    lengths = np.random.default_rng(0).uniform(0, 1, (40, 4)).astype(np.float32)
    scores = np.asarray(MarginScores(sharpness=10)(lengths))
    for clip, own in zip(lengths, scores, strict=True):
        losses = np.array([margin_loss(clip, true) for true in range(4)])
        np.testing.assert_allclose(own - own[0], -10 * (losses - losses[0]), atol=1e-4)
    np.testing.assert_array_equal(scores.argmax(axis=1), lengths.argmax(axis=1))


def test_a_sure_capsule_gives_a_sure_softmax():
    from astsvm.baselines.capsule_layers import MarginScores

    scores = np.asarray(MarginScores()(np.array([[1, 0, 0]], np.float32)))[0]
    assert np.exp(scores[0]) / np.exp(scores).sum() > 0.9999


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("SquashedCapsules", {"size": 0}, "size must be a positive"),
        ("RoutedCapsules", {"count": True}, "count must be a positive"),
        ("RoutedCapsules", {"count": 3, "iterations": 0}, "iterations must be a positive"),
        ("MarginScores", {"upper": 0.1, "lower": 0.9}, "lower < upper"),
    ],
)
def test_odd_settings_are_refused(name, arguments, error):
    from astsvm.baselines import capsule_layers

    with pytest.raises(SettingsError, match=error):
        getattr(capsule_layers, name)(**arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "shape"),
    [
        ("SquashedCapsules", {"size": 8}, (None, 6, 6, 12)),
        ("RoutedCapsules", {"count": 3}, (None, 6, 6, 12)),
        ("RoutedCapsules", {"count": 3}, (None, None, 8)),
    ],
)
def test_odd_shapes_are_refused(name, arguments, shape):
    from astsvm.baselines import capsule_layers

    with pytest.raises(InvalidInputError, match=f"{name} expects"):
        getattr(capsule_layers, name)(**arguments).build(shape)
