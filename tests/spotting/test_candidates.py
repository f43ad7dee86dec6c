from __future__ import annotations

import itertools

import numpy as np
import pytest

from astsvm.spotting import SpottingSettings
from astsvm.spotting.block_motion import BlockMotion
from astsvm.spotting.candidates import find_candidates
from astsvm.spotting.face_regions import REGION_OF_BLOCK, REGIONS

FPS, LENGTH = 50.0, 400
BROW, LID, CORNER = (list(np.flatnonzero(i == REGION_OF_BLOCK)[:2]) for i in range(3))
SETTINGS = SpottingSettings(stride=0.02)
WINDOW = SETTINGS.frames_at(FPS)


def motion_of(courses, noise=0.0, seen=None):
    """Measure courses (n,) of vertical displacement by block without any frame."""
    positions = np.random.default_rng(1).normal(0, noise, (LENGTH, len(REGION_OF_BLOCK), 2))
    for blocks, course in courses:
        for block in blocks:
            positions[:, block, 1] += course
    middles = np.arange(WINDOW.half, LENGTH - WINDOW.half)
    ends = (middles - WINDOW.half, middles + WINDOW.half)
    motion = np.stack([positions[middles] - positions[end] for end in ends], axis=1)
    seen = np.ones(len(middles), bool) if seen is None else seen
    return BlockMotion(motion.astype(np.float32), middles, seen, FPS, LENGTH, WINDOW)


def expression(onset, apex, offset, size):
    return size * np.interp(np.arange(LENGTH), [onset, apex, offset], [0, 1, 0])


def test_an_expression_is_found_where_and_when_it_is():
    found = find_candidates(motion_of([(CORNER, expression(100, 107, 117, -1.0))]), SETTINGS)
    (candidate,) = found.candidates
    assert candidate.region == "mouth"
    assert candidate.apex == 107
    # It begins and ends at a fifth of its peak.
    assert abs(candidate.onset - (100 + 0.2 * 7)) <= 1
    assert abs(candidate.offset - (117 - 0.2 * 10)) <= 1
    assert candidate.motion == pytest.approx(1.0, abs=1e-3)
    assert candidate.strength == pytest.approx(1 / SETTINGS.least_motion, rel=1e-3)
    assert found.thresholds == (pytest.approx(SETTINGS.least_motion),) * 3


@pytest.mark.parametrize("onset", [1, 4, 8, 11])
@pytest.mark.parametrize("mirrored", [False, True])
def test_onset_and_offset_are_found_up_to_the_ends_of_the_video(onset, mirrored):
    # The apex is in the middle of one of the first windows, the onset in the middle of none.
    apex, offset = onset + 12, onset + 22
    assert onset < WINDOW.half <= apex
    course = expression(onset, apex, offset, 1.0)
    if mirrored:
        course, last = course[::-1], LENGTH - 1
        onset, apex, offset = last - offset, last - apex, last - onset
    (candidate,) = find_candidates(motion_of([(CORNER, course)]), SETTINGS).candidates
    rise, fall = 0.2 * (apex - onset), 0.2 * (offset - apex)
    assert candidate.apex == apex
    assert abs(candidate.onset - (onset + rise)) <= 1
    assert abs(candidate.offset - (offset - fall)) <= 1
    assert candidate.cut == ()


def test_a_video_of_one_window_is_searched_to_its_ends():
    course = expression(2, 12, 22, 1.0)
    measured = motion_of([(CORNER, course)])
    first = BlockMotion(
        measured.motion[:1], measured.frames[:1], measured.seen[:1], FPS, 25, WINDOW
    )
    assert 2 * WINDOW.half + 1 == 25
    (candidate,) = find_candidates(first, SETTINGS).candidates
    assert (candidate.onset, candidate.apex, candidate.offset) == (0, 12, 24)


@pytest.mark.parametrize("place", [14, 200])
def test_what_is_under_way_for_longer_than_half_a_window_is_told_as_cut(place):
    course = expression(place - 20, place, place + 9, 1.0)
    (candidate,) = find_candidates(motion_of([(CORNER, course)]), SETTINGS).candidates
    assert candidate.cut == ("onset",)
    assert candidate.onset == candidate.apex - WINDOW.half
    (candidate,) = find_candidates(motion_of([(CORNER, course[::-1])]), SETTINGS).candidates
    assert candidate.cut == ("offset",)
    assert candidate.offset == candidate.apex + WINDOW.half


