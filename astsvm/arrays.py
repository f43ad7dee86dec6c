"""What every step demands of a stack of frames before it computes anything.

The rule is one for the whole library. ``uint8`` means grey levels of 255 and ``uint16`` of 65535;
both are scaled to [0, 1] in float32, so nothing can wrap around. Floats are taken as they are.
Other integer types are refused, since nobody can tell their range.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError

__all__ = ["FloatArray", "as_grey_stack", "require_finite", "require_number", "to_unit_floats"]

FloatArray = npt.NDArray[np.float32]

LARGEST_VALUE: Final = 1e6
"""Products of four values must stay within float32; grey in [0, 1] never comes near it."""

_WHITE: Final = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}


def as_grey_stack(
    frames: npt.ArrayLike,
    *,
    name: str = "frames",
    minimum_frames: int = 1,
    minimum_side: int = 1,
) -> FloatArray:
    """Check a stack of grey frames and return it as contiguous float32.

    Parameters
    ----------
    frames : array_like of shape (n, H, W)
        Floats, uint8 (scaled by 1/255) or uint16 (scaled by 1/65535). Never modified; the result
        may share its memory.
    name : str
        What messages call it.
    minimum_frames, minimum_side : int
        The least n, and the least H and W, the caller can work with.

    Returns
    -------
    ndarray of shape (n, H, W), float32
        C-contiguous.

    Raises
    ------
    InvalidInputError
        If the shape, the type or the size is wrong, or if a value is NaN, infinite, or beyond a
        million in magnitude.
    """
    array = _as_array(frames, name)
    if array.ndim != 3:
        raise InvalidInputError(
            f"{name}: expected grey frames of shape (n, H, W), received shape {array.shape}. "
            "Convert colour to grey, and give a single frame as frame[None]."
        )
    if array.shape[0] < minimum_frames:
        raise InvalidInputError(
            f"{name}: expected at least {minimum_frames} frame(s), received {array.shape[0]}. "
            "Check the onset and offset of the clip."
        )
    if min(array.shape[1:]) < minimum_side:
        raise InvalidInputError(
            f"{name}: expected frames of at least {minimum_side} x {minimum_side} pixels, "
            f"received {array.shape[2]} x {array.shape[1]}. Use larger frames."
        )
    return to_unit_floats(array, name)


def to_unit_floats(array: npt.NDArray[Any], name: str) -> FloatArray:
    """Return `array` as contiguous float32, integers scaled to [0, 1], values checked.

    Raises
    ------
    InvalidInputError
        If the type is neither a float nor uint8 nor uint16, or a value is unusable.
    """
    white = _WHITE.get(array.dtype)
    if white is not None:
        scaled: FloatArray = np.multiply(array, np.float32(1 / white), dtype=np.float32, order="C")
        return scaled
    if array.dtype.kind != "f":
        raise InvalidInputError(
            f"{name}: expected floats in [0, 1], uint8 or uint16, received {array.dtype}. "
            "Divide by the largest grey level first."
        )
    require_finite(array, name)
    return np.ascontiguousarray(array, dtype=np.float32)


def require_finite(array: npt.NDArray[Any], name: str) -> None:
    """Refuse NaN, infinities and values that would overflow float32 further on.

    Raises
    ------
    InvalidInputError
        Naming the kind of the value and the place of the first one.
    """
    if array.size == 0:
        return
    low, high = float(array.min()), float(array.max())
    if math.isfinite(low) and math.isfinite(high):
        if max(-low, high) <= LARGEST_VALUE:
            return
        raise InvalidInputError(
            f"{name}: expected values of about 0 to 1, received {low:g} to {high:g}. "
            "Scale the data first."
        )
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
    raise InvalidInputError(
        f"{name}: expected finite values, received {array[place]} at index {place}. "
        "Remove NaN and infinities first."
    )


def require_number(
    value: float, name: str, *, low: float, high: float = math.inf, low_included: bool = True
) -> float:
    """Return `value` as a float if it is a finite number within its bounds.

    Raises
    ------
    InvalidInputError
        If it is no number, not finite, or out of bounds.
    """
    bounds = f"{'at least' if low_included else 'more than'} {low:g}"
    if math.isfinite(high):
        bounds += f" and at most {high:g}"
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInputError(
            f"{name}: expected a number of {bounds}, received {value!r}."
        ) from error
    above = number >= low if low_included else number > low
    if not (math.isfinite(number) and above and number <= high):
        raise InvalidInputError(f"{name}: expected a number of {bounds}, received {value!r}.")
    return number


def _as_array(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise InvalidInputError(
            f"{name}: expected an array, but frames of different shapes came ({error}). "
            "Bring all frames to one size first."
        ) from error
    if array.size == 0:
        raise InvalidInputError(f"{name}: expected frames, received an empty array {array.shape}.")
    return array
