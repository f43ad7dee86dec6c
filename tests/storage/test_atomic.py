from __future__ import annotations

import os
import resource
import stat
from pathlib import Path

import pytest

from astsvm.errors import StorageError
from astsvm.storage.atomic import (
    write_atomically,
    write_bytes_atomically,
    write_folder_atomically,
    write_text_atomically,
)


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_a_file_appears_with_its_content_and_nothing_else(tmp_path: Path) -> None:
    write_bytes_atomically(tmp_path / "a", b"one")
    write_text_atomically(tmp_path / "b", "zwölf")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert (tmp_path / "b").read_bytes() == "zwölf".encode()
    assert names(tmp_path) == ["a", "b"]


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_bytes_atomically(tmp_path / "a", b"")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


class Interrupted(BaseException):
    pass


@pytest.mark.parametrize("error", [ValueError, Interrupted, KeyboardInterrupt])
def test_a_failing_writer_leaves_the_old_file_and_no_other(
    tmp_path: Path, error: type[BaseException]
) -> None:
    (tmp_path / "a").write_text("old")

    def fail(temporary: Path) -> None:
        assert temporary.parent == tmp_path
        temporary.write_text("half")
        assert (tmp_path / "a").read_text() == "old"
        raise error

    with pytest.raises(error):
        write_atomically(tmp_path / "a", fail)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_what_is_on_the_disk_is_flushed_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def record_fsync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        events.append(f"flush {kind}")
        fsync(descriptor)

    def record_replace(self: Path, target: Path) -> Path:
        events.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(Path, "replace", record_replace)
    write_bytes_atomically(tmp_path / "a", b"x")
    assert events == ["flush file", "rename", "flush folder"]


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(StorageError, match="cannot be written: File too large"):
            write_bytes_atomically(tmp_path / "a", bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"No such file or directory.*folder"):
        write_bytes_atomically(tmp_path / "missing" / "a", b"")


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "a")
    write_bytes_atomically(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a").read_bytes() == b"x"


def test_the_temporary_file_may_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    seen: list[Path] = []

    def write(temporary: Path) -> None:
        seen.append(temporary.parent)
        temporary.write_text("x")

    write_atomically(tmp_path / "a", write, temporary_folder=tmp_path / "work")
    assert seen == [tmp_path / "work"]
    assert names(tmp_path) == ["a", "work"]
    assert names(tmp_path / "work") == []


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "deep").mkdir()
        (folder / "deep" / "a").write_text("x")
        assert names(tmp_path) == [folder.name]

    write_folder_atomically(tmp_path / "model", fill)
    assert (tmp_path / "model" / "deep" / "a").read_text() == "x"

    def fail(folder: Path) -> None:
        (folder / "a").write_text("x")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_folder_atomically(tmp_path / "other", fail)
    assert names(tmp_path) == ["model"]


def test_a_folder_that_holds_something_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_folder_atomically(tmp_path / "empty", lambda folder: (folder / "a").write_text("x"))
    assert (tmp_path / "empty" / "a").exists()
    (tmp_path / "file").write_text("mine")
    for name in ("empty", "file"):
        with pytest.raises(StorageError, match="there is something already"):
            write_folder_atomically(tmp_path / name, lambda folder: None)
    with pytest.raises(StorageError, match="No such file"):
        write_folder_atomically(tmp_path / "none" / "a", lambda folder: None)
    assert names(tmp_path) == ["empty", "file"]
