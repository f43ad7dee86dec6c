"""A row of a table of landmarks: which frame of which clip, where, and what is wrong with it."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass

import numpy as np

from astsvm.arrays import FloatArray
from astsvm.preprocessing.landmark_layouts import LandmarkLayout

__all__ = ["LandmarkRow", "read_row"]

_FARTHEST = 1e6
"""Pixels; no position lies further away."""

_NOTHING = ("", "nan")
"""Cells of a frame in which the tracker saw no face."""


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkRow:
    """A row of a table of landmarks. A faulty one does no harm until it is used.

    Parameters
    ----------
    number : int
        Of the row, the header being row 1.
    key : str or None
        Key of the clip, in Unicode form NFC; None where the table names no clip.
    frame : int or None
        0-based position in the source; None where the table has no frames or the cell is faulty.
    frame_fault : str
        Why the frame is not known; empty if it is, or if the table has no frames.
    points : ndarray of shape (68, 2) or (5, 2), float32
        In pixels, or in parts of the frame's width and height; empty, (0, 2), in a faulty row.
    size : tuple of float or None
        Width and height of the frame in pixels, where the table tells.
    fault : str
        Why the landmarks cannot be used: a cell is faulty, or no face was found; empty if they can.
    """

    number: int
    key: str | None
    frame: int | None
    frame_fault: str
    points: FloatArray
    size: tuple[float, float] | None
    fault: str


def read_row(
    number: int,
    cells: list[str],
    header: list[str],
    key_columns: list[int],
    layout: LandmarkLayout,
) -> LandmarkRow:
    """Read a row, and tell with it what is wrong with it.

    Parameters
    ----------
    number : int
        Of the row, the header being row 1.
    cells : list of str
        Of the row; a row may be cut short.
    header : list of str
        Names of the columns.
    key_columns : list of int
        Columns that together name the clip; empty if none does.
    layout : LandmarkLayout
        Where the landmarks stand.
    """
    names = [name.lower() for name in header]
    named = {name: cells[at] for at, name in reversed(list(enumerate(names[: len(cells)])))}
    # The sheet of clips is read in this form too; some systems write accents decomposed.
    key = unicodedata.normalize(
        "NFC", "/".join(cells[c].strip() for c in key_columns if c < len(cells))
    )
    frame, frame_fault = None, ""
    if "frame" in names:
        frame, frame_fault = _frame(named.get("frame", ""), layout)
    points, size, fault = np.empty((0, 2), dtype=np.float32), None, ""
    try:
        if len(cells) != len(header):
            raise _FaultyRowError(
                f"expected {len(header)} cells as in the header, received {len(cells)}."
            )
        points, size = _points(cells, header, named, layout), _size(named)
    except _FaultyRowError as error:
        fault = str(error)
    return LandmarkRow(
        number=number,
        key=key if key_columns else None,
        frame=frame,
        frame_fault=frame_fault,
        points=points,
        size=size,
        fault=fault,
    )


class _FaultyRowError(Exception):
    """What is wrong with a row, which matters only if the row is used."""


def _frame(text: str, layout: LandmarkLayout) -> tuple[int | None, str]:
    """Return the 0-based frame, or None and what is wrong with the cell."""
    value = _number(text)
    if math.isfinite(value) and value == int(value) and value >= layout.first_frame:
        return int(value) - layout.first_frame, ""
    return None, (
        f"frame: expected the number of a frame, whole and from {layout.first_frame}, received "
        f"{text!r}."
    )


def _points(
    cells: list[str], header: list[str], named: dict[str, str], layout: LandmarkLayout
) -> FloatArray:
    if "success" in named:
        success = _number(named["success"])
        if math.isnan(success):
            raise _FaultyRowError(f"success: expected 0 or 1, received {named['success']!r}.")
        if success <= 0:
            raise _FaultyRowError("success is 0, no face was found.")
    values = [_number(cells[column]) for column in layout.columns]
    if all(cells[column].strip().lower() in _NOTHING for column in layout.columns):
        raise _FaultyRowError("all positions are empty or NaN, no face was found.")
    for column, value in zip(layout.columns, values, strict=True):
        if not abs(value) <= _FARTHEST:
            raise _FaultyRowError(
                f"{header[column]}: expected a pixel position, received {cells[column]!r}."
            )
    return np.array(values, dtype=np.float32).reshape(-1, 2)


def _size(named: dict[str, str]) -> tuple[float, float] | None:
    if "width" not in named or "height" not in named:
        return None
    for side in ("width", "height"):
        if not 0 < _number(named[side]) <= _FARTHEST:
            raise _FaultyRowError(
                f"{side}: expected pixels of the frame, received {named[side]!r}."
            )
    return _number(named["width"]), _number(named["height"])


def _number(text: str) -> float:
    """Return the number of a cell, NaN if it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
