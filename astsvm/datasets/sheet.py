"""Annotation sheets: columns found by name, cells read one at a time.

Sheets come out of spreadsheet programs in many shapes: .xlsx, .xls or text; rows above the header;
any order of the columns; names in any case, with blanks and underscores or without; blank rows,
columns and worksheets; numbers stored as text. Every cell stays text until it is asked for, so
subject ``01`` stays ``01``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from astsvm.datasets.contract import Problem
from astsvm.datasets.sheet_file import read_sheet_bytes
from astsvm.datasets.sheet_row import SheetRow
from astsvm.datasets.sheet_text import read_text_grid
from astsvm.datasets.workbook import is_workbook, read_workbook_grids
from astsvm.errors import DatasetError

__all__ = ["Sheet", "SheetRow", "problem_of", "read_headerless_sheet", "read_sheet"]

MAXIMUM_ROWS = 50_000
HEADER_AMONG_ROWS = 60
"""The header is one of the first so many rows that are not blank."""

Grid = list[list[str]]


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
    worksheet: str | tuple[str, ...] = (),
) -> Sheet:
    """Read a sheet: .xlsx, .xls, or comma-, semicolon- or tab-separated text.

    The header is the first row that names every required column. Of several worksheets, the one
    called `worksheet` is read, or else the one with such a header.

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
    worksheet : str or tuple of str
        Names of the worksheet, the preferred one first.

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
        wishes = (worksheet,) if isinstance(worksheet, str) else worksheet
        name, grid = _choose_worksheet(path, grids, wanted, wishes)
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
    path: Path, grids: Mapping[str, Grid], wanted: _Columns, preferred: tuple[str, ...]
) -> tuple[str, Grid]:
    """Choose by name, or else by header: never by the order of the worksheets.

    Raises
    ------
    DatasetError
        If several worksheets have the header and none is preferred.
    """
    by_name = {name.casefold(): name for name in grids}
    for wish in preferred:
        if wish.casefold() in by_name:
            name = by_name[wish.casefold()]
            return name, grids[name]
    matches = {
        name: max((wanted.matches(r) for _, r in _filled(grid)[:HEADER_AMONG_ROWS]), default=0)
        for name, grid in grids.items()
    }
    best = sorted(name for name, count in matches.items() if count == max(matches.values()))
    if len(best) > 1 and matches[best[0]] == len(wanted.required):
        raise DatasetError(
            f"{path}: the worksheets {', '.join(best)} all look like the annotation. "
            "Delete or hide all but the right one."
        )
    name = max(best, key=lambda name: (len(_filled(grids[name])), name), default="")
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
