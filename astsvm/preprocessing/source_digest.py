"""What a clip was made of: the SHA-256 of its video, or of the frames that it takes of a folder."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from astsvm.datasets.frame_folder import frame_names
from astsvm.errors import FrameReadError

__all__ = ["source_digest"]


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


def _file_digest(path: Path) -> str:
    state = path.stat()
    return _digest_of_state(path, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest_of_state(path: Path, inode: int, size: int, changed: int) -> str:
    """Read a file once, though many clips may lie in one long video."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