def test_where_the_face_is_lost_no_rest_is_made_up():
    course = expression(190, 200, 210, 1.0)
    seen = np.ones(LENGTH - 2 * WINDOW.half, bool)
    seen[: 197 - WINDOW.half] = False
    measured = motion_of([(CORNER, course)], seen=seen)
    measured.motion[~seen] = 0  # As it is measured where there is no face.
    (candidate,) = find_candidates(measured, SETTINGS).candidates
    assert (candidate.onset, candidate.apex, candidate.cut) == (197, 200, ("onset",))
    assert abs(candidate.offset - 208) <= 1


@pytest.mark.parametrize(
    "course",
    [
        np.linspace(0, 40, LENGTH),  # drift
        4 * np.clip((np.arange(LENGTH) - 200) / 10, 0, 1),  # comes and stays
        expression(100, 200, 300, 3.0),  # two seconds
        np.zeros(LENGTH),
    ],
)
def test_what_does_not_come_and_go_at_once_is_none(course):
    assert find_candidates(motion_of([(BROW, course)]), SETTINGS).candidates == ()


def test_a_movement_below_the_least_is_none():
    quiet = expression(100, 107, 117, 0.95 * SETTINGS.least_motion)
    assert find_candidates(motion_of([(BROW, quiet)]), SETTINGS).candidates == ()


def test_the_threshold_rises_with_the_noise_and_keeps_what_stands_out():
    clear = expression(100, 107, 117, 2.0)
    found = find_candidates(motion_of([(CORNER, clear)], noise=0.15), SETTINGS)
    signal = found.signal[:, REGIONS.index("brows")]
    deviation = 1.4826 * np.median(abs(signal - np.median(signal)))
    assert found.thresholds[0] == pytest.approx(np.median(signal) + 4 * deviation, rel=1e-5)
    assert found.thresholds[0] > SETTINGS.least_motion
    assert 107 in [candidate.apex for candidate in found.candidates]


def test_a_blink_is_told_and_is_no_candidate():
    both = [(LID, expression(100, 105, 112, 6.0)), (BROW, expression(101, 105, 111, 0.5))]
    found = find_candidates(motion_of([*both, (CORNER, expression(250, 257, 267, 0.8))]), SETTINGS)
    assert [candidate.apex for candidate in found.candidates] == [257]
    assert [blink.apex for blink in found.blinks] == [105]


def test_eyes_that_move_little_are_no_blink():
    found = find_candidates(motion_of([(LID, expression(100, 107, 117, 1.0))]), SETTINGS)
    assert [candidate.region for candidate in found.candidates] == ["eyes"]
    assert found.blinks == ()


def test_candidates_are_in_order_and_never_overlap():
    generator = np.random.default_rng(4)
    courses = [
        ([int(block)], expression(o, o + 6, o + 13, 1.5))
        for block, o in zip(
            generator.integers(0, 6, 12), generator.integers(20, 370, 12), strict=True
        )
    ]
    found = find_candidates(motion_of(courses), SETTINGS).candidates
    assert len(found) >= 4
    for one, other in itertools.pairwise(found):
        assert one.onset < one.apex < one.offset < other.onset
    for candidate in found:
        assert SETTINGS.shortest * FPS <= candidate.offset - candidate.onset <= 2 * WINDOW.half


def test_a_flicker_is_too_short():
    flicker = expression(100, 101, 102, 2.0)
    assert find_candidates(motion_of([(BROW, flicker)]), SETTINGS).candidates == ()


def test_stretches_without_a_face_do_not_set_the_threshold():
    seen = np.zeros(LENGTH - 2 * WINDOW.half, bool)
    seen[200:] = True
    measured = motion_of([(CORNER, expression(300, 307, 317, 1.0))], seen=seen)
    assert [c.apex for c in find_candidates(measured, SETTINGS).candidates] == [307]
