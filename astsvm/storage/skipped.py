"""The table of clips and rows that were left out of a clip file, each with its reason."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from astsvm.datasets.contract import Problem
from astsvm.errors import StorageError

__all__ = ["SkippedClip", "printable_text", "read_skipped", "skipped_rows", "skipped_table"]

MAXIMUM_BYTES = 2**28
MAXIMUM_REASON = 2000


@dataclass(frozen=True, slots=True)
class SkippedClip:
    """A clip or row that was left out: its key if known, its file, its row, and the reason."""

    clip: str
    file: str
    row: int | None
    reason: str

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        clip = f", clip {self.clip}" if self.clip else ""
        return f"{self.file}{row}{clip}: {self.reason}"

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the fields by name, as JSON takes them."""
        return asdict(self)


def skipped_table(skipped: Sequence[SkippedClip]) -> npt.NDArray[np.void]:
    """Return the compound table of what was left out, with texts as wide as the longest."""
    texts = [(row.clip.encode(), row.file.encode(), row.reason.encode()) for row in skipped]
    widths = [max((len(row[i]) for row in texts), default=0) or 1 for i in range(3)]
    clip, file, reason = (h5py.string_dtype("utf-8", width) for width in widths)
    table = np.zeros(
        len(texts), dtype=[("clip", clip), ("file", file), ("row", "<i4"), ("reason", reason)]
    )
    for i, row in enumerate(skipped):
        table[i] = (texts[i][0], texts[i][1], -1 if row.row is None else row.row, texts[i][2])
    return table


def read_skipped(table: h5py.Group | h5py.Dataset) -> tuple[SkippedClip, ...]:
    """Return the rows of the table.

    Raises
    ------
    StorageError
        If it is no such table, kept in another file, or absurdly large.
    """
    if not isinstance(table, h5py.Dataset) or table.ndim != 1:
        raise StorageError(f"{table.name} must be a table of (clip, file, row, reason).")
    fields = table.dtype.fields or {}
    kinds = {name: field[0].kind for name, field in fields.items()}
    if kinds != {"clip": "S", "file": "S", "row": "i", "reason": "S"}:
        raise StorageError(f"{table.name} must be a table of (clip, file, row, reason).")
    size = Path(table.file.filename).stat().st_size
    if table.external or table.is_virtual or table.nbytes > min(size, MAXIMUM_BYTES):
        raise StorageError(f"{table.name} is not stored in this file, or is absurdly large.")
    rows = table[()]
    return tuple(
        SkippedClip(
            clip=row["clip"].decode(),
            file=row["file"].decode(),
            row=None if row["row"] < 0 else int(row["row"]),
            reason=row["reason"].decode(),
        )
        for row in rows
    )


def skipped_rows(root: Path, problems: Sequence[Problem]) -> list[SkippedClip]:
    """Return what was left out in text order, without the place where the dataset lies."""
    rows = [
        SkippedClip(
            # Names on the disk may hold what no text in the file can.
            clip=printable_text(problem.clip or ""),
            file=printable_text(os.path.relpath(problem.file, root)),
            row=problem.row,
            reason=_one_line(problem.reason.replace(f"{root}{os.sep}", "")),
        )
        for problem in problems
    ]
    return sorted(rows, key=lambda row: (row.clip, row.file, row.row or 0, row.reason))


def _one_line(text: str) -> str:
    return " ".join(printable_text(text).split())[:MAXIMUM_REASON]


def printable_text(text: str) -> str:
    """Return a text with blanks for what no text in the file can hold."""
    return "".join(c if c.isprintable() else " " for c in text)
