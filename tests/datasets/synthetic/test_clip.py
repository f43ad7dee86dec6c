from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from astsvm.datasets.synthetic import Difficulty, SyntheticClip, draw_subject
from astsvm.datasets.synthetic.difficulty import PX192
from astsvm.errors import InvalidInputError, SettingsError

CALM = Difficulty(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def warped_back(later, flow):
    """Sample a later frame where its points have gone; OpenCV's cubic rounds places to 1/32 px."""
    y, x = np.mgrid[: later.shape[0], : later.shape[1]].astype(float)
    return map_coordinates(
        later.astype(float), [y + flow[..., 1], x + flow[..., 0]], order=3, mode="nearest"
    )


def test_names_times_and_shapes(hard_clip):
    assert hard_clip.name == "s01_c01"
    assert hard_clip.subject.name == "s01"
    assert 0 <= hard_clip.onset < hard_clip.apex < hard_clip.offset < len(hard_clip)
    assert 12 in hard_clip.action_units
    frames = hard_clip.frames()
    assert frames.shape == (len(hard_clip), 240, 320)
    assert frames.dtype == np.uint8
    assert hard_clip.frame(0, colour=True).shape == (240, 320, 3)
    assert hard_clip.landmarks.shape == (68, 2)


def test_equal_arguments_give_equal_bytes_in_any_order(hard_clip):
    again = SyntheticClip(
        draw_subject(1, seed=1, size=(320, 240)), 1, "positive", difficulty="hard", fps=100
    )
    for index in (9, 0, 5):
        np.testing.assert_array_equal(again.frame(index), hard_clip.frame(index))
    assert not np.array_equal(hard_clip.frame(0), hard_clip.frame(1))


def test_another_seed_clip_or_subject_is_another_clip(subject, hard_clip):
    sibling = SyntheticClip(subject, 3, "positive")
    assert not np.array_equal(sibling.frame(0), hard_clip.frame(0))
    stranger = draw_subject(1, seed=2, size=(320, 240))
    assert np.abs(stranger.grey - subject.grey).mean() > 5


def test_warping_back_by_the_true_flow_undoes_the_motion(easy_clip):
    onset, apex = easy_clip.onset, easy_clip.apex
    flow = easy_clip.true_flow(onset, apex)
    before, after = easy_clip.clean_frame(onset), easy_clip.clean_frame(apex)
    moving = np.hypot(flow[..., 0], flow[..., 1]) > 0.3
    assert moving.sum() > 200
    left_over = np.abs(warped_back(after, flow) - before)[moving].mean()
    assert left_over < 0.2 * np.abs(after - before)[moving].mean()


@pytest.mark.parametrize("axis", [0, 1])
def test_the_renderer_shows_the_flow_it_claims(subject, hard_clip, axis):
    """A texture that is its own coordinate makes every frame tell which point it shows."""
    height, width = subject.grey.shape
    coordinate = np.arange(width if axis == 0 else height, dtype=np.float32) / 2 - 0.25
    ramp = np.broadcast_to(
        coordinate[None, :] if axis == 0 else coordinate[:, None], (height, width)
    )
    marked = SyntheticClip(
        dataclasses.replace(subject, grey=np.ascontiguousarray(ramp)), 1, "positive"
    )
    onset, apex = hard_clip.onset, hard_clip.apex
    flow = marked.true_flow(onset, apex)
    seen_before, seen_after = marked.clean_frame(onset), marked.clean_frame(apex)
    inner = (slice(4, -4), slice(4, -4))
    error = np.abs(warped_back(seen_after, flow) - seen_before)[inner]
    assert np.abs(seen_after - seen_before)[inner].max() > 0.2
    assert error.max() < 2e-4


def test_flow_between_equal_frames_is_zero(hard_clip):
    flow = hard_clip.true_flow(5, 5)
    assert flow.shape == (240, 320, 2)
    np.testing.assert_array_equal(flow, 0)


def test_flow_at_points_is_the_dense_flow_there(hard_clip):
    dense = hard_clip.true_flow(0, hard_clip.apex)
    points = np.array([[(150, 90), (160, 130)], [(3, 4), (200, 180)]])
    sparse = hard_clip.true_flow(0, hard_clip.apex, points)
    assert sparse.shape == (2, 2, 2)
    np.testing.assert_allclose(sparse, dense[points[..., 1], points[..., 0]], atol=1e-9)
    np.testing.assert_array_equal(sparse[1, 0], 0)


def test_facial_motion_alone_sits_at_the_planted_units(subject):
    clip = SyntheticClip(subject, 4, "positive", difficulty="hard")
    everything = clip.true_flow(0, clip.apex)
    facial = clip.true_flow(0, clip.apex, facial_only=True)
    assert np.abs(everything - facial).max() > 0.05
    np.testing.assert_allclose(facial[:30], 0, atol=1e-3)


def test_amplitude_is_in_pixels_of_the_face_crop(subject):
    clip = SyntheticClip(subject, 1, "positive", difficulty=CALM)
    assert clip.script.action_units[12] == 1.0
    pull = clip.motion.expression[0]
    share = subject.strength[12] * (1 - subject.imbalance[12])
    peak = 1.0 * PX192 * subject.face.iod * share * np.hypot(0.7, 0.7)
    assert np.hypot(*pull.vector) == pytest.approx(peak)
    assert np.abs(clip.true_flow(clip.onset, clip.apex)).max() == pytest.approx(
        np.abs(clip.motion.displacement(clip.apex, np.array([pull.centre]))).max(), rel=0.5
    )


def test_a_still_clip_without_noise_does_not_change(subject):
    still = SyntheticClip(
        subject, 1, "negative", difficulty=dataclasses.replace(CALM, amplitude=0.0)
    )
    np.testing.assert_array_equal(still.frame(0), still.frame(len(still) - 1))
    np.testing.assert_array_equal(still.true_flow(0, still.apex), 0)
    rest = cv2.resize(subject.grey, (320, 240), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(still.clean_frame(3), rest, atol=1e-3)


def test_everything_geometric_scales_with_the_frame(subject, hard_clip):
    large = SyntheticClip(draw_subject(1, seed=1), 1, "positive")
    np.testing.assert_allclose((large.landmarks + 0.5) / 2 - 0.5, hard_clip.landmarks, atol=1e-9)
    points = np.array([(150.0, 90.0), (165.0, 130.0), (140.0, 75.0)])
    small_flow = hard_clip.true_flow(2, large.apex, points)
    large_flow = large.true_flow(2, large.apex, 2 * points + 0.5)
    np.testing.assert_allclose(large_flow / 2, small_flow, atol=1e-8)
    assert np.abs(small_flow).max() > 0.05


def test_colour_and_grey_show_the_same(hard_clip):
    colour = hard_clip.clean_frame(hard_clip.apex, colour=True)
    grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
    np.testing.assert_allclose(grey, hard_clip.clean_frame(hard_clip.apex), atol=0.01)


@pytest.mark.parametrize("wrong", [-1, 10_000, 1.5, True, None])
def test_frames_that_do_not_exist_are_refused(hard_clip, wrong):
    with pytest.raises(InvalidInputError, match=r"frame: expected a frame from 0 to .* s01_c01"):
        hard_clip.frame(wrong)
    with pytest.raises(InvalidInputError, match="end: expected a frame from 0 to"):
        hard_clip.true_flow(0, wrong)


@pytest.mark.parametrize("wrong", [[1, 2, 3], 5.0, [[np.nan, 1]], [[np.inf, 1]], np.zeros((3, 3))])
def test_points_that_are_no_pairs_are_refused(hard_clip, wrong):
    with pytest.raises(InvalidInputError, match=r"points: expected finite \(x, y\) pairs"):
        hard_clip.true_flow(0, 1, wrong)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": "happy"}, "label: expected one of negative, positive, surprise"),
        ({"number": 0}, "clip: expected an integer"),
        ({"difficulty": "std"}, "difficulty: expected one of easy"),
        ({"fps": 10}, "fps: expected a number"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(subject, change, message):
    arguments = {"number": 1, "label": "positive", **change}
    with pytest.raises(SettingsError, match=message) as error:
        SyntheticClip(subject, **arguments)
    assert "\n" not in str(error.value)
