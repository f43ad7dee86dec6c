"""Sheets that list macro-expressions beside micro-expressions."""

from __future__ import annotations

from dataclasses import replace

from astsvm.datasets.sheet import Sheet, SheetRow
from astsvm.errors import DatasetError

__all__ = ["require_micro_expression", "without_macro_expressions"]

COLUMN = "expression type"


def without_macro_expressions(sheet: Sheet) -> Sheet:
    """Leave out the rows whose ``expression type`` begins with ``macro``; they are no fault."""
    rows = (row for row in sheet.rows if not _kind_of(row).startswith("macro"))
    return replace(sheet, rows=tuple(rows))


def require_micro_expression(row: SheetRow) -> None:
    """Refuse a row whose type is neither micro nor macro.

    A sheet without the column holds micro-expressions only.

    Raises
    ------
    DatasetError
        If the type is there and does not begin with ``micro``.
    """
    if COLUMN in row.cells and not _kind_of(row).startswith("micro"):
        raise DatasetError(
            "the expression type must be micro-expression or macro-expression, received "
            f"{_kind_of(row)[:60]!r}. Correct the cell."
        )


def _kind_of(row: SheetRow) -> str:
    return row.cells.get(COLUMN, "").strip().casefold()
