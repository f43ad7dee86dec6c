"""Annotation sheets as text: columns found by name, cells read one at a time.

Sheets come out of spreadsheet programs in many shapes. Accepted: comma, semicolon or tab as
separator; UTF-8 with or without byte order mark, and UTF-16 with one; any line ending; any order
of the columns; names in any case and with blanks around; quoted cells; blank rows and columns;
rows that are too short. Every cell stays text until it is asked for, so subject ``01`` stays
``01``.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath, PureWindowsPath

from astsvm.datasets.contract import Problem
from astsvm.errors import DatasetError

__all__ = ["Sheet", "SheetRow", "problem_of", "read_sheet", "source_inside"]

MAXIMUM_BYTES = 16 * 2**20
MAXIMUM_COLUMNS = 1000
SEPARATORS = (",", ";", "\t")

_WHOLE_NUMBER = re.compile(r"([+-]?[0-9]{1,9})(?:\.0*)?")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: `number` is 1-based with the header as row 1, `cells` holds the named columns."""

    number: int
    cells: Mapping[str, str]
    surplus: str = ""
    decimal_comma: bool = False

    def text(self, column: str) -> str | None:
        """Return the cell without blanks around it, in Unicode form NFC; None if empty."""
        cell = unicodedata.normalize("NFC", self.cells.get(column, "").strip())
        if not cell.isprintable():
            raise DatasetError(
                f"column {column!r} holds a line break or control character: {cell[:60]!r}. "
                "A quotation mark may not be closed, which hides the rows below it."
            )
        return cell or None

    def required(self, column: str) -> str:
        """Return the cell; a missing one is an error."""
        cell = self.text(column)
        if cell is None:
            raise DatasetError(f"the cell in column {column!r} is empty. Fill it in.")
        return cell

    def frame_number(self, column: str) -> int | None:
        """Return a whole number of at most nine digits; ``12.0`` counts as 12, empty is None."""
        cell = self._number_text(column)
        if cell is None:
            return None
        match = _WHOLE_NUMBER.fullmatch(cell)
        if match is None:
            raise DatasetError(
                f"column {column!r} must hold a whole frame number, received {cell[:60]!r}. "
                "Correct the cell, or leave it empty."
            )
        return int(match.group(1))

    def number_or_none(self, column: str) -> float | None:
        """Return a decimal number; empty is None."""
        cell = self._number_text(column)
        if cell is None:
            return None
        if _NUMBER.fullmatch(cell) is None:
            raise DatasetError(
                f"column {column!r} must hold a number, received {cell[:60]!r}. "
                "Correct the cell, or leave it empty."
            )
        return float(cell)

    def _number_text(self, column: str) -> str | None:
        cell = self.text(column)
        return cell.replace(",", ".") if cell is not None and self.decimal_comma else cell

    def check_width(self) -> None:
        """Refuse a row with more cells than the header: its values may stand in wrong columns."""
        if self.surplus:
            raise DatasetError(
                f"the row has more cells than the header (first one too many: "
                f"{self.surplus[:60]!r}). Quote cells that hold the separator."
            )


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with its named columns (trimmed, lower case) and its rows that are not blank."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]


def read_sheet(path: Path, required: tuple[str, ...], example: str) -> Sheet:
    """Read a sheet of comma-, semicolon- or tab-separated text.

    Parameters
    ----------
    path : Path
        The sheet.
    required : tuple of str
        Lower-case names of the columns that must be there.
    example : str
        A header line to show in errors.

    Raises
    ------
    DatasetError
        If the file is missing, larger than 16 MiB, no text, holds no rows, lacks a required
        column, or names a column twice.
    """
    expected = f"Expected a header such as: {example}"
    text = _decode(path, expected)
    separator = _find_separator(text, required)
    grid = _parse(path, text, separator)
    filled = [
        (number, row) for number, row in enumerate(grid, 1) if any(cell.strip() for cell in row)
    ]
    if not filled:
        raise DatasetError(f"{path}: the sheet is empty. {expected}")
    columns = _read_header(path, filled[0][1], required, expected)
    if len(filled) == 1:
        raise DatasetError(f"{path}: the sheet holds a header but no row below it. Add the clips.")
    rows = tuple(_named_row(number, row, columns, separator) for number, row in filled[1:])
    return Sheet(path, tuple(name for name in columns if name), rows)


