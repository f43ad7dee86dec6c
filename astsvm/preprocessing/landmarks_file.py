"""Landmarks from a file, for clips whose landmarks were found by other means."""

from __future__ import annotations

import csv
import math
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from astsvm.arrays import FloatArray
from astsvm.errors import DatasetError

__all__ = ["read_landmarks"]


def read_landmarks(path: Path) -> dict[str, FloatArray]:
    """Read a CSV file of landmarks, one clip a row.

    Parameters
    ----------
    path : Path
        UTF-8. Columns ``database, subject, clip``, or one column ``clip`` (or ``key``) holding
        the clip's key ``database/subject/clip``; and ``x0, y0, ..., x67, y67`` (or up to ``x4,
        y4``) in dlib's order: pixels of the onset frame as it lies on disk. Other columns are
        ignored.

    Returns
    -------
    dict of str to ndarray of shape (68, 2) or (5, 2), float32
        By the clip's key, in Unicode form NFC as a clip's own.

    Raises
    ------
    DatasetError
        If the file cannot be read, a column is missing, a clip comes twice, or a position is no
        finite number; with the row, the header being row 1.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _landmarks_by_key(path, csv.reader(file, strict=True))
    except OSError as error:
        raise DatasetError(f"{path}: landmarks cannot be read: {error.strerror}.") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: expected a CSV file in UTF-8, but {error}.") from error


def _landmarks_by_key(path: Path, rows: Iterator[list[str]]) -> dict[str, FloatArray]:
    header = [name.strip().lower() for name in next(rows, [])]
    key_columns = _key_columns(path, header)
    columns = _position_columns(path, header)
    found: dict[str, FloatArray] = {}
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise DatasetError(
                f"{path}, row {number}: expected {len(header)} cells as in the header, received "
                f"{len(row)}."
            )
        # The sheet of clips is read in this form too; some systems write accents decomposed.
        key = unicodedata.normalize("NFC", "/".join(row[c].strip() for c in key_columns))
        if key in found:
            raise DatasetError(f"{path}, row {number}: clip {key} comes twice. Remove one row.")
        values = [_position(path, number, header[c], row[c]) for c in columns]
        found[key] = np.array(values, dtype=np.float32).reshape(-1, 2)
    return found


def _key_columns(path: Path, header: list[str]) -> list[int]:
    for names in (["database", "subject", "clip"], ["key"], ["clip"]):
        if all(name in header for name in names):
            return [header.index(name) for name in names]
    raise DatasetError(
        f"{path}, row 1: expected a column 'clip' or columns 'database, subject, clip', received "
        f"{', '.join(header[:6]) or 'an empty file'}."
    )


def _position_columns(path: Path, header: list[str]) -> list[int]:
    for points in (68, 5):
        names = [f"{axis}{index}" for index in range(points) for axis in "xy"]
        if all(name in header for name in names):
            return [header.index(name) for name in names]
    raise DatasetError(
        f"{path}, row 1: expected columns x0, y0, ..., x67, y67 (or to x4, y4), received "
        f"{', '.join(header[:8])}."
    )


def _position(path: Path, row: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > 1e6:
        raise DatasetError(
            f"{path}, row {row}: {column}: expected a pixel position, received {text!r}."
        )
    return value
