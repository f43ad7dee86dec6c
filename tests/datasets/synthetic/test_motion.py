"""The exact flow against closed forms, root finding, and what the renderer shows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from astsvm.datasets.synthetic.action_units import Gaussian
from astsvm.datasets.synthetic.motion import HEAD_MOTIONS, MotionField
from astsvm.errors import InvalidInputError

ORIGIN, IOD = (160.0, 100.0), 50.0
PIVOT = np.array([160.0, 100.0 + 0.28 * IOD])


def field(head=None, expression=(), profile=None, tremor=(), tremor_course=None, frames=3):
    return MotionField(
        origin=ORIGIN,
        iod=IOD,
        expression=expression,
        profile=np.zeros(frames) if profile is None else np.asarray(profile, dtype=float),
        head=np.zeros((frames, 6)) if head is None else np.asarray(head, dtype=float),
        tremor=tremor,
        tremor_course=np.zeros((frames, len(tremor))) if tremor_course is None else tremor_course,
    )


def crop_points(count=200, seed=1):
    """Places within the face crop, 2.75 IOD wide with the eyes at .30 of its height."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.375, 1.375, count) * IOD
    y = rng.uniform(-0.825, 1.925, count) * IOD
    return np.column_stack([x, y]) + ORIGIN


def head(**motions):
    row = np.zeros(6)
    for name, value in motions.items():
        row[HEAD_MOTIONS.index(name)] = value
    return row


def test_translation_is_the_difference_of_the_shifts():
    moving = field([head(), head(shift_x=0.7, shift_y=-0.3), head(shift_x=-0.2, shift_y=1.1)])
    flow = moving.flow(1, 2, crop_points())
    np.testing.assert_allclose(flow, np.tile((-0.9, 1.4), (200, 1)), atol=1e-12)


def test_scale_and_roll_match_the_matrix_solution():
    moves = [head(scale=0.004, roll=-0.003), head(scale=-0.006, roll=0.005)]
    moving = field([head(), *moves])
    points = crop_points()
    first, second = ([[m[2], -m[3]], [m[3], m[2]]] for m in moves)
    exact = (
        np.linalg.solve(np.eye(2) - second, (np.eye(2) - first) @ (points - PIVOT).T).T
        + PIVOT
        - points
    )
    np.testing.assert_allclose(moving.flow(1, 2, points), exact, atol=1e-9)


@pytest.mark.parametrize(("motion", "axis"), [("yaw", 0), ("pitch", 1)])
def test_turning_moves_near_points_more(motion, axis):
    moving = field([head(), head(**{motion: 0.02}), head()])
    nose, jaw = np.add(ORIGIN, (0.0, 0.58 * IOD)), np.add(ORIGIN, (1.2 * IOD, 0.9 * IOD))
    flow = moving.flow(0, 1, np.stack([nose, jaw]))
    assert flow[0, axis] > 1.5 * flow[1, axis] > 0
    np.testing.assert_array_equal(flow[:, 1 - axis], 0)


def test_a_single_pull_matches_root_finding():
    pull = Gaussian((150.0, 120.0), (9.0, 7.0), (0.0, 2.5))
    moving = field(expression=[pull], profile=[0.0, 0.3, 1.0])

    def displacement(share, y):
        return share * 2.5 * np.exp(-0.5 * ((y - 120.0) / 7.0) ** 2)

    for start in np.linspace(100, 140, 21):
        material = start - displacement(0.3, start)
        end = brentq(lambda y, m=material: y - displacement(1.0, y) - m, 80, 160, xtol=1e-13)
        flow = moving.flow(1, 2, np.array([[150.0, start]]))
        np.testing.assert_allclose(flow, [[0.0, end - start]], atol=1e-9)


def test_nothing_moves_outside_the_reach():
    pull = Gaussian((250.0, 160.0), (40.0, 40.0), (2.0, 2.0))
    moving = field([head(), head(shift_x=2, scale=0.01, yaw=0.01), head()], [pull], [0, 1, 0])
    left, right, top, bottom = moving.reach
    far = np.array(
        [
            (left - 0.1, 120.0),
            (right + 0.1, 120.0),
            (160.0, top - 0.1),
            (160.0, bottom + 0.1),
            (-1e6, 1e6),
        ]
    )
    np.testing.assert_array_equal(moving.displacement(1, far), 0)
    np.testing.assert_array_equal(moving.flow(0, 1, far), 0)
    near = np.array([(left + 20.0, 120.0)])
    assert np.abs(moving.displacement(1, near)).max() > 0.1


