"""Reading and writing the text of a run's files, with errors that name the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from astsvm.errors import StorageError

__all__ = ["as_pretty_json", "read_json_object", "read_run_text"]


def read_run_text(path: Path) -> str:
    """Read a file of a run.

    Raises
    ------
    StorageError
        If it is missing, cannot be read, or is no UTF-8 text.
    """
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise StorageError(
            f"{path} cannot be read: {reason}. Expected the folder of a run that "
            "`astsvm train --loso -o` wrote."
        ) from error


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a file of a run that holds a JSON object.

    Raises
    ------
    StorageError
        As :func:`read_run_text`, or if it holds anything else.
    """
    try:
        value = json.loads(read_run_text(path))
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path} is damaged: {error}.") from error
    if not isinstance(value, dict):
        raise StorageError(f"{path} is damaged: expected a JSON object.")
    return value


def as_pretty_json(value: dict[str, Any]) -> str:
    """Return JSON to look at; equal values give equal text."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
