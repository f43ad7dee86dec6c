"""Sheets as text (CSV): from bytes to a grid of cells.

Accepted: comma, semicolon or tab as separator; UTF-8 with or without byte order mark, and UTF-16
with one; any line ending; quoted cells; rows that are too short.
"""

from __future__ import annotations

import codecs
import csv
import warnings
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from astsvm.errors import DatasetError

__all__ = ["read_text_grid"]

MAXIMUM_COLUMNS = 1000
SEPARATORS = (",", ";", "\t")
_HEADER_AMONG_LINES = 60


def read_text_grid(
    path: Path, data: bytes, matches: Callable[[list[str]], int], expected: str
) -> tuple[list[list[str]], bool]:
    """Split the bytes of a text sheet into cells.

    Parameters
    ----------
    path : Path
        The file, for messages.
    data : bytes
        Its content.
    matches : callable
        Tells how many of the wanted columns a row of cells names; the separator that names most
        of them is the right one.
    expected : str
        What a right sheet looks like, for messages.

    Returns
    -------
    grid : list of list of str
        Row by row, blank rows included, so that row numbers are those of the file.
    decimal_comma : bool
        Whether numbers may be written with a comma: only where it does not separate cells.

    Raises
    ------
    DatasetError
        If the bytes are no text, or cannot be split into cells.
    """
    text = _decode(path, data, expected)
    separator = _find_separator(text, matches)
    return _parse(path, text, separator), separator != ","


def _decode(path: Path, data: bytes, expected: str) -> str:
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


def _find_separator(text: str, matches: Callable[[list[str]], int]) -> str:
    """Return the separator that lets one of the first lines name most of the wanted columns."""
    lines = [line for line in text.split("\n") if line.strip(" ,;\t")][:_HEADER_AMONG_LINES]

    def named(separator: str) -> int:
        reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
        try:
            return max((matches(row) for row in reader), default=0)
        except csv.Error:  # a cell beyond the reader's limit: not a header of ours
            return 0

    return max(SEPARATORS, key=named)


def _width(path: Path, text: str, separator: str) -> int:
    """Count the cells of the widest row; a quoted cell may go over several lines."""
    reader = csv.reader(StringIO(text), delimiter=separator, skipinitialspace=True)
    try:
        return max((len(row) for row in reader), default=1) or 1
    except csv.Error as error:
        raise DatasetError(
            f"{path}, line {reader.line_num}: the sheet cannot be split into cells ({error}). "
            "A quotation mark is probably not closed."
        ) from error


def _parse(path: Path, text: str, separator: str) -> list[list[str]]:
    import pandas as pd

    width = _width(path, text, separator)
    if width > MAXIMUM_COLUMNS:
        raise DatasetError(
            f"{path}: a row has {width} cells, expected at most {MAXIMUM_COLUMNS}. "
            "Check that this is the right file."
        )
    if not text.strip():
        return []
    try:
        with warnings.catch_warnings():
            # It would drop cells beyond the width and only warn of it.
            warnings.simplefilter("error", pd.errors.ParserWarning)
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
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        reason = str(error).strip().splitlines()[-1]
        raise DatasetError(
            f"{path}: the sheet cannot be split into cells ({reason}). "
            "A quotation mark is probably not closed."
        ) from error
    rows: list[list[str]] = frame.fillna("").to_numpy(dtype=object).tolist()
    return rows
