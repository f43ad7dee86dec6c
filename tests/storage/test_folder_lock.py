"""A folder is written by one process at a time."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from astsvm.errors import StorageError
from astsvm.storage.folder_lock import lock_holder, take_lock

HOLD = """
import sys, time
from pathlib import Path
from astsvm.storage.folder_lock import take_lock
descriptor = take_lock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_the_holder_is_named_until_it_lets_go(tmp_path: Path) -> None:
    descriptor = take_lock(tmp_path / "lock")
    with pytest.raises(StorageError, match=f"{tmp_path}: process {os.getpid()} on "):
        take_lock(tmp_path / "lock")
    os.close(descriptor)
    os.close(take_lock(tmp_path / "lock"))


def test_who_only_asks_for_the_holder_keeps_nobody_out(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    os.close(take_lock(lock))  # Names this process, which holds it no more.
    asking = os.open(lock, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    threading.Timer(0.1, os.close, [asking]).start()
    descriptor = take_lock(lock)
    assert lock_holder(lock) == lock.read_text()
    os.close(descriptor)
    assert lock_holder(lock) is None


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StorageError, match=f"process {holder.pid} on "):
            take_lock(lock)
        holder.kill()
    os.close(take_lock(lock))


def test_a_lock_file_that_is_deleted_before_it_is_locked_locks_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "lock"
    flock = fcntl.flock

    def lock_what_was_deleted(descriptor: int, flags: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        lock.unlink()
        flock(descriptor, flags)

    monkeypatch.setattr(fcntl, "flock", lock_what_was_deleted)
    descriptor = take_lock(lock)
    assert os.path.samestat(os.fstat(descriptor), lock.stat())
    with pytest.raises(StorageError):
        take_lock(lock)
    os.close(descriptor)


def test_a_strangers_file_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("precious")
    (tmp_path / "link").symlink_to("lock")
    with pytest.raises(StorageError, match="holds something else"):
        take_lock(tmp_path / "lock")
    with pytest.raises(OSError, match="symbolic links"):
        take_lock(tmp_path / "link")
    assert (tmp_path / "lock").read_text() == "precious"
