"""The bytes of a sheet, whatever its kind."""

from __future__ import annotations

from pathlib import Path

from astsvm.errors import DatasetError

__all__ = ["MAXIMUM_BYTES", "read_sheet_bytes"]

MAXIMUM_BYTES = 16 * 2**20


def read_sheet_bytes(path: Path, expected: str) -> bytes:
    """Read the file; `expected` is what a right sheet looks like, for messages.

    Raises
    ------
    DatasetError
        If it is missing, cannot be read, or is larger than 16 MiB.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: there is no such file. {expected}")
    try:
        with path.open("rb") as stream:
            data = stream.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise DatasetError(f"{path}: the sheet cannot be read: {error.strerror}.") from error
    if len(data) > MAXIMUM_BYTES:
        raise DatasetError(
            f"{path}: the sheet is larger than {MAXIMUM_BYTES // 2**20} MiB, which no annotation "
            "sheet is. Check that this is the right file."
        )
    return data
