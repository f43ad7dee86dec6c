"""What the inner split of every fold chose, as a table for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astsvm.evaluation.fold import FoldResult

__all__ = ["choices_csv", "read_choices"]

_COLUMNS = ("seed", "database", "subject", "epochs", "svm_c", "gamma_factor")


def choices_csv(results: Iterable[FoldResult]) -> str:
    """Return the text of ``choices.csv``: one row a fold, or nothing where nothing was chosen.

    Parameters
    ----------
    results : iterable of FoldResult
        Folds in any order.
    """
    rows = []
    for result in results:
        if result.chosen:
            database, subject = result.subject.split("/")
            rows.append([result.seed, database, subject, *(result.chosen[c] for c in _COLUMNS[3:])])
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_COLUMNS, *sorted(rows, key=lambda row: row[:3])])
    return text.getvalue()


def read_choices(text: str) -> list[dict[str, str]]:
    """Read what :func:`choices_csv` wrote, one row a fold."""
    return list(csv.DictReader(io.StringIO(text, newline="")))
