"""Keeping a second process out of a folder while one writes there."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from pathlib import Path

from astsvm.errors import StorageError

__all__ = ["lock_holder", "take_lock"]

_OURS = b"process "
_LONGEST = 300
_LOOK_SECONDS = 0.005


def take_lock(path: Path) -> int:
    """Lock a file, which is made if it is not there, until its descriptor is closed.

    The system lets go of the lock when the process ends, however it ends.

    Parameters
    ----------
    path : Path
        The lock file. Who holds the lock may delete it before closing the descriptor.

    Returns
    -------
    int
        The descriptor to close.

    Raises
    ------
    StorageError
        If another process holds the lock; the message names its process number and machine. Also
        if the file is somebody else's, by its content.
    OSError
        If the file cannot be made, or is a link.
    """
    while True:
        flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The holder before may have deleted the file that was opened here.
            if _is_still(path, descriptor):
                _require_ours(path, descriptor)
                os.ftruncate(descriptor, 0)
                os.pwrite(
                    descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0
                )
                return descriptor
        except BlockingIOError:
            held, holder = not _is_shareable(descriptor), _named(descriptor)
            os.close(descriptor)
            if held:
                raise StorageError(
                    f"{path.parent}: {holder} is writing here now. Wait until it is done."
                ) from None
            time.sleep(_LOOK_SECONDS)
            continue
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def lock_holder(path: Path) -> str | None:
    """Name the process that holds a lock, None if nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _named(descriptor)
    finally:
        os.close(descriptor)
    return None


def _is_shareable(descriptor: int) -> bool:
    """Tell whether nobody writes: whoever asks who holds a lock shares it for a moment."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _named(descriptor: int) -> str:
    return os.pread(descriptor, _LONGEST, 0).decode(errors="replace") or "another process"


def _require_ours(path: Path, descriptor: int) -> None:
    content = os.pread(descriptor, _LONGEST, 0)
    # On a full disk it may have been cut short.
    if not content.startswith(_OURS[: len(content)]):
        raise StorageError(
            f"{path}: expected a lock of astsvm, but this file holds something else. Move it away."
        )


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
