import pytest

from astsvm.errors import InvalidInputError, SettingsError
from astsvm.spotting import SpottingSettings


@pytest.mark.parametrize(
    ("fps", "frames"),
    [(200, (4, 48, 200)), (100, (2, 24, 100)), (50, (1, 12, 50)), (30, (1, 8, 30))],
)
def test_times_follow_the_frame_rate(fps, frames):
    assert SpottingSettings().frames_at(fps) == frames
    stride, half, realign = frames
    assert half % stride == realign % stride == 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"window": 0.05}, "window"),
        ({"window": float("nan")}, "window"),
        ({"stride": -0.1}, "stride"),
        ({"shortest": 0.6}, "shortest: expected less than the window"),
        ({"size": 32}, "size"),
        ({"windows": 1}, "did you mean window"),
    ],
)
def test_impossible_settings_are_refused(wrong, says):
    with pytest.raises(SettingsError, match=says):
        SpottingSettings(**wrong)


def test_too_few_frames_per_second_are_refused():
    with pytest.raises(InvalidInputError, match=r"0.5 s hold 5 strides or more, received 5 frames"):
        SpottingSettings().frames_at(5)
