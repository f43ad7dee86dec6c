"""The motion of brows, eyes and mouth along a long video, frame by frame in bounded memory.

A window slides over the video. Its middle frame is compared with its first and its last one by
optical flow, as Moilanen et al. (2014) compare texture: what moves and comes back within the window
differs from both in the same way; a drift differs from them in opposite ways.

One transform serves all three frames of a comparison. Where the face is looked for anew, the frames
of the window are cut anew, so a change of the transform is never between two frames that are
compared and cannot pass for motion. It changes only where the blocks lie.

Held in memory are the frames of one window, and 224 bytes of motion for each window: 40 MB for an
hour at 50 windows a second.

References
----------
A. Moilanen, G. Zhao, M. Pietikäinen, "Spotting rapid facial movements from videos using
appearance-based feature difference analysis", ICPR 2014, doi:10.1109/ICPR.2014.303.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, to_unit_floats
from astsvm.errors import FaceNotFoundError, InvalidInputError
from astsvm.features.lucas_kanade import LucasKanade
from astsvm.preprocessing.face import find_landmarks
from astsvm.preprocessing.warping import affine_warp, chip_transform, resizing_transform
from astsvm.spotting.face_regions import REGION_OF_BLOCK, FaceRegions, face_regions
from astsvm.spotting.spotting_settings import SpottingSettings, WindowFrames

__all__ = ["BlockMotion", "ShortVideoError", "measure_block_motion"]

_UNIT_CHIP = 192
"""Motion is told in pixels of a chip of this side, whatever the size of ours."""

Frame = npt.NDArray[Any]


class ShortVideoError(InvalidInputError):
    """The video has fewer frames than a window."""


@dataclass(frozen=True, eq=False)
class BlockMotion:
    """What moved in a long video.

    Parameters
    ----------
    motion : ndarray of shape (n, 2, blocks, 2), float32
        For each window, the displacement (u, v) of each block from the window's first frame to
        its middle, and from its last frame to its middle, in pixels of a chip of 192 pixels;
        without the head's motion.
    frames : ndarray of shape (n,), int64
        0-based frame in the middle of each window.
    seen : ndarray of shape (n,), bool
        Whether a face was there.
    fps : float
        Frames per second.
    length : int
        Frames of the video.
    window : WindowFrames
        Lengths in frames.
    """

    motion: FloatArray
    frames: npt.NDArray[np.int64]
    seen: npt.NDArray[np.bool_]
    fps: float
    length: int
    window: WindowFrames


def measure_block_motion(
    frames: Iterable[Frame],
    fps: float,
    settings: SpottingSettings | None = None,
    *,
    landmarks: npt.ArrayLike | None = None,
    progress: Callable[[int], None] | None = None,
) -> BlockMotion:
    """Compare the frames of a long video within a sliding window.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W)
        Grey: uint8, uint16 or floats in [0, 1]. Gone through once, one at a time.
    fps : float
        Frames per second.
    settings : SpottingSettings, optional
    landmarks : array_like of shape (68, 2) or (5, 2), optional
        Landmarks in source pixels that hold for the whole video; None looks for the face every
        ``settings.realign`` seconds.
    progress : callable, optional
        Called with the number of frames read, after each.

    Raises
    ------
    ShortVideoError
        If there are fewer frames than a window has.
    InvalidInputError
        If frames differ in size or hold NaN, or the frame rate is no positive number or too low
        for the window.
    FaceNotFoundError
        If no face is found anywhere.
    """
    chosen = settings or SpottingSettings()
    if not (isinstance(fps, int | float | np.number) and 0 < fps < float("inf")):
        raise InvalidInputError(f"fps: expected a positive number, received {fps!r}.")
    slider = _SlidingWindow(chosen, chosen.frames_at(float(fps)), landmarks)
    count = 0
    for count, frame in enumerate(frames, start=1):
        slider.take(frame, count - 1)
        if progress is not None:
            progress(count)
    window = slider.window
    if not slider.middles:
        raise ShortVideoError(
            f"frames: expected at least {2 * window.half + 1} ({chosen.window:g} s at {fps:g} "
            f"frames per second), received {count}. A clip of one expression needs no search: "
            "predict it as a whole."
        )
    if not any(slider.seen):
        raise FaceNotFoundError(
            f"no face found in {slider.looks} of {slider.looks} frames looked at, one every "
            f"{chosen.realign:g} s; expected one frontal, upright face. Give the landmarks, or use "
            "alignment 'none' for frames already cropped to the face."
        )
    return BlockMotion(
        motion=np.stack(slider.motion),
        frames=np.array(slider.middles, dtype=np.int64),
        seen=np.array(slider.seen),
        fps=float(fps),
        length=count,
        window=window,
    )


class _SlidingWindow:
    """The frames of the current window, and what the windows before it showed."""

    def __init__(
        self, settings: SpottingSettings, window: WindowFrames, landmarks: npt.ArrayLike | None
    ) -> None:
        self.window = window
        self.motion: list[FloatArray] = []
        self.middles: list[int] = []
        self.seen: list[bool] = []
        self.looks = 0
        self._settings = settings
        self._landmarks = None if landmarks is None else np.asarray(landmarks, dtype=np.float64)
        self._steps = 2 * window.half // window.stride + 1
        self._frames: deque[Frame] = deque(maxlen=self._steps)
        self._pyramids: deque[list[FloatArray]] = deque(maxlen=self._steps)
        self._shape: tuple[int, ...] | None = None
        self._next_look = 0
        self._view: _View | None = None
        self._flow = LucasKanade()

    def take(self, frame: Frame, index: int) -> None:
        """Add a frame; compare, once the window is full."""
        array = np.asarray(frame)
        self._shape = self._shape or array.shape
        if array.ndim != 2 or array.size == 0 or array.shape != self._shape:
            raise InvalidInputError(
                f"frames: expected grey frames (H, W) of one size {self._shape}, received "
                f"{array.shape} at frame {index}."
            )
        if index % self.window.stride:
            return
        checked = to_unit_floats(array, f"frame {index}")
        # Copied: a source may use the same memory for every frame. Bytes take a quarter of floats.
        self._frames.append((array if array.dtype == np.uint8 else checked).copy())
        if self._view is not None:
            self._pyramids.append(self._pyramid(self._frames[-1], self._view))
        middle = index - self.window.half
        if middle >= self.window.half:
            self._compare(middle)

    def _compare(self, middle: int) -> None:
        if middle >= self._next_look:
            self._look(middle)
        self.middles.append(middle)
        self.seen.append(self._view is not None)
        if self._view is None:
            self.motion.append(np.zeros((2, len(REGION_OF_BLOCK), 2), np.float32))
            return
        regions, size = self._view.regions, self._settings.size
        now = self._pyramids[self._steps // 2]
        ends = (self._pyramids[0], self._pyramids[-1])
        # From the middle to the ends, so that both fields lie on the same places of the face.
        fields = [-regions.motion(self._flow.flow(now, end)) for end in ends]
        self.motion.append(np.stack(fields) * np.float32(_UNIT_CHIP / size))

    def _look(self, middle: int) -> None:
        """Find the face in the middle frame, and cut all frames of the window by it."""
        self.looks += 1
        self._next_look = middle + self.window.realign
        fixed = self._landmarks is not None or self._settings.alignment == "none"
        if self._view is not None and fixed:
            return
        try:
            self._view = _View.of(self._frames[self._steps // 2], self._settings, self._landmarks)
        except FaceNotFoundError:
            self._view = None
        self._pyramids.clear()
        if self._view is not None:
            self._pyramids.extend(self._pyramid(frame, self._view) for frame in self._frames)

    def _pyramid(self, frame: Frame, view: _View) -> list[FloatArray]:
        return self._flow.pyramid(view.warp(to_unit_floats(frame, "frame")))


@dataclass(frozen=True, eq=False)
class _View:
    """How frames become chips for a while, and where to look on them."""

    warp: Callable[[FloatArray], FloatArray]
    regions: FaceRegions

    @classmethod
    def of(
        cls,
        frame: Frame,
        settings: SpottingSettings,
        given: npt.NDArray[np.float64] | None,
    ) -> _View:
        size = settings.size
        height, width = frame.shape
        if settings.alignment == "none":
            transform = resizing_transform(width, height, size)
            return cls(affine_warp(transform, (height, width), size), face_regions(None, size))
        points = given
        if points is None:
            unit = to_unit_floats(frame, "frame")
            searched = np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)
            points = find_landmarks(searched, int(settings.landmark_model)).astype(np.float64)
        transform = chip_transform(points, size)
        chip_points = points @ transform[:, :2].T + transform[:, 2]
        return cls(affine_warp(transform, (height, width), size), face_regions(chip_points, size))