def _decode(path: Path, expected: str) -> str:
    if not path.is_file():
        raise DatasetError(f"{path}: there is no such file. {expected}")
    try:
        with path.open("rb") as stream:
            data = stream.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise DatasetError(f"{path}: the sheet cannot be read: {error.strerror}.") from error
    if len(data) > MAXIMUM_BYTES:
        raise DatasetError(
            f"{path}: the sheet is larger than {MAXIMUM_BYTES // 2**20} MiB, which no annotation "
            "sheet is. Check that this is the right file."
        )
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{path}: expected text in UTF-8, but byte {error.start} is something else. "
            "Save the sheet as 'CSV UTF-8'."
        ) from error
    if "\0" in text:
        raise DatasetError(f"{path}: the sheet holds zero bytes, so it is no text. {expected}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _find_separator(text: str, required: tuple[str, ...]) -> str:
    """Return the separator that lets the header show most of the required columns."""
    header = next((line for line in text.split("\n") if line.strip(" ,;\t")), "")

    def named(separator: str) -> int:
        reader = csv.reader([header], delimiter=separator, skipinitialspace=True)
        try:
            names = {cell.strip().lower() for cell in next(reader, [])}
        except csv.Error:  # a cell beyond the reader's limit: not a header of ours
            return 0
        return len(names.intersection(required))

    return max(SEPARATORS, key=named)


def _parse(path: Path, text: str, separator: str) -> list[list[str]]:
    import pandas as pd

    width = 1 + max(line.count(separator) for line in text.split("\n"))
    if width > MAXIMUM_COLUMNS:
        raise DatasetError(
            f"{path}: a row has {width} cells, expected at most {MAXIMUM_COLUMNS}. "
            "Check that this is the right file."
        )
    if not text.strip():
        return []
    try:
        frame = pd.read_csv(
            StringIO(text),
            sep=separator,
            header=None,
            names=list(range(width)),
            index_col=False,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            skip_blank_lines=False,
            skipinitialspace=True,
        )
    except pd.errors.ParserError as error:
        reason = str(error).strip().splitlines()[-1]
        raise DatasetError(
            f"{path}: the sheet cannot be split into cells ({reason}). "
            "A quotation mark is probably not closed."
        ) from error
    rows: list[list[str]] = frame.fillna("").to_numpy(dtype=object).tolist()
    return rows


def _read_header(
    path: Path, cells: list[str], required: tuple[str, ...], expected: str
) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    missing = [name for name in required if name not in columns]
    if missing:
        found = ", ".join(repr(name) for name in columns if name)
        raise DatasetError(
            f"{path}: the header lacks {', '.join(missing)}; it holds {found[:300]}. {expected}"
        )
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise DatasetError(
            f"{path}: the header names {', '.join(twice)} more than once. Rename or delete one."
        )
    return columns


def _named_row(number: int, cells: list[str], columns: list[str], separator: str) -> SheetRow:
    named = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
    surplus = next((cell.strip() for cell in cells[len(columns) :] if cell.strip()), "")
    return SheetRow(number, named, surplus, decimal_comma=separator != ",")


def source_inside(root: Path, cell: str) -> Path:
    """Return ``root / cell`` after checking that it exists and lies in `root`.

    A backslash separates folders as well, since sheets travel between systems. The path comes
    back unresolved, so that its part below `root` stays what the sheet says.

    Raises
    ------
    DatasetError
        If the path is absolute, climbs out of `root` by ``..`` or a symbolic link, or is neither
        a file nor a folder.
    """
    below = PurePosixPath(cell.replace("\\", "/"))
    if below.is_absolute() or PureWindowsPath(cell).drive or ".." in below.parts:
        raise DatasetError(
            f"path {cell!r} leaves the dataset's folder; expected a path below {root}. "
            "Move the clip into it."
        )
    # Some systems store accented letters decomposed; the sheet and the disk may differ in that.
    spellings = [unicodedata.normalize(form, str(below)) for form in ("NFC", "NFD")]
    source = next((root / name for name in spellings if _exists(root / name)), None)
    if source is None:
        raise DatasetError(
            f"path {cell[:200]!r} does not exist; it counts from the folder of the sheet. "
            "Correct the path."
        )
    if not source.resolve().is_relative_to(root.resolve()):
        raise DatasetError(
            f"path {cell!r} is a symbolic link that leaves the dataset's folder {root}. "
            "Copy the clip into it."
        )
    if not (source.is_file() or source.is_dir()):
        raise DatasetError(
            f"path {cell!r} is neither a file nor a folder; expected a video, an image or a "
            "folder of frames."
        )
    return source


def _exists(path: Path) -> bool:
    try:
        path.resolve(strict=True)
    except (OSError, RuntimeError):  # missing, too long, unreadable, or a loop of links
        return False
    return True


def problem_of(sheet: Sheet, row: SheetRow, clip: str | None, error: DatasetError) -> Problem:
    """Turn the error of a row into a problem, without repeating where it is."""
    reason = str(error)
    for place in (f"clip {clip} (row {row.number}): ", f" in row {row.number}"):
        reason = reason.replace(place, "", 1)
    return Problem(sheet.path, row.number, clip, reason)
