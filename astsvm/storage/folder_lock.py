"""Keeping a second process out of a folder while one writes there."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

from astsvm.errors import StorageError

__all__ = ["take_lock"]


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
        If another process holds the lock; the message names its process number and machine.
    OSError
        If the file cannot be made.
    """
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The holder before may have deleted the file that was opened here.
            if _is_still(path, descriptor):
                os.ftruncate(descriptor, 0)
                os.pwrite(
                    descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0
                )
                return descriptor
        except BlockingIOError:
            holder = os.pread(descriptor, 300, 0).decode(errors="replace") or "another process"
            os.close(descriptor)
            raise StorageError(
                f"{path.parent}: {holder} is writing here now. Wait until it is done."
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
