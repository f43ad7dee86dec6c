"""Spreadsheets that are equal byte for byte when their cells are, formulas with values included."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

__all__ = ["Formula", "duration", "workbook_bytes"]

# Spreadsheet programs cannot show a date before 1980, and zip archives cannot hold one.
_WHEN = datetime(2000, 1, 1)  # openpyxl takes times without a zone
_AUTHOR = "astsvm synth"
_PROPERTIES = "docProps/core.xml"
_FORMULA = re.compile(rb'(<c r="([A-Z]+[0-9]+)"[^>]*><f>[^<]*</f>)<v(?: ?/>|></v>)')


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that is computed, with the value that a spreadsheet program stored with it."""

    text: str
    value: int


def duration(text: str, onset: str | int | None, offset: str | int | None) -> Formula:
    """Return the formula `text` for the number of frames, both ends included."""
    return Formula(text, int(offset or 0) - int(onset or 0) + 1)


def workbook_bytes(
    worksheets: Mapping[str, Sequence[Sequence[str | int | Formula | None]]], title: str
) -> bytes:
    """Return an .xlsx file.

    Parameters
    ----------
    worksheets : mapping of str to rows of cells
        In the order of their tabs; a worksheet may be empty.
    title : str
        Title of the document.

    Returns
    -------
    bytes
        Without the time of writing: equal cells give equal bytes.
    """
    import openpyxl
    from openpyxl.xml.functions import tostring

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    values: dict[str, dict[bytes, int]] = {}
    for number, (name, rows) in enumerate(worksheets.items(), start=1):
        sheet = book.create_sheet(name)
        stored = values.setdefault(f"xl/worksheets/sheet{number}.xml", {})
        for y, row in enumerate(rows, start=1):
            for x, cell in enumerate(row, start=1):
                if cell is None:
                    continue
                written = sheet.cell(y, x)
                written.value = cell.text if isinstance(cell, Formula) else cell
                if isinstance(cell, Formula):
                    stored[written.coordinate.encode("ascii")] = cell.value
    packed = BytesIO()
    book.save(packed)
    book.properties.title, book.properties.creator = title, _AUTHOR
    book.properties.created = book.properties.modified = _WHEN
    return _repacked(packed.getvalue(), values, tostring(book.properties.to_tree()))


def _repacked(data: bytes, values: Mapping[str, Mapping[bytes, int]], properties: bytes) -> bytes:
    """Pack the archive anew with fixed times, and store the values that openpyxl leaves out."""
    repacked = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(data)) as old,
        zipfile.ZipFile(repacked, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = properties if name == _PROPERTIES else old.read(name)
            content = _with_values(content, values.get(name, {}))
            entry = zipfile.ZipInfo(name, _WHEN.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return repacked.getvalue()


def _with_values(content: bytes, stored: Mapping[bytes, int]) -> bytes:
    if not stored:
        return content

    def with_value(match: re.Match[bytes]) -> bytes:
        return match[1] + b"<v>%d</v>" % stored[match[2]]

    content, count = _FORMULA.subn(with_value, content)
    if count != len(stored):
        raise RuntimeError(f"expected {len(stored)} formulas in the worksheet, found {count}")
    return content
