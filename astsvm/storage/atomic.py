"""Files and folders that are there whole or not at all.

A file is written under a temporary name, flushed to the disk, and renamed; then the folder's entry
is flushed as well. A crash at any moment leaves the old file, or none, but never half of one.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from astsvm.errors import StorageError

__all__ = [
    "TEMPORARY_SUFFIX",
    "sync_file",
    "write_atomically",
    "write_bytes_atomically",
    "write_folder_atomically",
    "write_text_atomically",
]

TEMPORARY_SUFFIX = ".partial"
"""Ends the name of a file that is being written; one that is left over may be deleted."""


def write_atomically(
    path: Path, write: Callable[[Path], object], *, temporary_folder: Path | None = None
) -> None:
    """Let `write` fill a temporary file, then give it the name `path`.

    Parameters
    ----------
    path : Path
        The file to appear. A symbolic link is followed: the file it points to is replaced.
    write : callable
        Receives the path of the temporary file, which does not exist yet, and creates it. Its
        errors pass through, except for OSError; the temporary file is deleted then. Its result
        is not used.
    temporary_folder : Path, optional
        Where the temporary file lies until it is done, on the same file system as `path`;
        default: the folder of `path`.

    Raises
    ------
    StorageError
        If the system refuses to write, for example on a full disk.
    """
    target = Path(os.path.realpath(path))
    folder = target.parent if temporary_folder is None else temporary_folder
    temporary = folder / f".astsvm-{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
    try:
        write(temporary)
        sync_file(temporary)
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(
            f"{path}: the file cannot be written: {reason}. Nothing was changed; check that the "
            f"folder {target.parent} exists, may be written to, and has space left."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes_atomically(path: Path, data: bytes | memoryview) -> None:
    """Write `data` to `path`, whole or not at all; see :func:`write_atomically`."""

    def write(temporary: Path) -> None:
        with temporary.open("xb") as stream:
            stream.write(data)

    write_atomically(path, write)


def write_text_atomically(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all; see :func:`write_atomically`."""
    write_bytes_atomically(path, text.encode("utf-8"))


def write_folder_atomically(folder: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` fill a temporary folder, then give it the name `folder`.

    Parameters
    ----------
    folder : Path
        The folder to appear. An empty one of that name is replaced; any other is left alone.
    fill : callable
        Receives the path of an empty folder. Its errors pass through, except for OSError; the
        folder is deleted then.

    Raises
    ------
    StorageError
        If there is something at `folder` already, or the system refuses to write.
    """
    target = Path(os.path.realpath(folder))
    temporary = target.parent / f".astsvm-{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
    try:
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise StorageError(
                f"{folder}: there is something already, and it is not overwritten. Give another "
                "name, or delete it first."
            )
        temporary.mkdir()
        fill(temporary)
        for path in temporary.rglob("*"):
            if path.is_file():
                sync_file(path)
            else:
                _sync_folder(path)
        _sync_folder(temporary)
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(
            f"{folder}: the folder cannot be written: {reason}. Nothing was changed; check that "
            f"{target.parent} exists, may be written to, and has space left."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sync_file(path: Path) -> None:
    """Wait until the content of the file is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot flush a folder; the rename itself has happened.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
