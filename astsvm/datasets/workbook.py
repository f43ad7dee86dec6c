"""Spreadsheet files (.xlsx, .xls): from bytes to a grid of cells for each worksheet."""

from __future__ import annotations

import os
import warnings
import zipfile
from io import BytesIO
from pathlib import Path

from astsvm.errors import DatasetError

__all__ = ["is_workbook", "read_workbook_grids"]

MAXIMUM_UNPACKED_BYTES = 64 * 2**20
MAXIMUM_COLUMNS = 1000
MAXIMUM_CELLS = 2_000_000
LONGEST_CELL = 10_000
_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_workbook(data: bytes) -> bool:
    """Tell a spreadsheet file from text by its first bytes, whatever its name says."""
    return data.startswith((_ZIP, _COMPOUND))


def read_workbook_grids(path: Path, data: bytes, most_rows: int) -> dict[str, list[list[str]]]:
    """Read the cells of every visible worksheet as text.

    A formula counts as the value that was stored with it, and as empty if there is none.

    Parameters
    ----------
    path : Path
        The file, for messages.
    data : bytes
        Its content.
    most_rows : int
        Rows of a worksheet that are read; one more is returned if there are more.

    Returns
    -------
    dict of str to list of list of str
        Worksheet name -> rows, blank rows included, so that row numbers are those that a
        spreadsheet program shows.

    Raises
    ------
    DatasetError
        If the file is protected by a password, truncated, damaged, or unreasonably large.
    """
    if data.startswith(_ZIP):
        _check_archive(path, data)
    try:
        with warnings.catch_warnings():
            # Remarks on styles and drop-down lists, which are nothing to a reader of cells.
            warnings.simplefilter("ignore")
            read = _xlsx_grids if data.startswith(_ZIP) else _xls_grids
            return read(path, data, most_rows)
    except DatasetError:
        raise
    except Exception as error:
        # The parsers of hostile or damaged files raise whatever they stumble over.
        raise DatasetError(f"{path}: {_reason(data, error)}") from error


def _xlsx_grids(path: Path, data: bytes, most_rows: int) -> dict[str, list[list[str]]]:
    """Read row by row, so that a small file cannot ask for more memory than there is."""
    import openpyxl

    book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
    grids: dict[str, list[list[str]]] = {}
    cells = 0
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        sheet.reset_dimensions()
        grid: list[list[str]] = []
        for row in sheet.iter_rows(values_only=True, max_row=most_rows + 1):
            cells += len(row)
            if len(row) > MAXIMUM_COLUMNS or cells > MAXIMUM_CELLS:
                raise DatasetError(
                    f"{path}: the worksheet {sheet.title[:60]!r} is larger than any annotation "
                    f"({MAXIMUM_COLUMNS} columns, {MAXIMUM_CELLS:,} cells). "
                    "Check that this is the right file."
                )
            grid.append([_text(path, value) for value in row])
        grids[sheet.title] = grid
    return grids


def _xls_grids(path: Path, data: bytes, most_rows: int) -> dict[str, list[list[str]]]:
    import xlrd

    # What the reader remarks upon must not stand among a command's data.
    with Path(os.devnull).open("w") as nowhere:
        book = xlrd.open_workbook(file_contents=data, logfile=nowhere)
    return {
        sheet.name: [
            [_text(path, value) for value in sheet.row_values(row)]
            for row in range(min(sheet.nrows, most_rows + 1))
        ]
        for sheet in book.sheets()
        if sheet.visibility == 0
    }


def _text(path: Path, value: object) -> str:
    """Write a cell as its owner would read it: a number without a fraction has no point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = str(value)
    if len(text) > LONGEST_CELL:
        raise DatasetError(
            f"{path}: a cell holds {len(text):,} characters, which no annotation does. "
            "Check that this is the right file."
        )
    return text


def _check_archive(path: Path, data: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = set(archive.namelist())
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DatasetError(f"{path}: {_reason(data, error)}") from error
    if "xl/workbook.xml" not in names:
        raise DatasetError(
            f"{path}: expected a spreadsheet, but this archive holds none. "
            "Check that this is the right file."
        )
    if size > MAXIMUM_UNPACKED_BYTES:
        raise DatasetError(
            f"{path}: the spreadsheet unpacks to more than {MAXIMUM_UNPACKED_BYTES // 2**20} MiB, "
            "which no annotation sheet does. Check that this is the right file."
        )


def _reason(data: bytes, error: Exception) -> str:
    if data.startswith(_COMPOUND) and "EncryptedPackage".encode("utf-16-le") in data:
        return (
            "the spreadsheet is protected by a password. Open it with the password and save it "
            "without one."
        )
    if "encrypted" in str(error).casefold():
        return "the spreadsheet is protected by a password. Save it without one."
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return (
        f"the spreadsheet is truncated or damaged ({type(error).__name__}: {first}). "
        "Copy it again, or save it as .xlsx or CSV."
    )
