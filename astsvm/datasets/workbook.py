"""Spreadsheet files (.xlsx, .xls): from bytes to a grid of cells for each worksheet."""

from __future__ import annotations

import warnings
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Literal

from astsvm.errors import DatasetError

__all__ = ["is_workbook", "read_workbook_grids"]

MAXIMUM_UNPACKED_BYTES = 256 * 2**20
_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_workbook(data: bytes) -> bool:
    """Tell a spreadsheet file from text by its first bytes, whatever its name says."""
    return data.startswith((_ZIP, _COMPOUND))


def read_workbook_grids(path: Path, data: bytes, most_rows: int) -> dict[str, list[list[str]]]:
    """Read the cells of every worksheet as text.

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
    import pandas as pd

    if data.startswith(_ZIP):
        _check_archive(path, data)
    engine: Literal["openpyxl", "xlrd"] = "openpyxl" if data.startswith(_ZIP) else "xlrd"
    try:
        with warnings.catch_warnings():
            # Remarks on styles and drop-down lists, which are nothing to a reader of cells.
            warnings.simplefilter("ignore")
            frames = pd.read_excel(
                BytesIO(data),
                sheet_name=None,
                header=None,
                dtype=str,
                keep_default_na=False,
                na_filter=False,
                nrows=most_rows + 1,
                engine=engine,
            )
    except Exception as error:
        # The parsers of hostile or damaged files raise whatever they stumble over.
        raise DatasetError(f"{path}: {_reason(data, error)}") from error
    return {
        str(name): frame.fillna("").astype(str).to_numpy(dtype=object).tolist()
        for name, frame in frames.items()
    }


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
