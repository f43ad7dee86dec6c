"""Checks of the flow, strain and numbers that descriptors take."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, to_unit_floats
from astsvm.errors import InvalidInputError

__all__ = ["as_flow_fields", "as_motion", "as_strain_maps", "require_whole_number"]

_AXES = {2: "(H, W)", 3: "(T, H, W)"}


def as_flow_fields(flow: npt.ArrayLike) -> FloatArray:
    """Return flow of shape (T, H, W, 2) as float32.

    Raises
    ------
    InvalidInputError
        If it has another shape, is empty, no floats, or not finite.
    """
    array = _array(flow, "flow")
    if array.ndim != 4 or array.shape[-1] != 2 or array.size == 0:
        raise InvalidInputError(
            f"flow: expected fields of shape (T, H, W, 2), received {array.shape}. "
            "Put u and v last, and give a single field as flow[None]."
        )
    return _floats(array, "flow")


def as_motion(motion: npt.ArrayLike) -> FloatArray:
    """Return the motion from onset to apex, shape (H, W, 2), as float32.

    Raises
    ------
    InvalidInputError
        If it has another shape, is empty, no floats, or not finite.
    """
    array = _array(motion, "motion")
    if array.ndim != 3 or array.shape[-1] != 2 or array.size == 0:
        raise InvalidInputError(
            f"motion: expected one field of shape (H, W, 2), received {array.shape}. "
            "Put u and v last."
        )
    return _floats(array, "motion")


def as_strain_maps(strain: npt.ArrayLike, axes: int) -> FloatArray:
    """Return strain as float32.

    Parameters
    ----------
    strain : array_like
        0 or more everywhere.
    axes : {2, 3}
        2 for (H, W), 3 for (T, H, W).

    Raises
    ------
    InvalidInputError
        If it has another shape, is empty, no floats, not finite, or negative somewhere.
    """
    array = _array(strain, "strain")
    if array.ndim != axes or array.size == 0:
        raise InvalidInputError(f"strain: expected shape {_AXES[axes]}, received {array.shape}.")
    checked = _floats(array, "strain")
    if checked.min() < 0:
        raise InvalidInputError(
            f"strain: expected values of 0 or more, received {checked.min():g}. Strain whose zero "
            "was moved, as that of precomputed flow images is, needs its minimum subtracted."
        )
    return checked


def require_whole_number(value: int, name: str, *, low: int, high: int) -> int:
    """Return `value` if it is a whole number within its bounds.

    Raises
    ------
    InvalidInputError
        If it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InvalidInputError(f"{name}: expected a whole number, received {value!r}.")
    if not low <= value <= high:
        raise InvalidInputError(
            f"{name}: expected a whole number from {low} to {high}, received {value}."
        )
    return int(value)


def _array(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{name}: expected an array, but rows of different shapes came ({error})."
        ) from error


def _floats(array: npt.NDArray[Any], name: str) -> FloatArray:
    if array.dtype.kind != "f":
        raise InvalidInputError(f"{name}: expected floats, received {array.dtype}.")
    return to_unit_floats(array, name)
