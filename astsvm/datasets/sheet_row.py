"""One row of a sheet: its cells stay text until somebody asks for a number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from astsvm.errors import DatasetError

__all__ = ["SheetRow"]

_LONGEST_NOTE = 500
_WHOLE_NUMBER = re.compile(r"([+-]?[0-9]{1,9})(?:\.0?)?")
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

    def note(self, column: str) -> str | None:
        """Return the cell in one line, for people to read; a line break in it is a blank."""
        cell = unicodedata.normalize("NFC", self.cells.get(column, ""))
        printable = "".join(c if c.isprintable() else " " for c in cell)
        return " ".join(printable.split())[:_LONGEST_NOTE] or None

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
