"""Frames that somebody hands over as an array, brought to grey."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError

__all__ = ["checked_fps", "grey_frames"]


def grey_frames(frames: npt.ArrayLike) -> Iterator[npt.NDArray[Any]]:
    """Check an array of frames, and yield each as grey.

    Parameters
    ----------
    frames : array_like of shape (n, H, W) or (n, H, W, 3)
        From onset to offset: uint8, or floats in [0, 1]; colour as red, green, blue, which becomes
        grey with the weights .299, .587 and .114, as in videos.

    Returns
    -------
    iterator of ndarray of shape (H, W)
        What can be known beforehand is checked at once.

    Raises
    ------
    InvalidInputError
        If shape, type or range is another one, or there are fewer than two frames.
    """
    array = _as_array(frames)
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[-1] != 3) or not array.size:
        raise InvalidInputError(
            f"frames: expected the shape (n, H, W) or (n, H, W, 3), received {array.shape}. Stack "
            "the frames of one clip, from onset to offset."
        )
    if len(array) < 2:
        raise InvalidInputError(
            "frames: expected at least 2 from onset to offset, received 1: an expression is a "
            "change between frames."
        )
    if array.dtype != np.uint8:
        _check_floats(array)
    return (_grey(frame) for frame in array)


def checked_fps(fps: float | None) -> float | None:
    """Return a frame rate as a float, if one is given.

    Raises
    ------
    InvalidInputError
        If it is no positive, finite number.
    """
    if fps is None:
        return None
    try:
        number = float(fps)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < float("inf"):
        raise InvalidInputError(f"fps: expected a positive number, received {fps!r}.")
    return number


def _as_array(frames: npt.ArrayLike) -> npt.NDArray[Any]:
    try:
        return np.asarray(frames)
    except ValueError as error:
        raise InvalidInputError(
            "frames: expected frames of one size, received several. Crop or resize them first."
        ) from error


def _check_floats(array: npt.NDArray[Any]) -> None:
    if array.dtype.kind != "f":
        raise InvalidInputError(
            f"frames: expected uint8, or floats in [0, 1], received {array.dtype}."
        )
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):  # false for NaN as well
        raise InvalidInputError(
            f"frames: expected floats in [0, 1], received {low:g} to {high:g}. Divide by the "
            "largest grey level, or give uint8."
        )


def _grey(frame: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if frame.ndim == 2:
        return frame
    import cv2

    contiguous = np.ascontiguousarray(frame, dtype=None if frame.dtype == np.uint8 else np.float32)
    grey: npt.NDArray[Any] = cv2.cvtColor(contiguous, cv2.COLOR_RGB2GRAY)
    return grey
