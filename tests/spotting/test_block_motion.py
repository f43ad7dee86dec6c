from __future__ import annotations

import numpy as np
import pytest

from astsvm.errors import FaceNotFoundError, InvalidInputError
from astsvm.preprocessing.canonical_face import canonical_landmarks
from astsvm.spotting import ShortVideoError, SpottingSettings, block_motion, spot
from astsvm.spotting.block_motion import measure_block_motion

WHOLE = SpottingSettings(alignment="none", size=96)
FPS = 25
LEFT_CORNER, RIGHT_CORNER = 10, 12
"""Blocks at the corners of the mouth, landmarks 48 and 54."""


def test_a_still_video_moves_exactly_nothing_and_gives_no_candidate(moved_texture):
    frames = np.repeat(moved_texture(1), 30, axis=0)
    measured = measure_block_motion(frames, FPS, WHOLE)
    np.testing.assert_array_equal(measured.motion, 0)
    assert spot(frames, FPS, WHOLE).candidates == ()


def test_a_head_that_shifts_gives_none_either(moved_texture):
    course = np.column_stack([np.linspace(0, 3, 40), 1.5 * np.sin(np.arange(40) / 6)])
    frames = moved_texture(40, shift=course)
    measured = measure_block_motion(frames, FPS, WHOLE)
    assert np.abs(measured.motion).max() < 0.3  # of 6 pixels of a chip of 192, and of waves of 3
    assert spot(frames, FPS, WHOLE).candidates == ()


def test_displacements_are_those_planted(moved_texture, bump):
    course = bump(40, 12, 17, 22, 1.0)
    frames = moved_texture(40, courses={48: course, 54: course})
    measured = measure_block_motion(frames, FPS, WHOLE)
    assert measured.frames[0] == measured.window.half == 6
    assert measured.frames[-1] == 40 - 1 - 6
    apex = int(np.flatnonzero(measured.frames == 17)[0])
    # One pixel of 96 is two of 192. The flow is a mean over two boxes of 15 pixels, which widens a
    # Gaussian of variance 64 by twice 15^2 / 12 in either direction, and lowers it.
    seen = 2 * 64 / (64 + 2 * 15**2 / 12)
    for block in (LEFT_CORNER, RIGHT_CORNER):
        for direction in (0, 1):
            u, v = measured.motion[apex, direction, block]
            assert v == pytest.approx(-seen, abs=0.25)
            assert abs(u) < 0.2


def test_how_frames_arrive_changes_nothing(moved_texture, bump):
    course = bump(36, 10, 15, 20, 1.0)
    frames = moved_texture(36, courses={48: course})
    whole = measure_block_motion(frames, FPS, WHOLE)

    def in_chunks(size):
        for start in range(0, len(frames), size):
            yield from np.array(frames[start : start + size])

    def in_one_buffer():
        buffer = np.empty_like(frames[0])
        for frame in frames:
            buffer[:] = frame
            yield buffer

    for source in (in_chunks(1), in_chunks(7), in_one_buffer()):
        np.testing.assert_array_equal(measure_block_motion(source, FPS, WHOLE).motion, whole.motion)


def test_only_one_window_of_frames_is_held(moved_texture):
    frames = moved_texture(60)
    alive = []

    class Counted(np.ndarray):
        def __del__(self):
            alive.remove(id(self))

    most = 0

    def source():
        nonlocal most
        for frame in frames:
            copy = frame.copy().view(Counted)
            alive.append(id(copy))
            most = max(most, len(alive))
            yield copy
            del copy

    measure_block_motion(source(), FPS, WHOLE)
    assert most < 20


def test_a_face_found_elsewhere_is_no_motion(moved_texture, monkeypatch):
    """Landmarks that jump by pixels from look to look move the blocks, and nothing else."""
    generator = np.random.default_rng(1)
    looks = []

    def jumping(frame, points, model=None):
        looks.append(frame.shape)
        found = canonical_landmarks() * 96 / 2.75 + (47.5, 28.3)
        return (found + generator.normal(0, 2, 2)).astype(np.float32)

    monkeypatch.setattr(block_motion, "find_landmarks", jumping)
    still = np.repeat(moved_texture(1), 60, axis=0)
    settings = SpottingSettings(size=96, realign=0.4)
    measured = measure_block_motion(still, FPS, settings)
    assert len(looks) == 5
    np.testing.assert_array_equal(measured.motion, 0)


def test_stretches_without_a_face_are_told_apart(moved_texture, monkeypatch):
    looks = iter([False, True, False, True])

    def sometimes(frame, points, model=None):
        if next(looks):
            return (canonical_landmarks() * 96 / 2.75 + (47.5, 28.3)).astype(np.float32)
        raise FaceNotFoundError("no face")

    monkeypatch.setattr(block_motion, "find_landmarks", sometimes)
    measured = measure_block_motion(moved_texture(52), FPS, SpottingSettings(size=96, realign=0.4))
    np.testing.assert_array_equal(measured.seen, np.repeat([0, 1, 0, 1], 10).astype(bool))


def test_no_face_anywhere_is_an_error(moved_texture, monkeypatch):
    def never(frame, points, model=None):
        raise FaceNotFoundError("no face")

    monkeypatch.setattr(block_motion, "find_landmarks", never)
    with pytest.raises(FaceNotFoundError, match="no face found in 2 of 2 frames looked at"):
        measure_block_motion(moved_texture(40), FPS)


def test_bytes_and_floats_agree(moved_texture, bump):
    frames = moved_texture(30, courses={48: bump(30, 8, 13, 18, 1.0)})
    rounded = np.rint(frames * 255).astype(np.uint8)
    one = measure_block_motion(rounded, FPS, WHOLE).motion
    other = measure_block_motion((rounded / 255).astype(np.float32), FPS, WHOLE).motion
    np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("count", [0, 1, 12])
def test_what_is_shorter_than_a_window_is_refused(count):
    with pytest.raises(ShortVideoError, match=rf"at least 13 .* received {count}"):
        measure_block_motion(np.zeros((count, 96, 96), np.uint8), FPS, WHOLE)


def test_nan_and_other_sizes_are_refused(moved_texture):
    frames = moved_texture(20)
    frames[14, 3, 4] = np.nan
    with pytest.raises(InvalidInputError, match="frame 14: expected finite values"):
        measure_block_motion(frames, FPS, WHOLE)
    with pytest.raises(InvalidInputError, match=r"received \(95, 96\) at frame 1"):
        measure_block_motion([np.zeros((96, 96)), np.zeros((95, 96))], FPS, WHOLE)


@pytest.mark.parametrize("fps", [0, -1, np.nan, np.inf, "25", None])
def test_impossible_frame_rates_are_refused(fps):
    with pytest.raises(InvalidInputError, match="fps: expected a positive number"):
        measure_block_motion(np.zeros((20, 96, 96)), fps, WHOLE)
