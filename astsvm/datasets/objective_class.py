"""Objective classes: classes of action units instead of emotions.

Davison, Merghani and Yap, "Objective classes for micro-facial expression recognition", J. Imaging
2018, doi 10.3390/jimaging4100119. Sheets write them as 1 to 7 or I to VII.
"""

from __future__ import annotations

from astsvm.clip import OBJECTIVE_CLASSES
from astsvm.errors import DatasetError

__all__ = ["OBJECTIVE_CLASSES", "roman_class"]


def roman_class(cell: str | None) -> str:
    """Return ``"I"`` to ``"VII"``, or an empty text for an empty cell.

    Raises
    ------
    DatasetError
        If the cell holds anything else.
    """
    if cell is None:
        return ""
    cell = cell.removesuffix(".0")
    if cell.upper() in OBJECTIVE_CLASSES:
        return cell.upper()
    if cell.isascii() and cell.isdigit() and 1 <= int(cell) <= len(OBJECTIVE_CLASSES):
        return OBJECTIVE_CLASSES[int(cell) - 1]
    raise DatasetError(
        f"the objective class must be I to VII or 1 to 7, received {cell[:60]!r}. Correct the cell."
    )
