"""The log format of MEGC2019, in which predictions are handed in and compared.

A line ``database subject`` opens a subject; a line ``clip truth prediction`` follows for each of
its clips. White space and ``%`` inside a name are written as ``%20``, ``%25`` and so on (ours),
since spaces separate the fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from astsvm.errors import StorageError
from astsvm.evaluation.predictions import PredictionTable

__all__ = ["megc_log", "read_megc_log"]


def megc_log(table: PredictionTable, seed: int, head: str = "svm") -> str:
    """Return the log of one seed and one head.

    Parameters
    ----------
    table : PredictionTable
        Predictions of one or more seeds.
    seed : int
        The seed.
    head : {"svm", "softmax"}
        The classifier.
    """
    lines: list[str] = []
    current = ""
    for row in table.rows:
        if row.seed != seed:
            continue
        if row.subject_key != current:
            current = row.subject_key
            lines.append(f"{_without_space(row.database)} {_without_space(row.subject)}")
        lines.append(f"{_without_space(row.clip)} {row.truth} {row.predicted[head]}")
    return "".join(f"{line}\n" for line in lines)


def read_megc_log(text: str) -> Iterator[tuple[str, str, str, int, int]]:
    """Read a log of MEGC2019: yield (database, subject, clip, truth, prediction).

    Raises
    ------
    StorageError
        At a line that is neither ``database subject`` nor ``clip truth prediction``.
    """
    subject: tuple[str, str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if len(fields) == 2:
            subject = (unquote(fields[0]), unquote(fields[1]))
        elif len(fields) == 3 and subject and all(f.isascii() and f.isdigit() for f in fields[1:]):
            yield *subject, unquote(fields[0]), int(fields[1]), int(fields[2])
        elif fields:
            raise StorageError(
                f"log line {number}: expected 'database subject' or, below one, "
                f"'clip truth prediction', received {line!r}."
            )


def _without_space(name: str) -> str:
    """Write white space and % of a name as the UTF-8 bytes' hexadecimal numbers."""
    return re.sub(
        r"[\s%]", lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), name
    )
