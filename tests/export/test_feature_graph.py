"""The graph's flow and differences are those of OpenCV and numpy."""

import cv2
import numpy as np
import pytest

from astsvm.config import FlowSettings, PreprocessingSettings
from astsvm.errors import SettingsError
from astsvm.features import idsf, optical_flow, without_head_motion

SETTINGS = {
    "default": (192, {}),
    "odd size": (49, {}),
    "against the onset": (64, {"reference": "onset", "zero_first": True, "head_motion": "none"}),
    "small window": (33, {"window": 9, "levels": 2, "iterations": 3, "local_mean_sigma": 0}),
    "mean wider than the frame": (20, {"local_mean_sigma": 30, "levels": 1}),
}


def moving_frames(height, width, count=5, seed=0):
    """Draw a texture that drifts and bends from frame to frame, with noise; in [0, 1]."""
    generator = np.random.default_rng(seed)
    texture = cv2.GaussianBlur(generator.random((height + 20, width + 20)), (0, 0), 2)
    texture = (texture - texture.min()) / np.ptp(texture)
    frames = []
    for number in range(count):
        drift = np.array([[1, 0.002 * number, -10 - 0.3 * number], [0, 1, -10 + 0.7 * number]])
        frame = cv2.warpAffine(texture, drift, (width, height), flags=cv2.INTER_CUBIC)
        frames.append(frame + 0.01 * generator.standard_normal((height, width)))
    return np.clip(frames, 0, 1).astype(np.float32)


@pytest.mark.parametrize(("size", "flow"), SETTINGS.values(), ids=SETTINGS)
def test_it_gives_the_features_of_the_package(size, flow):
    from astsvm.export.feature_graph import feature_streams

    settings = PreprocessingSettings(flow=FlowSettings(**flow), illumination="median", size=size)
    clips = np.stack([moving_frames(size, size, seed=seed) for seed in range(2)])
    streams = feature_streams(clips, settings)
    for clip, field, difference in zip(clips, streams["flow"], streams["idsf"], strict=True):
        expected = optical_flow(clip, **settings.flow.model_dump(exclude={"head_motion"}))
        if settings.flow.head_motion == "median":
            expected = without_head_motion(expected)
        assert np.abs(expected).max() > 0.05
        np.testing.assert_allclose(field, expected, atol=1e-6 * max(5, 2 * np.abs(expected).max()))
        zero_first = settings.flow.zero_first
        np.testing.assert_allclose(
            difference, idsf(clip, "median", zero_first=zero_first), atol=1e-6
        )


def test_frames_need_not_be_square():
    from astsvm.export.feature_graph import feature_streams

    frames = moving_frames(40, 67, count=3)
    settings = PreprocessingSettings(flow=FlowSettings(head_motion="none"))
    (field,) = feature_streams(frames[None], settings)["flow"]
    np.testing.assert_allclose(field, optical_flow(frames), atol=5e-6)


def test_the_local_mean_is_that_of_the_package_to_the_bit():
    from astsvm.export.image_operators import local_mean
    from astsvm.features.lucas_kanade import _local_mean

    frames = moving_frames(60, 97, count=3)
    expected = np.stack([_local_mean(frame, 8.0) for frame in frames])
    # Sums in float64 of another order may fall on the other side of a number between two floats.
    assert np.mean(np.asarray(local_mean(frames, 8.0)) == expected) > 0.999


def test_still_frames_have_no_flow():
    from astsvm.export.feature_graph import feature_streams

    clips = np.repeat(moving_frames(32, 32, count=1), 4, axis=0)[None]
    streams = feature_streams(clips, PreprocessingSettings(size=32))
    assert not np.any(streams["flow"])
    assert not np.any(streams["idsf"])


@pytest.mark.parametrize("method", ["dis", "farneback"])
def test_a_flow_that_only_opencv_has_is_refused(method):
    from astsvm.export.feature_graph import feature_streams

    settings = PreprocessingSettings(flow=FlowSettings(method=method))
    with pytest.raises(SettingsError, match="OpenCV's own"):
        feature_streams(np.zeros((1, 2, 32, 32), np.float32), settings)
    only_idsf = settings.replace(streams=("idsf",))
    assert feature_streams(np.zeros((1, 2, 32, 32), np.float32), only_idsf).keys() == {"idsf"}
