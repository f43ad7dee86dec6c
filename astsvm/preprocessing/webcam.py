"""A webcam as a source of frames: some seconds of it, held in memory and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from astsvm.arrays import require_number
from astsvm.errors import FrameReadError
from astsvm.preprocessing.frames import MOST_BYTES
from astsvm.preprocessing.opencv_log import silent_opencv

__all__ = ["Recording", "record_webcam"]

LONGEST_SECONDS: Final = 600.0


@dataclass(frozen=True, eq=False)
class Recording:
    """What a webcam saw.

    Parameters
    ----------
    frames : ndarray of shape (n, H, W), uint8
        Grey.
    fps : float
        Frames per second on the average, by the clock: what a webcam states of itself is no more
        than its ambition.
    unevenness : float
        Longest time between two frames over the mean one; 1 is perfectly even.
    """

    frames: npt.NDArray[np.uint8]
    fps: float
    unevenness: float


def record_webcam(
    number: int,
    seconds: float,
    *,
    open_device: Callable[[int], Any] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Recording:
    """Record from a webcam.

    Parameters
    ----------
    number : int
        0 for the first device.
    seconds : float
        How long, up to 600.
    open_device : callable, optional
        Makes the device of its number; ``cv2.VideoCapture`` by default.
    clock : callable
        Tells the time in seconds.

    Raises
    ------
    FrameReadError
        If there is no such device, it stops, its frames differ in size, or they would take more
        than 4 GiB.
    InvalidInputError
        If `seconds` is out of range.
    """
    seconds = require_number(seconds, "seconds", low=0, high=LONGEST_SECONDS, low_included=False)
    with silent_opencv():
        device = _open(number) if open_device is None else open_device(number)
    try:
        if not device.isOpened():
            raise FrameReadError(
                f"webcam {number}: there is no such device, or another program uses it. The first "
                "one is 0."
            )
        frames, times = _record(device, number, seconds, clock)
    finally:
        device.release()
    gaps = np.diff(times)
    if len(frames) < 2 or gaps.sum() <= 0:
        raise FrameReadError(
            f"webcam {number}: expected several frames in {seconds:g} s, received {len(frames)}."
        )
    return Recording(np.stack(frames), float(1 / gaps.mean()), float(gaps.max() / gaps.mean()))


def _open(number: int) -> Any:
    import cv2

    return cv2.VideoCapture(number)


def _record(
    device: Any, number: int, seconds: float, clock: Callable[[], float]
) -> tuple[list[npt.NDArray[np.uint8]], list[float]]:
    import cv2

    frames: list[npt.NDArray[np.uint8]] = []
    times: list[float] = []
    size = 0
    began = clock()
    while not times or times[-1] - began < seconds:
        got, picture = device.read()
        times.append(clock())
        if not got:
            raise FrameReadError(
                f"webcam {number}: it stopped after {len(frames)} frames. Check its plug, and that "
                "no other program uses it."
            )
        grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        if frames and grey.shape != frames[0].shape:
            raise FrameReadError(f"webcam {number}: its frames changed their size.")
        frames.append(grey)
        size += grey.nbytes
        if size > MOST_BYTES:
            raise FrameReadError(
                f"webcam {number}: expected a recording below {MOST_BYTES >> 30} GiB, received "
                f"more after {times[-1] - began:.0f} s. Record for a shorter time."
            )
    return frames, times
