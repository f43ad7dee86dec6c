"""What a clip offers to a baseline is what was stored, and what is not there is told."""

from __future__ import annotations

import numpy as np
import pytest

from astsvm.baselines.clip_content import NEEDS, ClipContent, onset_to_apex, unmet_needs
from astsvm.config import PreprocessingSettings
from astsvm.features import optical_strain
from astsvm.storage import open_clips


def test_frames_are_the_onset_plus_the_differences(faces):
    with open_clips(faces) as clips:
        frames, stored = ClipContent(clips, 4).frames, clips.frames(4)
    assert (frames.shape, frames.dtype) == ((5, 12, 12), np.float32)
    # The differences are stored in half precision.
    np.testing.assert_allclose(frames, stored / 255, atol=3e-4)
    np.testing.assert_array_equal(frames[0], stored[0].astype(np.float32) / 255)


def test_frames_are_as_many_as_the_differences_where_a_zero_one_is_first(write_content):
    grey = np.linspace(0.2, 0.8, 3)[:, None, None] * np.ones((3, 8, 8))

    def content(index):
        return {
            "streams": {"idsf": (grey - grey[0])[..., None]},
            "frames": np.rint(grey * 255).astype(np.uint8),
        }

    settings = PreprocessingSettings(size=16, length=3, flow={"window": 9, "zero_first": True})
    with open_clips(write_content(content, settings=settings)) as clips:
        frames = ClipContent(clips, 0).frames
    np.testing.assert_allclose(frames, grey, atol=3e-3)
    assert len(frames) == 3


def test_frames_stay_within_black_and_white(write_content):
    def content(index):
        return {
            "streams": {"idsf": np.full((2, 4, 4, 1), (-1.0, 1.0)[index % 2])},
            "frames": np.full((3, 4, 4), 128, np.uint8),
        }

    with open_clips(write_content(content)) as clips:
        assert ClipContent(clips, 0).frames.min() == 0
        assert ClipContent(clips, 1).frames.max() == 1


def test_motion_is_the_sum_up_to_where_the_face_has_moved_most(faces):
    with open_clips(faces) as clips:
        content = ClipContent(clips, 1)
        flow = clips.read_batch("flow", [1])[0].astype(np.float64)
        np.testing.assert_allclose(content.motion, flow[:3].sum(axis=0), atol=1e-5)
        np.testing.assert_array_equal(content.flow, flow.astype(np.float32))
        np.testing.assert_array_equal(content.strain, optical_strain(content.motion))


def test_the_first_of_equal_steps_is_the_apex():
    flow = np.zeros((3, 2, 2, 2), np.float32)
    flow[0, ..., 0], flow[1, ..., 0], flow[2, ..., 0] = 1, -2, 0
    # The running sum is 1, -1, -1: equally far at all steps.
    np.testing.assert_array_equal(onset_to_apex(flow), flow[0])


def test_a_zero_field_first_is_no_motion(write_content):
    flow = np.concatenate([np.zeros((1, 8, 8, 2)), np.full((2, 8, 8, 2), 0.5)])
    settings = PreprocessingSettings(size=16, length=3, flow={"window": 9, "zero_first": True})
    path = write_content(lambda index: {"streams": {"flow": flow}}, settings=settings)
    with open_clips(path) as clips:
        assert ClipContent(clips, 0).flow.shape == (2, 8, 8, 2)
        np.testing.assert_array_equal(ClipContent(clips, 0).motion, np.ones((8, 8, 2)))


def test_flow_from_the_onset_is_not_added_up(write_content):
    flow = np.arange(1, 4)[:, None, None, None] * np.full((3, 8, 8, 2), 0.5)
    settings = PreprocessingSettings(size=16, flow={"window": 9, "reference": "onset"})
    path = write_content(lambda index: {"streams": {"flow": flow}}, settings=settings)
    with open_clips(path) as clips:
        np.testing.assert_array_equal(ClipContent(clips, 0).motion, flow[2])
        assert "flow.reference onset" in unmet_needs(clips, ["flow", "motion"])["flow"]


def test_a_flow_image_is_motion_and_strain_already(flow_images):
    with open_clips(flow_images) as clips:
        stored = clips.read_batch("flow", [2])[0, 0].astype(np.float32)
        motion, strain = ClipContent(clips, 2).of(["motion", "strain"])
        np.testing.assert_array_equal(motion, stored[..., :2])
        np.testing.assert_array_equal(strain, stored[..., 2])
        unmet = unmet_needs(clips, list(NEEDS))
    assert list(unmet) == ["frames", "flow", "landmarks"]
    assert all("precomputed flow images" in reason for reason in unmet.values())


def test_landmarks_are_brought_into_the_aligned_frame(faces):
    with open_clips(faces) as clips:
        source = clips.landmarks(0)
        np.testing.assert_allclose(
            ClipContent(clips, 0).landmarks, source * 0.1 + (1, -2), atol=1e-5
        )


def test_piecewise_alignment_puts_landmarks_onto_the_canonical_face(write_content):
    from astsvm.preprocessing.warping import canonical_chip_landmarks

    def content(index):
        return {
            "streams": {"flow": np.zeros((1, 16, 16, 2))},
            "landmarks": np.random.default_rng(index).random((68, 2)),
            "transform": np.eye(2, 3),
        }

    settings = PreprocessingSettings(size=16, alignment="piecewise", flow={"window": 9})
    with open_clips(write_content(content, settings=settings)) as clips:
        found = ClipContent(clips, 3).landmarks
    np.testing.assert_allclose(found, canonical_chip_landmarks(16), rtol=1e-6)


def test_what_some_clips_lack_is_told_with_the_first_of_them(write_content):
    def content(index):
        points = {} if index == 4 else {"landmarks": np.ones((68, 2)), "transform": np.eye(2, 3)}
        if index == 7:
            points["landmarks"] = np.ones((5, 2))
        return {"streams": {"flow": np.zeros((1, 8, 8, 2))}, **points}

    with open_clips(write_content(content)) as clips:
        unmet = unmet_needs(clips, ["frames", "flow", "landmarks"])
    assert unmet == {
        "frames": "the stream idsf is not stored",
        "landmarks": "2 of 9 clips hold no 68 landmarks, the first of them is db/s1/c1",
    }


def test_nothing_is_missing_from_a_whole_file(faces):
    with open_clips(faces) as clips:
        assert unmet_needs(clips, list(NEEDS)) == {}


@pytest.mark.parametrize("need", ["frames", "landmarks"])
def test_what_is_not_stored_cannot_be_read(write_content, need):
    path = write_content(lambda index: {"streams": {"idsf": np.zeros((1, 8, 8, 1))}})
    with open_clips(path) as clips, pytest.raises(ValueError, match=r"db/s0/c0: no .* stored"):
        getattr(ClipContent(clips, 0), need)
