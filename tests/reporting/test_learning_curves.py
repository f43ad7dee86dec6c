"""Curves are means over folds, whatever their lengths, and one for each seed."""

from __future__ import annotations

import numpy as np
import pytest

from astsvm.reporting.learning_curves import learning_curves, losses_over_folds


def test_mean_and_spread_of_every_epoch():
    rows = [np.array([float(i), 10.0]) for i in range(11)]
    mean, low, high = losses_over_folds(rows)
    np.testing.assert_allclose(mean, [5, 10])
    np.testing.assert_allclose(low, [1, 10])
    np.testing.assert_allclose(high, [9, 10])


def test_an_epoch_is_averaged_over_the_folds_that_reached_it():
    mean, low, high = losses_over_folds([np.array([4.0]), np.array([2.0, 1.0, 0.5])])
    np.testing.assert_allclose(mean, [3, 1, 0.5])
    np.testing.assert_allclose(high[1:], low[1:])


def lines_of(svg: str) -> list[str]:
    return [colour for colour in ("#1f5fa8", "#c8651b", "#2a8a5f") if f"stroke: {colour}" in svg]


def test_every_seed_has_a_line_of_its_own():
    rows = [np.linspace(1, 0.1, 5)] * 2
    assert len(lines_of(learning_curves({1: rows}, "t").svg)) == 1
    picture = learning_curves({1: rows, 2: rows, 3: rows}, "CDE: TRAINING loss")
    assert len(lines_of(picture.svg)) == 3
    assert "seed 3" in picture.svg
    assert "6 folds" in picture.description


@pytest.mark.parametrize("losses", [{1: [np.array([0.7])]}, {n: [np.ones(3)] for n in range(30)}])
def test_a_single_epoch_and_many_seeds_are_drawn(losses):
    assert learning_curves(losses, "t", ("SYNTHETIC CLIPS",)).png