def test_columns_and_rows_factor_the_field():
    rng = np.random.default_rng(2)
    pulls = [Gaussian((150, 120), (9, 7), (1.0, -0.5)), Gaussian((180, 90), (12, 5), (0.3, 0.8))]
    shakes = [Gaussian((140, 140), (10, 10), (0.6, 0.8))]
    moving = field(
        rng.normal(size=(3, 6)) * (1, 1, 0.01, 0.01, 0.01, 0.01),
        pulls, [0, 0.4, 1], shakes, rng.normal(size=(3, 1)),
    )  # fmt: skip
    x, y = np.arange(100.0, 200.0), np.arange(60.0, 150.0)
    columns = moving.columns_and_rows(x, np.zeros_like(x))[0]
    rows = moving.columns_and_rows(np.zeros_like(y), y)[1]
    weights = moving.weights(2)
    dense = np.stack([rows @ (columns * weights[:, axis]).T for axis in (0, 1)], axis=-1)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    np.testing.assert_allclose(
        dense, moving.displacement(2, grid.reshape(-1, 2)).reshape(grid.shape), atol=1e-12
    )


def test_facial_only_leaves_head_and_tremor_out():
    pull = Gaussian((150.0, 120.0), (9.0, 7.0), (1.0, -1.0))
    shake = Gaussian((170.0, 130.0), (9.0, 9.0), (0.0, 1.0))
    moving = field(
        [head(), head(shift_x=1.0), head(roll=0.01)], [pull], [0, 0.5, 1.0],
        [shake], np.array([[0.0], [0.5], [1.0]]),
    )  # fmt: skip
    alone = field(expression=[pull], profile=[0, 0.5, 1.0])
    points = crop_points()
    np.testing.assert_allclose(
        moving.flow(1, 2, points, facial_only=True), alone.flow(1, 2, points), atol=1e-9
    )
    assert np.abs(moving.flow(1, 2, points) - alone.flow(1, 2, points)).max() > 0.5


def test_a_fold_is_refused_rather_than_answered_wrongly():
    pull = Gaussian((150.0, 120.0), (3.0, 3.0), (0.0, 30.0))
    folded = field(expression=[pull], profile=[0, 1, 0])
    with pytest.raises(InvalidInputError, match="folds over itself"):
        folded.flow(0, 1, np.column_stack([np.full(50, 150.0), np.linspace(90, 150, 50)]))


@given(seed=st.integers(0, 2**32 - 1), ends=st.tuples(st.integers(0, 4), st.integers(0, 4)))
@settings(max_examples=25, deadline=None)
def test_flow_is_exact_reversible_and_chains(seed, ends):
    rng = np.random.default_rng(seed)
    pulls = [
        Gaussian(
            tuple(rng.uniform((110, 80), (210, 180))),
            tuple(rng.uniform(4, 15, 2)),
            tuple(rng.uniform(-1, 1, 2)),
        )
        for _ in range(4)
    ]
    motions = rng.normal(size=(5, 6)) * (1, 1, 0.005, 0.005, 0.01, 0.01)
    moving = field(motions, pulls, rng.uniform(0, 1, 5), frames=5)
    points = crop_points(60, seed)
    start, end = ends
    flow = moving.flow(start, end, points)
    there = points + flow
    material = points - moving.displacement(start, points)
    np.testing.assert_allclose(there - moving.displacement(end, there), material, atol=1e-9)
    np.testing.assert_allclose(moving.flow(end, start, there), -flow, atol=1e-8)
    middle = points + moving.flow(start, 2, points)
    chained = middle + moving.flow(2, end, middle)
    np.testing.assert_allclose(chained, there, atol=1e-8)
    if start == end:
        np.testing.assert_array_equal(flow, 0)


def test_many_points_are_solved_as_single_ones_are():
    moving = field([head(), head(shift_x=1, roll=0.01), head()])
    points = crop_points(20_000)
    flow = moving.flow(0, 1, points)
    for index in (0, 8191, 8192, 19_999):
        single = moving.flow(0, 1, points[index : index + 1])
        np.testing.assert_allclose(single[0], flow[index], atol=1e-9)


def test_a_field_is_as_long_as_its_profile():
    assert len(field(frames=7)) == 7
    assert dataclasses.replace(field(), iod=10.0).reach == (140.0, 180.0, 84.5, 126.0)
