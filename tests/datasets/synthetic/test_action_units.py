from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.datasets.synthetic.action_units import (
    ACTION_UNITS,
    CLASSES,
    draw_action_units,
    place_pulls,
)
from astsvm.datasets.synthetic.template import landmark_template
from astsvm.errors import SettingsError

CORE = {"negative": {4, 15}, "positive": {12}, "surprise": {1, 26}}


def frequencies(label, confusion=0.0, draws=4000):
    rng = np.random.default_rng(3)
    counts = Counter()
    for _ in range(draws):
        counts.update(draw_action_units(label, confusion, rng).keys())
    return {unit: count / draws for unit, count in counts.items()}


def test_class_names_are_those_of_megc2019():
    assert CLASSES == ("negative", "positive", "surprise")


def test_negative_recipe():
    share = frequencies("negative")
    assert set(share) == {4, 7, 9, 10, 15, 17}
    assert share[4] == pytest.approx(0.80, abs=0.03)
    assert share[9] + share[10] == pytest.approx(0.25, abs=0.03)
    assert share[15] == pytest.approx(0.20 + 0.80 * 0.2, abs=0.03)
    assert share[7] == pytest.approx(0.3, abs=0.03)
    assert share[17] == pytest.approx(0.2, abs=0.03)


def test_positive_recipe():
    share = frequencies("positive")
    assert set(share) == {6, 12, 14}
    assert share[12] == 1
    assert share[6] == pytest.approx(0.45, abs=0.03)
    assert share[14] == pytest.approx(0.15, abs=0.03)


def test_surprise_recipe():
    share = frequencies("surprise")
    assert set(share) == {1, 2, 5, 26}
    assert share[1] == pytest.approx(0.85, abs=0.03)
    assert share[2] == pytest.approx(0.65, abs=0.03)
    assert share[26] == pytest.approx(0.15 + 0.85 * 0.3, abs=0.03)
    assert share[5] == pytest.approx(0.15 + 0.85 * 0.4, abs=0.03)


def test_confounders_come_as_often_as_the_difficulty_says():
    share = frequencies("positive", confusion=1.2)
    for unit in (7, 17, 24, 4, 1):
        assert share[unit] == pytest.approx(0.42, abs=0.03)


@given(
    label=st.sampled_from(CLASSES),
    confusion=st.floats(0, 2.5),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_every_clip_shows_its_class_and_known_units(label, confusion, seed):
    units = draw_action_units(label, confusion, np.random.default_rng(seed))
    assert CORE[label] & set(units)
    assert set(units) <= set(ACTION_UNITS)
    assert all(0 < weight <= 1 for weight in units.values())
    assert next(iter(units.values())) >= 0.7


def test_an_unknown_class_is_refused():
    with pytest.raises(SettingsError, match="negative, positive, surprise, received 'happy'"):
        draw_action_units("happy", 0.0, np.random.default_rng(1))


@pytest.mark.parametrize("unit", sorted(ACTION_UNITS))
def test_units_pull_both_halves_alike_on_an_even_face(unit):
    pulls = place_pulls(unit, landmark_template() * 90 + 200, 90.0, 1.5)
    reflected = {
        (
            round(400 - p.centre[0], 6),
            round(p.centre[1], 6),
            p.sigma,
            round(-p.vector[0], 6) + 0.0,
            round(p.vector[1], 6),
        )
        for p in pulls
    }
    assert reflected == {
        (
            round(p.centre[0], 6),
            round(p.centre[1], 6),
            p.sigma,
            round(p.vector[0], 6) + 0.0,
            round(p.vector[1], 6),
        )
        for p in pulls
    }


def test_imbalance_weakens_the_left_and_strengthens_the_right():
    left, right = place_pulls(14, landmark_template() * 90, 90.0, 2.0, imbalance=0.25)
    assert left.vector == pytest.approx((-0.75 * 2 * 0.75, 0))
    assert right.vector == pytest.approx((0.75 * 2 * 1.25, 0))
    assert left.centre[0] < 0 < right.centre[0]


def test_smile_lifts_the_corners_and_frown_lowers_the_brows():
    face = landmark_template() * 90
    smile = place_pulls(12, face, 90.0, 1.0)
    assert all(pull.vector[1] < 0 for pull in smile)
    assert smile[0].vector[0] < 0 < smile[1].vector[0]
    frown = place_pulls(4, face, 90.0, 1.0)
    assert all(pull.vector[1] > 0 for pull in frown)
    assert frown[0].vector[0] > 0 > frown[1].vector[0]
