"""Magnification against a slow frame-by-frame reference and against its closed-form facts."""

import cv2
import numpy as np
import pytest

from astsvm.errors import InvalidInputError
from astsvm.preprocessing import level_gains, magnify_motion, r_from_hz, temporal_response

SIZE = 96


def texture(seed=0, size=SIZE):
    noise = np.random.default_rng(seed).random((size, size)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return (smooth - smooth.min()) / np.ptp(smooth)


def laplacian(frame, levels):
    pyramid = []
    for _ in range(levels - 1):
        smaller = cv2.pyrDown(frame)
        pyramid.append(frame - cv2.pyrUp(smaller, dstsize=frame.shape[::-1]))
        frame = smaller
    return [*pyramid, frame]


def collapsed(pyramid):
    frame = pyramid[-1]
    for detail in pyramid[-2::-1]:
        frame = detail + cv2.pyrUp(frame, dstsize=detail.shape[::-1])
    return frame


def reference(frames, alpha, r1, r2, lambda_c):
    """All levels, one recursive filter per level, frame by frame, as the paper's code does it."""
    gains = level_gains(*frames.shape[1:], alpha, lambda_c)
    fast = laplacian(frames[0], len(gains))
    slow = laplacian(frames[0], len(gains))
    result = []
    for frame in frames:
        pyramid = laplacian(frame, len(gains))
        fast = [(1 - r1) * a + r1 * x for a, x in zip(fast, pyramid, strict=True)]
        slow = [(1 - r2) * a + r2 * x for a, x in zip(slow, pyramid, strict=True)]
        band = [np.float32(g) * (a - b) for g, a, b in zip(gains, fast, slow, strict=True)]
        result.append(frame + collapsed(band))
    return np.stack(result)


def test_gains_at_192_pixels_are_those_of_the_method():
    np.testing.assert_allclose(level_gains(192, 192), [0, 12.85, 20, 20, 20, 0], atol=0.01)


def test_gains_follow_their_formula_and_are_never_negative():
    gains = level_gains(480, 640, alpha=30, lambda_c=200)
    wavelength = 800 / 3 / 2.0 ** np.arange(len(gains))[::-1]
    delta = 200 / 8 / 31
    expected = np.clip(2 * (wavelength / (8 * delta) - 1), 0, 30)
    np.testing.assert_allclose(gains[1:-1], expected[1:-1])
    assert gains[0] == gains[-1] == 0
    assert gains.min() == 0


def test_in_place_gives_the_same_bits():
    frames = np.random.default_rng(4).random((8, 40, 52)).astype(np.float32)
    expected = magnify_motion(frames)
    other = np.empty_like(frames)
    assert magnify_motion(frames, out=other) is other
    np.testing.assert_array_equal(other, expected)
    assert magnify_motion(frames, out=frames) is frames
    np.testing.assert_array_equal(frames, expected)
    with pytest.raises(InvalidInputError, match=r"out: expected float32 of shape \(8, 40, 52\)"):
        magnify_motion(frames, out=np.empty((7, 40, 52), np.float32))


@pytest.mark.parametrize("shape", [(12, 96, 96), (9, 61, 83), (5, 17, 40)])
def test_agrees_with_the_slow_reference(shape):
    frames = np.random.default_rng(2).random(shape).astype(np.float32)
    settings = {"alpha": 20.0, "r1": 0.4, "r2": 0.05, "lambda_c": 16.0}
    np.testing.assert_allclose(
        magnify_motion(frames, **settings), reference(frames, **settings), atol=1e-5
    )


def test_alpha_zero_is_the_identity_bit_for_bit_at_any_size():
    for shape in [(7, 50, 60), (1, 30, 30), (3, 2, 2)]:
        frames = np.random.default_rng(1).random(shape).astype(np.float32)
        result = magnify_motion(frames, alpha=0)
        np.testing.assert_array_equal(result, frames)
        assert not np.shares_memory(result, frames)


def test_a_static_clip_is_unchanged():
    frames = np.repeat(texture()[None], 30, axis=0)
    np.testing.assert_allclose(magnify_motion(frames), frames, atol=1e-6)


def test_every_level_of_a_flicker_gains_one_plus_a_times_h():
    """Separate the levels by least squares on what each contributes to a random pattern."""
    frequency, count, settle = 0.08, 400, 150
    pattern = np.random.default_rng(5).standard_normal((SIZE, SIZE)).astype(np.float32)
    wave = 0.01 * np.sin(2 * np.pi * frequency * np.arange(count))
    frames = 0.5 + wave[:, None, None].astype(np.float32) * pattern
    added = magnify_motion(frames, alpha=20) - frames

    gains = level_gains(SIZE, SIZE)
    parts = []
    for level in range(len(gains)):
        pyramid = laplacian(pattern, len(gains))
        alone = [p if i == level else np.zeros_like(p) for i, p in enumerate(pyramid)]
        parts.append(collapsed(alone).ravel())
    phase = np.exp(-2j * np.pi * frequency * np.arange(count))[settle:]
    period = count - settle  # a whole number of periods: 250 * .08 = 20
    amplitude = (phase @ added[settle:].reshape(period, -1)) / period / (0.01 / 2j)
    measured = np.linalg.lstsq(np.array(parts).T.astype(complex), amplitude, rcond=None)[0]
    expected = np.abs(1 + gains * temporal_response(frequency))
    np.testing.assert_allclose(np.abs(1 + measured), expected, rtol=0.01)


def test_a_moving_sinusoid_moves_one_plus_alpha_h_times_as_far():
    frequency, alpha, wavelength, shift = 0.08, 4.0, 48.0, 0.1
    count, settle = 250, 125
    position = shift * np.sin(2 * np.pi * frequency * np.arange(count))
    x = np.arange(192)
    row = 0.5 + 0.3 * np.sin(2 * np.pi * (x - position[:, None]) / wavelength)
    frames = np.repeat(row[:, None, :], 192, axis=1)
    moved = magnify_motion(frames, alpha=alpha)[settle:, 96]
    carrier = np.exp(-2j * np.pi * x[24:168] / wavelength)
    seen = -np.unwrap(np.angle(moved[:, 24:168] @ carrier)) * wavelength / (2 * np.pi)
    travel = np.abs((seen - seen.mean()) @ np.exp(-2j * np.pi * frequency * np.arange(125))) / 62.5
    gain = np.abs(1 + alpha * temporal_response(frequency))
    assert travel == pytest.approx(gain * shift, rel=0.05)


def test_temporal_response_at_its_ends():
    assert abs(temporal_response(0.0)) == pytest.approx(0, abs=1e-12)
    r1, r2 = 0.4, 0.05
    at_nyquist = r1 / (2 - r1) - r2 / (2 - r2)
    assert temporal_response(0.5, r1, r2) == pytest.approx(at_nyquist)


def test_an_onset_apex_offset_triangle_overshoots_after_the_offset():
    up = np.linspace(0, 1, 20)
    course = np.concatenate([np.zeros(5), up, up[-2::-1], np.zeros(20)])
    pattern = 0.1 * (texture(3) - 0.5)
    magnified = magnify_motion(0.5 + course[:, None, None] * pattern) - 0.5
    after = np.tensordot(magnified[45:], pattern, axes=2) / np.sum(pattern**2)
    assert after.min() < -0.1


@pytest.mark.parametrize("r", [0.05, 0.2, 0.4, 0.8])
def test_r_from_hz_solves_the_half_power_equation(r):
    a = 1 - r
    angle = np.arccos((1 + a * a - 2 * r * r) / (2 * a))
    assert r_from_hz(angle / (2 * np.pi) * 200, 200) == pytest.approx(r)


def test_output_is_new_and_as_long_as_the_input():
    frames = np.random.default_rng(0).random((13, 40, 40)).astype(np.float32)
    before = frames.copy()
    result = magnify_motion(frames)
    assert result.shape == frames.shape
    assert result.dtype == np.float32
    np.testing.assert_array_equal(frames, before)
    np.testing.assert_array_equal(result[0], frames[0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": -1}, "alpha: expected"),
        ({"alpha": np.nan}, "alpha: expected"),
        ({"r1": 0}, "r1: expected a number of more than 0"),
        ({"r1": 1.5}, "r1: expected"),
        ({"r1": 0.05, "r2": 0.4}, "r2: expected less than r1"),
        ({"lambda_c": 0}, "lambda_c: expected"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        magnify_motion(np.zeros((3, 40, 40)), **settings)


def test_frames_without_a_middle_level_and_bad_frames_are_refused():
    with pytest.raises(InvalidInputError, match="at least 17 x 17 pixels"):
        magnify_motion(np.zeros((3, 16, 40)))
    with pytest.raises(InvalidInputError, match="nan at index"):
        magnify_motion(np.full((3, 40, 40), np.nan))


@pytest.mark.parametrize(("f_hz", "fps"), [(0, 100), (51, 100), (5, 0), (np.nan, 100)])
def test_impossible_frequencies_are_refused(f_hz, fps):
    with pytest.raises(InvalidInputError):
        r_from_hz(f_hz, fps)
