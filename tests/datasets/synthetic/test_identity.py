import dataclasses

import numpy as np
import pytest

from astsvm.datasets.synthetic.identity import HAIR_STYLES, draw_identity, face_shape
from astsvm.datasets.synthetic.template import mirrored

SEEDS = range(1, 41)


def identity_of(seed):
    return draw_identity(np.random.default_rng([7, seed, 11]))


def test_equal_seeds_give_equal_faces_and_others_do_not():
    assert identity_of(1) == identity_of(1)
    assert len({identity_of(seed).width for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_an_even_face_mirrors_itself(seed):
    even = dataclasses.replace(identity_of(seed), asymmetry=0.0)
    shape = face_shape(even)
    np.testing.assert_allclose(mirrored(shape), shape, atol=1e-12)


def test_faces_keep_the_order_of_their_parts():
    for seed in SEEDS:
        shape = face_shape(identity_of(seed))
        brows, eyes = shape[17:27, 1].mean(), shape[36:48, 1].mean()
        nose, mouth, chin = shape[33, 1], shape[51, 1], shape[8, 1]
        assert brows < eyes < nose < mouth < shape[57, 1] < chin
        assert shape[62, 1] < shape[66, 1]
        assert (np.diff(shape[:17, 0]) > 0).all()


def test_faces_vary():
    shapes = np.stack([face_shape(identity_of(seed)) for seed in SEEDS])
    assert shapes.std(axis=0).mean() > 0.02
    assert {identity_of(seed).hair_style for seed in SEEDS} == set(HAIR_STYLES)


def test_colours_are_within_the_eight_bit_range():
    for seed in SEEDS:
        drawn = identity_of(seed)
        for colour in (drawn.skin, drawn.hair, drawn.iris, drawn.background, drawn.shirt):
            assert all(0 <= part <= 255 for part in colour)
