"""Every alternative to the paper's way goes the whole way, from frames to features.

An option that is accepted and then ignored fails here: its features equal those of the default.
"""

import numpy as np
import pytest

from astsvm.clip_processing import process_frames
from astsvm.config import PreprocessingSettings
from astsvm.errors import FaceNotFoundError

SIZE = 64
DEFAULT = PreprocessingSettings(size=SIZE, length=6)

ALTERNATIVES = {
    "piecewise warp": {"alignment": "piecewise"},
    "cropped already": {"alignment": "none"},
    "no magnification": {"magnification": {"alpha": 0}},
    "linear interpolation": {"interpolation": "linear"},
    "nearest frame": {"interpolation": "nearest"},
    "DIS": {"flow": {"method": "dis"}},
    "Farneback": {"flow": {"method": "farneback"}},
    "TV-L1": {"flow": {"method": "tvl1"}},
    "since the onset": {"flow": {"reference": "onset"}},
    "head motion kept": {"flow": {"head_motion": "none"}},
    "light taken off": {"illumination": "median"},
}
FLOW_ONLY = {"DIS", "Farneback", "TV-L1", "since the onset", "head motion kept"}


@pytest.fixture(scope="module")
def clip():
    """Give the frames of one SYNTHETIC clip from onset to offset, and its onset's landmarks."""
    from astsvm.datasets.synthetic import SyntheticClip, draw_subject

    drawn = SyntheticClip(draw_subject(1), 1, "positive")
    frames = np.stack([drawn.frame(i) for i in range(drawn.onset, drawn.offset + 1)])
    return frames, drawn.landmarks.astype(np.float32)


def processed(clip, changes):
    settings = PreprocessingSettings.model_validate(DEFAULT.model_dump() | changes)
    return process_frames(clip[0], 100.0, settings, landmarks=clip[1])


@pytest.fixture(scope="module")
def usual(clip):
    return processed(clip, {})


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_an_alternative_gives_features_of_its_own(clip, usual, name):
    done = processed(clip, ALTERNATIVES[name])
    shapes = {stream: values.shape for stream, values in done.streams.items()}
    assert shapes == {"flow": (5, SIZE, SIZE, 2), "idsf": (5, SIZE, SIZE, 1)}
    for values in done.streams.values():
        assert np.isfinite(values).all()
        assert values.std() > 1e-4
    same = {
        stream: np.array_equal(values, usual.streams[stream])
        for stream, values in done.streams.items()
    }
    if name == "light taken off":
        assert same == {"flow": True, "idsf": False}
    else:
        assert same == {"flow": False, "idsf": name in FLOW_ONLY}


@pytest.mark.parametrize("method", ["dis", "farneback", "tvl1"])
def test_other_flows_see_the_same_motion(clip, usual, method):
    other = processed(clip, {"flow": {"method": method}}).streams["flow"].ravel()
    assert np.corrcoef(other, usual.streams["flow"].ravel())[0, 1] > 0.5


def test_onset_referenced_flow_ends_where_adjacent_flow_adds_up_to(clip):
    plain = {"alignment": "similarity", "magnification": {"alpha": 0}}
    adjacent = processed(clip, plain).streams["flow"]
    onset = processed(clip, plain | {"flow": {"reference": "onset"}}).streams["flow"]
    np.testing.assert_array_equal(onset[0], adjacent[0])
    summed = adjacent[:3].sum(axis=0)
    assert np.corrcoef(onset[2].ravel(), summed.ravel())[0, 1] > 0.8


def test_without_magnification_and_with_as_many_points_the_frames_are_those_aligned(clip):
    from astsvm.preprocessing import FaceAligner

    count = len(clip[0])
    done = processed(clip, {"magnification": {"alpha": 0}, "length": count})
    aligned = FaceAligner(SIZE).align(clip[0], clip[1]).frames
    assert np.abs(done.frames / 255 - aligned).max() <= 0.5 / 255 + 1e-5


def test_frames_that_are_cropped_already_need_no_face():
    frames = np.random.default_rng(0).integers(0, 255, (8, 90, 70)).astype(np.uint8)
    cropped = PreprocessingSettings.model_validate(DEFAULT.model_dump() | {"alignment": "none"})
    done = process_frames(frames, 100.0, cropped)
    assert done.landmarks is None
    np.testing.assert_allclose(done.transform[:, :2], np.diag([SIZE / 70, SIZE / 90]))
    with pytest.raises(FaceNotFoundError):
        process_frames(frames, 100.0, DEFAULT)
