"""Annotation sheets: columns found by name, cells read one at a time.

Sheets come out of spreadsheet programs in many shapes: .xlsx, .xls or text; rows above the header;
any order of the columns; names in any case, with blanks and underscores or without; blank rows,
columns and worksheets; numbers stored as text. Every cell stays text until it is asked for, so
subject ``01`` stays ``01``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from astsvm.datasets.contract import Problem
from astsvm.datasets.sheet_file import read_sheet_bytes
from astsvm.datasets.sheet_text import read_text_grid
from astsvm.datasets.workbook import is_workbook, read_workbook_grids
from astsvm.errors import DatasetError

__all__ = ["Sheet", "SheetRow", "problem_of", "read_headerless_sheet", "read_sheet"]

MAXIMUM_ROWS = 50_000
HEADER_AMONG_ROWS = 60
"""The header is one of the first so many rows that are not blank."""

Grid = list[list[str]]

_WHOLE_NUMBER = re.compile(r"([+-]?[0-9]{1,9})(?:\.0*)?")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: `number` is 1-based with the header as row 1, `cells` holds the named columns."""

    number: int
    cells: Mapping[str, str]
    surplus: str = ""
    decimal_comma: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)

    def _title(self, column: str) -> str:
        """Return the column's name as the sheet writes it."""
        return self.titles.get(column, column)

    def text(self, column: str) -> str | None:
        """Return the cell without blanks around it, in Unicode form NFC; None if empty."""
        cell = unicodedata.normalize("NFC", self.cells.get(column, "").strip())
        if not cell.isprintable():
            raise DatasetError(
                f"column {self._title(column)!r} holds a line break or control character: "
                f"{cell[:60]!r}. "
                "A quotation mark may not be closed, which hides the rows below it."
            )
        return cell or None

    def required(self, column: str) -> str:
        """Return the cell; a missing one is an error."""
        cell = self.text(column)
        if cell is None:
            raise DatasetError(f"the cell in column {self._title(column)!r} is empty. Fill it in.")
        return cell

    def frame_number(self, column: str, *, unknown: tuple[str, ...] = ()) -> int | None:
        """Return a whole number of at most nine digits; ``12.0`` counts as 12, empty is None.

        `unknown` are texts by which a sheet says that the number is not known.
        """
        cell = self._number_text(column)
        if cell is None or cell in unknown:
            return None
        match = _WHOLE_NUMBER.fullmatch(cell)
        if match is None:
            raise DatasetError(
                f"column {self._title(column)!r} must hold a whole frame number, "
                f"received {cell[:60]!r}. Correct the cell."
            )
        return int(match.group(1))

    def number_or_none(self, column: str) -> float | None:
        """Return a decimal number; empty is None."""
        cell = self._number_text(column)
        if cell is None:
            return None
        if _NUMBER.fullmatch(cell) is None:
            raise DatasetError(
                f"column {self._title(column)!r} must hold a number, received {cell[:60]!r}. "
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
    """A sheet with its named columns and its rows that are not blank."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    worksheet: str = ""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which columns are wanted, and by what names they go."""

    required: tuple[str, ...]
    spellings: Mapping[str, str]
    expected: str

    @classmethod
    def wanted(
        cls, required: tuple[str, ...], spellings: Mapping[str, tuple[str, ...]], example: str
    ) -> _Columns:
        known = {_squeezed(name): name for name in required}
        for name, others in spellings.items():
            known |= {_squeezed(other): name for other in (name, *others)}
        return cls(required, known, f"Expected a header such as: {example}")

    def named(self, cells: list[str]) -> list[str]:
        """Return our name of each column; one of no interest keeps its own in lower case."""
        return [self.spellings.get(_squeezed(c), c.strip().lower()) for c in cells]

    def matches(self, cells: list[str]) -> int:
        """Count the required columns that a row names."""
        return len(set(self.named(cells)).intersection(self.required))


def read_sheet(
    path: Path,
    required: tuple[str, ...],
    example: str,
    *,
    spellings: Mapping[str, tuple[str, ...]] | None = None,
    worksheet: str = "",
) -> Sheet:
    """Read a sheet: .xlsx, .xls, or comma-, semicolon- or tab-separated text.

    The header is the first row that names every required column. Of several worksheets, the one
    called `worksheet` is read, or else the one with such a header; of several such ones, the
    longest.

    Parameters
    ----------
    path : Path
        The sheet. Its content tells its kind, not its name.
    required : tuple of str
        Lower-case names of the columns that must be there.
    example : str
        A header line to show in errors.
    spellings : mapping of str to tuple of str, optional
        Other names that a column, required or not, may go by. Case, blanks and punctuation make
        no difference.
    worksheet : str
        Name of the worksheet that is preferred.

    Raises
    ------
    DatasetError
        If the file is missing, larger than 16 MiB, unreadable, holds no rows or more than 50,000,
        lacks a required column, or names a column twice.
    """
    wanted = _Columns.wanted(required, spellings or {}, example)
    data = read_sheet_bytes(path, wanted.expected)
    decimal_comma = False
    if is_workbook(data):
        grids = read_workbook_grids(path, data, MAXIMUM_ROWS)
        name, grid = _choose_worksheet(grids, wanted, worksheet)
    else:
        name = ""
        grid, decimal_comma = read_text_grid(path, data, wanted.matches, wanted.expected)
    _check_length(path, grid)
    return _named_rows(path, name, grid, wanted, decimal_comma)


def read_headerless_sheet(
    path: Path, worksheets: tuple[str, ...], columns: tuple[str, ...], example: str
) -> Sheet:
    """Read a worksheet that has no header; its columns are named by their places.

    Parameters
    ----------
    path : Path
        A spreadsheet file, .xlsx or .xls.
    worksheets : tuple of str
        Names that the worksheet may go by; case makes no difference.
    columns : tuple of str
        Lower-case names of the columns from the left.
    example : str
        A row to show in errors.

    Raises
    ------
    DatasetError
        If the file is missing, larger than 16 MiB, no spreadsheet or unreadable, or if the
        worksheet is missing or holds no rows or more than 50,000.
    """
    wanted = _Columns((), {}, f"Expected rows such as: {example}")
    data = read_sheet_bytes(path, wanted.expected)
    grids = read_workbook_grids(path, data, MAXIMUM_ROWS) if is_workbook(data) else {}
    by_name = {name.strip().casefold(): name for name in grids}
    name = next((by_name[w.casefold()] for w in worksheets if w.casefold() in by_name), None)
    if name is None:
        raise DatasetError(
            f"{path}: expected a spreadsheet with a worksheet {' or '.join(map(repr, worksheets))}"
            f"; it holds {', '.join(map(repr, sorted(grids))) or 'none'}. {wanted.expected}"
        )
    _check_length(path, grids[name])
    filled = _filled(grids[name])
    if not filled:
        raise DatasetError(f"{path}: the worksheet {name!r} is empty. {wanted.expected}")
    rows = tuple(_named_row(number, row, list(columns), False, {}) for number, row in filled)
    return Sheet(path, columns, rows, name)


def _check_length(path: Path, grid: Grid) -> None:
    if len(grid) > MAXIMUM_ROWS:
        raise DatasetError(
            f"{path}: the sheet has more than {MAXIMUM_ROWS:,} rows, which no annotation sheet "
            "has. Check that this is the right file."
        )


def _choose_worksheet(
    grids: Mapping[str, Grid], wanted: _Columns, preferred: str
) -> tuple[str, Grid]:
    """Choose by name, then by header, then by length: never by the order of the worksheets."""

    def rank(name: str) -> tuple[bool, int, int, str]:
        filled = _filled(grids[name])
        best = max((wanted.matches(row) for _, row in filled[:HEADER_AMONG_ROWS]), default=0)
        return name.casefold() != preferred.casefold(), -best, -len(filled), name

    name = min(grids, key=rank, default="")
    return name, grids.get(name, [])


def _filled(grid: Grid) -> list[tuple[int, list[str]]]:
    return [(n, row) for n, row in enumerate(grid, 1) if any(cell.strip() for cell in row)]


def _named_rows(
    path: Path, worksheet: str, grid: Grid, wanted: _Columns, decimal_comma: bool
) -> Sheet:
    filled = _filled(grid)
    if not filled:
        raise DatasetError(f"{path}: the sheet is empty. {wanted.expected}")
    top = filled[:HEADER_AMONG_ROWS]
    # The first of the rows that name most: a right sheet names all of them in one row.
    header = max(range(len(top)), key=lambda i: (wanted.matches(top[i][1]), -i))
    columns = _read_header(path, top[header][1], wanted)
    below = filled[header + 1 :]
    if not below:
        raise DatasetError(f"{path}: the sheet holds a header but no row below it. Add the clips.")
    titles = {
        name: title.strip() for name, title in zip(columns, top[header][1], strict=False) if name
    }
    rows = tuple(_named_row(number, row, columns, decimal_comma, titles) for number, row in below)
    return Sheet(path, tuple(name for name in columns if name), rows, worksheet)


def _read_header(path: Path, cells: list[str], wanted: _Columns) -> list[str]:
    columns = wanted.named(cells)
    while columns and not columns[-1]:
        columns.pop()
    missing = [name for name in wanted.required if name not in columns]
    if missing:
        found = ", ".join(repr(name) for name in columns if name)
        raise DatasetError(
            f"{path}: the header lacks {', '.join(missing)}; it holds {found[:300]}. "
            f"{wanted.expected}"
        )
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise DatasetError(
            f"{path}: the header names {', '.join(twice)} more than once. Rename or delete one."
        )
    return columns


def _named_row(
    number: int,
    cells: list[str],
    columns: list[str],
    decimal_comma: bool,
    titles: Mapping[str, str],
) -> SheetRow:
    named = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
    surplus = next((cell.strip() for cell in cells[len(columns) :] if cell.strip()), "")
    return SheetRow(number, named, surplus, decimal_comma, titles)


def _squeezed(name: str) -> str:
    """Reduce a column's name to what does not vary between copies of a sheet."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in text if c.isalnum()) or text.strip()


def problem_of(sheet: Sheet, row: SheetRow, clip: str | None, error: DatasetError) -> Problem:
    """Turn the error of a row into a problem, without repeating where it is."""
    reason = str(error)
    for place in (f"clip {clip} (row {row.number}): ", f" in row {row.number}"):
        reason = reason.replace(place, "", 1)
    return Problem(sheet.path, row.number, clip, reason)
