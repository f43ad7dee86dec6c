import numpy as np
import pytest

from astsvm.errors import FrameReadError, InvalidInputError
from astsvm.preprocessing import webcam
from astsvm.preprocessing.webcam import record_webcam


class FakeDevice:
    """Yields its frames, a tick of `clock` each."""

    def __init__(self, frames, opened=True):
        self.frames, self.opened, self.released, self.taken = list(frames), opened, False, 0

    def isOpened(self):
        return self.opened

    def read(self):
        self.taken += 1
        if self.taken > len(self.frames):
            return False, None
        return True, self.frames[self.taken - 1]

    def release(self):
        self.released = True


def ticking(*gaps):
    times = iter(np.cumsum([10.0, *gaps]))
    return lambda: float(next(times))


def colours(count, value=100):
    return [np.full((20, 30, 3), value + i, np.uint8) for i in range(count)]


def test_frames_become_grey_and_the_rate_is_the_clock_s():
    device = FakeDevice(colours(9))
    seen = []
    found = record_webcam(
        2, 1.0, open_device=lambda n: seen.append(n) or device, clock=ticking(*[0.25] * 9)
    )
    assert seen == [2]
    assert found.frames.shape == (4, 20, 30)
    assert found.frames.dtype == np.uint8
    assert found.frames[:, 0, 0].tolist() == [100, 101, 102, 103]
    assert found.fps == pytest.approx(4.0)
    assert found.unevenness == pytest.approx(1.0)
    assert device.released


def test_gaps_are_told():
    clock = ticking(0.1, 0.1, 0.1, 0.5, 0.1, 0.1)
    found = record_webcam(0, 0.85, open_device=lambda n: FakeDevice(colours(6)), clock=clock)
    assert found.unevenness == pytest.approx(0.5 / np.mean([0.1, 0.1, 0.5, 0.1]))


@pytest.mark.parametrize(
    ("device", "says"),
    [
        (FakeDevice([], opened=False), "webcam 0: there is no such device"),
        (FakeDevice(colours(2)), "webcam 0: it stopped after 2 frames"),
        (FakeDevice([*colours(1), np.zeros((9, 9, 3), np.uint8)]), "frames changed their size"),
    ],
)
def test_a_device_that_fails_is_told_and_released(device, says):
    with pytest.raises(FrameReadError, match=says):
        record_webcam(0, 5.0, open_device=lambda n: device, clock=ticking(*[0.1] * 9))
    assert device.released


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(webcam, "MOST_BYTES", 20 * 30 * 3)
    device = FakeDevice(colours(9))
    with pytest.raises(FrameReadError, match="Record for a shorter time"):
        record_webcam(0, 5.0, open_device=lambda n: device, clock=ticking(*[0.1] * 9))
    assert device.taken == 4


@pytest.mark.parametrize("seconds", [0, -1, 601, float("nan"), "x"])
def test_impossible_times_are_refused(seconds):
    with pytest.raises(InvalidInputError, match="seconds: expected"):
        record_webcam(0, seconds, open_device=lambda n: pytest.fail("opened"))
