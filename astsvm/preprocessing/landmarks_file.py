"""Landmarks from a file, for clips whose landmarks were found by other means."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astsvm.arrays import FloatArray
from astsvm.errors import DatasetError
from astsvm.preprocessing.landmark_layouts import LandmarkLayout, landmark_layout
from astsvm.preprocessing.landmark_rows import LandmarkRow, read_row

__all__ = ["LandmarkTable", "in_pixels", "read_landmarks", "read_table"]

_SMALLEST_FACE = 2.0
"""Pixels; eyes nearer to each other than this are refused anyway, so smaller faces are parts."""


@dataclass(frozen=True, slots=True)
class LandmarkTable:
    """A table of landmarks as it lies on the disk."""

    path: Path
    layout: LandmarkLayout
    rows: tuple[LandmarkRow, ...]

    def in_parts(self, row: LandmarkRow) -> bool:
        """Tell whether a row is in parts of the frame: no face is smaller than two pixels."""
        return self.layout.may_be_parts and float(np.ptp(row.points, axis=0).max()) < _SMALLEST_FACE

    def place(self, row: LandmarkRow) -> str:
        """Say where a row stands, and of which clip it is, for messages."""
        clip = "" if row.key is None else f": clip {row.key}"
        return f"{self.path}, row {row.number}{clip}"


def read_landmarks(path: Path) -> dict[str, FloatArray]:
    """Read a CSV file of landmarks, one clip a row.

    Parameters
    ----------
    path : Path
        UTF-8. Columns ``database, subject, clip``, or one column ``clip`` (or ``key``) holding
        the clip's key ``database/subject/clip``; and ``x0, y0, ..., x67, y67`` (or up to ``x4,
        y4``) in dlib's order, the columns of OpenFace, or those of MediaPipe's mesh
        (:mod:`astsvm.preprocessing.landmark_layouts`): pixels of the onset frame as it lies on
        disk. MediaPipe's may be parts of the frame if columns ``width`` and ``height`` give its
        pixels. Other columns are ignored.

    Returns
    -------
    dict of str to ndarray of shape (68, 2) or (5, 2), float32
        By the clip's key, in Unicode form NFC as a clip's own.

    Raises
    ------
    DatasetError
        If the file cannot be read, a column is missing, a clip comes twice, a position is no
        finite number, or no face was found; with the row, the header being row 1.
    """
    table = read_table(path, keys_needed=True)
    found: dict[str, FloatArray] = {}
    for row in table.rows:
        place, key = table.place(row), str(row.key)
        if key in found:
            raise DatasetError(f"{place} comes twice. Remove one row.")
        fault = row.frame_fault or row.fault
        if fault:
            raise DatasetError(f"{place}: {fault} Correct or remove the row.")
        if table.in_parts(row) and row.size is None:
            raise DatasetError(
                f"{place}: positions are parts of the frame; expected its size in "
                "columns 'width' and 'height', or positions in pixels."
            )
        found[key] = in_pixels(row.points, row.size) if table.in_parts(row) else row.points
    return found


def in_pixels(points: FloatArray, size: tuple[float, float] | None) -> FloatArray:
    """Turn parts of a frame's width and height into pixels, centres at whole numbers."""
    if size is None:
        return points
    return np.asarray(points * np.array(size) - 0.5, dtype=np.float32)


def read_table(path: Path, *, keys_needed: bool = False) -> LandmarkTable:
    """Read every row of a table of landmarks, whether its rows are clips or frames.

    Parameters
    ----------
    path : Path
        As for :func:`read_landmarks`; a column ``frame`` numbers the frames of a source, from 1 in
        OpenFace's tables and from 0 elsewhere, and a column ``success`` of 0 says that the face
        was not found.
    keys_needed : bool
        Refuse a table that does not name its clips.

    Raises
    ------
    DatasetError
        If the file cannot be read, or a column is missing.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _parsed(path, csv.reader(file, strict=True), keys_needed)
    except OSError as error:
        raise DatasetError(f"{path}: landmarks cannot be read: {error.strerror}.") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: expected a CSV file in UTF-8, but {error}.") from error


def _parsed(path: Path, lines: Iterator[list[str]], keys_needed: bool) -> LandmarkTable:
    header = [name.strip() for name in next(lines, [])]
    names = [name.lower() for name in header]
    key_columns = _key_columns(path, names, keys_needed)
    layout = landmark_layout(header)
    if layout is None:
        raise DatasetError(
            f"{path}, row 1: expected columns x0, y0, ..., x67, y67 (or to x4, y4), OpenFace's "
            "x_0, ..., y_67 or MediaPipe's x_0, y_0, ..., y_477, received "
            f"{', '.join(header[:8])}."
        )
    rows = [
        read_row(number, cells, header, key_columns, layout)
        for number, cells in enumerate(lines, start=2)
        if any(cell.strip() for cell in cells)
    ]
    return LandmarkTable(path, layout, tuple(rows))


def _key_columns(path: Path, names: list[str], needed: bool) -> list[int]:
    for wanted in (["database", "subject", "clip"], ["key"], ["clip"]):
        if all(name in names for name in wanted):
            return [names.index(name) for name in wanted]
    if not needed:
        return []
    raise DatasetError(
        f"{path}, row 1: expected a column 'clip' or columns 'database, subject, clip', received "
        f"{', '.join(names[:6]) or 'an empty file'}. A table of one clip's frames, as a tracker "
        "writes it, belongs in a folder of such tables."
    )
