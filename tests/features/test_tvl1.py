"""TV-L1 flow against motions known exactly, and against what its two norms promise."""

import cv2
import numpy as np
import pytest

from astsvm.features import optical_flow, tvl1

SIZE = 96
ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE].astype(np.float64)


def texture(x, y, seed=0):
    """A sum of plane waves, 8 to 30 pixels long, within [0, 1], defined at every real (x, y)."""
    generator = np.random.default_rng(seed)
    total = np.zeros_like(x)
    for _ in range(14):
        angle, phase = generator.uniform(0, 2 * np.pi, 2)
        along = x * np.cos(angle) + y * np.sin(angle)
        total += np.cos(2 * np.pi * along / generator.uniform(8, 30) + phase)
    return 0.5 + total / 28


def flow_between(first, second, method="tvl1", **settings):
    return optical_flow(np.stack([first, second]), method, **settings)[0]


def error(flow, u, v, rim=6):
    inner = slice(rim, SIZE - rim)
    return np.hypot(flow[..., 0] - u, flow[..., 1] - v)[inner, inner].mean()


@pytest.mark.parametrize(("shift", "limit"), [(0.06, 0.02), (0.56, 0.05), (1.1, 0.08), (3.4, 0.2)])
@pytest.mark.parametrize("angle", [0.7, 4.0])
def test_shifts_come_back(shift, limit, angle):
    u, v = shift * np.cos(angle), shift * np.sin(angle)
    moved = texture(COLUMNS - u, ROWS - v)
    assert error(flow_between(texture(COLUMNS, ROWS), moved), u, v) < limit


@pytest.mark.parametrize("matrix", [[[0.012, 0.0], [0.0, 0.012]], [[0.0, -0.02], [0.02, 0.0]]])
def test_growing_and_turning_come_back(matrix):
    matrix = np.array(matrix)
    x, y = COLUMNS - 47.5, ROWS - 47.5
    back = np.linalg.inv(np.eye(2) + matrix)
    moved = texture(back[0, 0] * x + back[0, 1] * y + 47.5, back[1, 0] * x + back[1, 1] * y + 47.5)
    flow = flow_between(texture(COLUMNS, ROWS), moved)
    u, v = matrix[0, 0] * x + matrix[0, 1] * y, matrix[1, 0] * x + matrix[1, 1] * y
    assert error(flow, u, v) < 0.08


def test_identical_frames_give_exactly_zero_and_flat_ones_none_to_speak_of():
    frame = np.random.default_rng(0).random((50, 70)).astype(np.float32)
    np.testing.assert_array_equal(flow_between(frame, frame), 0)
    flat = np.full((40, 48), 0.2, np.float32)
    assert np.abs(flow_between(flat, flat + 0.5, local_mean_sigma=0.0)).max() < 1e-4


def test_rounding_noise_on_a_flat_image_is_no_motion():
    noise = np.random.default_rng(0).normal(0, 6e-8, (2, 64, 64))
    assert np.abs(optical_flow((0.5 + noise).astype(np.float32), "tvl1")).max() < 0.01


def test_the_border_of_a_motion_is_sharper_than_with_windows():
    """The right half slides along the border; total variation allows a jump."""
    first = texture(COLUMNS, ROWS)
    second = np.where(COLUMNS < SIZE / 2, first, texture(COLUMNS, ROWS - 1.0))

    def width(method):
        profile = flow_between(first, second, method)[10:-10, :, 1].mean(axis=0)
        return np.count_nonzero((profile > 0.25) & (profile < 0.75))

    assert width("tvl1") < 0.6 * width("lucas_kanade")


def test_levels_reach_far_motion():
    first, second = texture(COLUMNS, ROWS), texture(COLUMNS - 6, ROWS)
    assert error(flow_between(first, second), 6, 0, rim=12) < 0.2
    assert error(flow_between(first, second, levels=1), 6, 0, rim=12) > 0.5


def test_divergence_is_minus_the_adjoint_of_the_differences():
    generator = np.random.default_rng(2)
    field = generator.normal(size=(2, 7, 9)).astype(np.float32)
    dual = generator.normal(size=(2, 2, 7, 9)).astype(np.float32)
    dual[0, :, :, -1], dual[1, :, -1] = 0, 0  # as the differences leave it beyond the rim
    left = np.sum(tvl1._forward_differences(field) * dual)
    right = -np.sum(field * tvl1._divergence(dual))
    assert left == pytest.approx(right, rel=1e-4)


def test_threads_do_not_change_a_bit():
    frames = np.stack([texture(COLUMNS, ROWS), texture(COLUMNS - 1, ROWS + 0.5)])
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = optical_flow(frames, "tvl1")
        cv2.setNumThreads(2)
        together = optical_flow(frames, "tvl1")
    finally:
        cv2.setNumThreads(before)
    np.testing.assert_array_equal(alone, together)
