"""The flow against motions known exactly: nothing is warped or interpolated to make the frames."""

import cv2
import numpy as np
import pytest

from astsvm.features import optical_flow

SIZE = 192
ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE].astype(np.float64)


def texture(x, y, seed=0):
    """A sum of plane waves, 8 to 40 pixels long, within [0, 1], defined at every real (x, y)."""
    generator = np.random.default_rng(seed)
    total = np.zeros_like(x)
    for _ in range(14):
        wavelength = generator.uniform(8, 40)
        angle, phase = generator.uniform(0, 2 * np.pi, 2)
        along = x * np.cos(angle) + y * np.sin(angle)
        total += np.cos(2 * np.pi * along / wavelength + phase)
    return 0.5 + total / 28


def error(flow, u, v, rim=0):
    inner = slice(rim, SIZE - rim)
    return np.hypot(flow[..., 0] - u, flow[..., 1] - v)[inner, inner].mean()


def flow_between(first, second, **settings):
    return optical_flow(np.stack([first, second]), **settings)[0]


@pytest.mark.parametrize(("shift", "limit"), [(0.06, 0.01), (0.56, 0.03), (1.1, 0.08), (3.4, 0.2)])
@pytest.mark.parametrize("angle", [0.0, 0.7, 2.3, 4.0])
def test_shifts_come_back(shift, limit, angle):
    u, v = shift * np.cos(angle), shift * np.sin(angle)
    moved = texture(COLUMNS - u, ROWS - v)
    assert error(flow_between(texture(COLUMNS, ROWS), moved), u, v) < limit


@pytest.mark.parametrize(
    "matrix",
    [
        [[0.01, 0.0], [0.0, 0.01]],  # growing
        [[0.0, -0.02], [0.02, 0.0]],  # turning
        [[0.012, 0.004], [-0.006, -0.01]],
        [[0.0, 0.015], [0.0, 0.0]],  # shearing
    ],
)
def test_affine_fields_come_back(matrix):
    matrix = np.array(matrix)
    x, y = COLUMNS - 95.5, ROWS - 95.5
    back = np.linalg.inv(np.eye(2) + matrix)
    moved = texture(back[0, 0] * x + back[0, 1] * y + 95.5, back[1, 0] * x + back[1, 1] * y + 95.5)
    flow = flow_between(texture(COLUMNS, ROWS), moved)
    u, v = matrix[0, 0] * x + matrix[0, 1] * y, matrix[1, 0] * x + matrix[1, 1] * y
    assert error(flow, u, v, rim=16) < 0.04
    assert error(flow, u, v) < 0.1


def test_u_points_right_and_v_down():
    first = texture(COLUMNS, ROWS)
    right = flow_between(first, texture(COLUMNS - 0.5, ROWS))
    down = flow_between(first, texture(COLUMNS, ROWS - 0.5))
    np.testing.assert_allclose(right.mean(axis=(0, 1)), [0.5, 0], atol=0.02)
    np.testing.assert_allclose(down.mean(axis=(0, 1)), [0, 0.5], atol=0.02)


def test_identical_frames_give_exactly_zero():
    frame = np.random.default_rng(0).random((3, 50, 70)).astype(np.float32)
    frames = np.repeat(frame[:1], 3, axis=0)
    np.testing.assert_array_equal(optical_flow(frames), 0)


@pytest.mark.parametrize("levels", [1, 3])
def test_flat_images_give_zero_whatever_the_light(levels):
    frames = np.stack([np.full((40, 48), grey, np.float32) for grey in (0.2, 0.2, 0.7, 0.0)])
    flow = optical_flow(frames, levels=levels)
    assert np.isfinite(flow).all()
    np.testing.assert_allclose(flow, 0, atol=1e-6)


def test_rounding_noise_on_a_flat_image_is_no_motion():
    noise = np.random.default_rng(0).normal(0, 6e-8, (2, 64, 64))
    flow = optical_flow((0.5 + noise).astype(np.float32))
    assert np.abs(flow).max() < 0.01


def test_a_flat_half_does_not_disturb_the_other():
    u = 0.5
    first, second = texture(COLUMNS, ROWS), texture(COLUMNS - u, ROWS)
    first[:, :96], second[:, :96] = 0.5, 0.5
    flow = flow_between(first, second)
    assert np.isfinite(flow).all()
    assert np.abs(flow[20:-20, 130:172, 0] - u).mean() < 0.03


def test_one_direction_of_texture_moves_only_across_it():
    stripes = 0.5 + 0.4 * np.sin(2 * np.pi * COLUMNS / 16)
    moved = 0.5 + 0.4 * np.sin(2 * np.pi * (COLUMNS - 0.4) / 16)
    flow = flow_between(stripes, moved)[20:-20, 20:-20]
    np.testing.assert_allclose(flow[..., 1], 0, atol=1e-3)
    assert np.abs(flow[..., 0] - 0.4).mean() < 0.05


def test_a_change_of_light_is_no_motion():
    shift = 0.3
    light = 0.05 + 0.1 * (COLUMNS + ROWS) / SIZE
    moved = texture(COLUMNS - shift, ROWS) * 1.05 + light
    first = texture(COLUMNS, ROWS)
    robust = error(flow_between(first, moved), shift, 0, rim=8)
    naive = error(flow_between(first, moved, local_mean_sigma=0.0), shift, 0, rim=8)
    assert robust < 0.08
    assert robust < 0.5 * naive


def test_contrast_does_not_matter():
    first, second = texture(COLUMNS, ROWS), texture(COLUMNS - 0.5, ROWS)
    full = flow_between(first, second)
    faint = flow_between(0.5 + 0.05 * first, 0.5 + 0.05 * second)
    np.testing.assert_allclose(faint, full, atol=0.01)


def test_motion_of_half_a_window_needs_the_pyramid():
    first, second = texture(COLUMNS, ROWS), texture(COLUMNS - 7, ROWS)
    coarse_to_fine = error(flow_between(first, second), 7, 0, rim=16)
    single = error(flow_between(first, second, levels=1), 7, 0, rim=16)
    assert coarse_to_fine < 0.05
    assert single > 0.5


def test_camera_noise_costs_little():
    """Three grey levels of noise, as in the synthetic corpus's default; Farneback for scale."""
    noise = np.random.default_rng(1).normal(0, 3 / 255, (2, SIZE, SIZE))
    frames = np.stack([texture(COLUMNS, ROWS), texture(COLUMNS - 0.5, ROWS + 0.3)])
    frames = 0.5 + 0.6 * (frames - 0.5) + noise
    ours = error(optical_flow(frames)[0], 0.5, -0.3)
    farneback = error(optical_flow(frames, "farneback")[0], 0.5, -0.3)
    assert ours < 0.1
    assert ours < 0.9 * farneback


def test_frames_of_odd_and_unequal_sides_are_fine():
    cut = np.s_[:101, :147]
    first, second = texture(COLUMNS, ROWS)[cut], texture(COLUMNS - 1, ROWS + 0.5)[cut]
    flow = flow_between(first, second)
    assert flow.shape == (101, 147, 2)
    inner = flow[16:-16, 16:-16].reshape(-1, 2)
    np.testing.assert_allclose(inner.mean(axis=0), [1, -0.5], atol=0.03)


def test_threads_do_not_change_a_bit():
    frames = np.stack([texture(COLUMNS, ROWS), texture(COLUMNS - 1, ROWS + 0.5)])
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = optical_flow(frames)
        cv2.setNumThreads(2)
        together = optical_flow(frames)
    finally:
        cv2.setNumThreads(before)
    np.testing.assert_array_equal(alone, together)
