"""What a clip was made of: the SHA-256 of its video, or of the frames that it takes of a folder."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from functools import lru_cache
from pathlib import Path

from astsvm.datasets.frame_folder import frame_names
from astsvm.errors import FrameReadError

__all__ = ["digest_beforehand", "source_digest", "unchanged_digest"]

_SETTLED_SECONDS = 2.0
"""The coarsest time stamps of file systems: a younger file may change and keep its stamp."""


def source_digest(source: Path, onset: int | None = None, offset: int | None = None) -> str:
    """Return the digest of the files that a clip is read from.

    Parameters
    ----------
    source : Path
        As :func:`astsvm.preprocessing.frames.iter_frames` takes it.
    onset, offset : int or None
        0-based positions of the clip in a folder, both included. A video counts as a whole.

    Returns
    -------
    str
        64 hexadecimal digits. Of a file its SHA-256; of a folder the SHA-256 of what `sha256sum`
        prints for the frames from onset to offset in their order: digest, two blanks, name, line
        break.

    Raises
    ------
    FrameReadError
        If a file is missing or cannot be read.
    """
    try:
        if not source.is_dir():
            return _file_digest(source)
        listing = hashlib.sha256()
        for name in frame_names(source)[onset or 0 : None if offset is None else offset + 1]:
            listing.update(f"{_file_digest(source / name)}  ".encode() + os.fsencode(name) + b"\n")
        return listing.hexdigest()
    except OSError as error:
        raise FrameReadError(
            f"{error.filename or source}: cannot be read: {error.strerror}. Check the path and its "
            "rights."
        ) from error


def unchanged_digest(
    source: Path, before: str | None, onset: int | None = None, offset: int | None = None
) -> str:
    """Return the digest of what was read, having made sure that it is that of the files read.

    Parameters
    ----------
    source, onset, offset
        As for :func:`source_digest`.
    before : str or None
        The digest before the source was read; None if there was none to be had.

    Raises
    ------
    FrameReadError
        If the digest is another one now.
    """
    after = source_digest(source, onset, offset)
    if after != before:
        raise FrameReadError(
            f"{source}: changed while it was read, so that its features may be of neither state. "
            "Wait until it is copied or written, and process it again."
        )
    return after


def digest_beforehand(
    source: Path, onset: int | None = None, offset: int | None = None
) -> str | None:
    """Return the digest, or None if the files cannot be read: who decodes them says that better."""
    try:
        return source_digest(source, onset, offset)
    except FrameReadError:
        return None


def _file_digest(path: Path) -> str:
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        # A pipe would be waited for without end.
        raise FrameReadError(f"{path}: expected a regular file. Check the path.")
    identity = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    age = time.time() - max(state.st_mtime, state.st_ctime)
    if age < _SETTLED_SECONDS:
        return _read_digest(path)
    return _digest_of_state(path, identity)


@lru_cache(maxsize=64)
def _digest_of_state(path: Path, identity: tuple[int, ...]) -> str:
    """Read a file once, though many clips may lie in one long video.

    Nobody can set back the time of a file's last change, which is part of its identity.
    """
    return _read_digest(path)


def _read_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
