"""Finished clips before the clip file is put together: one small file each.

A run of hours must survive a crash. Every finished clip is written at once as ``000012.h5``, every
failed one as ``000012.json`` with the reason; both appear whole or not at all. A part holds the
entry of :mod:`astsvm.storage.schema` in the group ``clip``, and is only believed if its checksum
holds. It is built in memory, so that a full disk is met by a plain write that reports it. A part
names its run: a worker that outlives a killed run may write into the folder of the next one.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import h5py

from astsvm.errors import StorageError
from astsvm.storage.atomic import TEMPORARY_SUFFIX, write_bytes_atomically, write_text_atomically
from astsvm.storage.entry import (
    Entry,
    canonical_json,
    locate_entry,
    verify_entry,
    write_attributes,
    write_entry,
)
from astsvm.storage.inspection import Attribute, child, open_guarded, read_attributes

__all__ = [
    "MANIFEST",
    "count_parts",
    "foreign_files",
    "holds_results",
    "part_is_valid",
    "read_failure",
    "read_part",
    "remove_parts",
    "valid_attributes",
    "write_failure",
    "write_part",
]

MANIFEST = "settings.json"
LOCK = "lock"
PART_FORMAT = "astsvm-part"
PART_VERSION = 2
CLIP = "clip"
RUN = "run"

_LAST = {MANIFEST: 1, LOCK: 2}
_PART_NAME = re.compile(r"[0-9]{6}\.(h5|json)")


def write_part(folder: Path, index: int, entry: Entry, run: str | None = None) -> None:
    """Write a finished clip, and forget that it failed before.

    Parameters
    ----------
    folder : Path
        The parts folder.
    index : int
        Position of the clip in the dataset.
    entry : Entry
        What is stored of the clip.
    run : str, optional
        By what the parts of this run are told from those of another.

    Raises
    ------
    StorageError
        If the part cannot be written.
    """
    with h5py.File.in_memory() as file:
        mark = {} if run is None else {RUN: run}
        write_attributes(file, {"format": PART_FORMAT, "format-version": PART_VERSION, **mark})
        write_entry(file.create_group(CLIP), entry)
        file.flush()
        image = file.id.get_file_image()
    write_bytes_atomically(_part(folder, index), image)
    _failure(folder, index).unlink(missing_ok=True)


def write_failure(folder: Path, index: int, reason: str) -> None:
    """Write why a clip could not be processed."""
    # File names that are no UTF-8 reach Python as lone surrogates, which JSON cannot hold.
    reason = reason.encode("utf-8", "replace").decode()
    write_text_atomically(_failure(folder, index), canonical_json({"reason": reason}))


def read_part(folder: Path, index: int, run: str | None = None) -> Entry:
    """Read a finished clip.

    Raises
    ------
    StorageError
        If the part is missing, cut, foreign, of another run than `run`, or fails its checksum.
    """
    path = _part(folder, index)
    with open_guarded(path) as file:
        expected = {"format": PART_FORMAT, "format-version": PART_VERSION}
        found = read_attributes(file)
        made_in = found.pop(RUN, None)
        if found != expected:
            raise StorageError("this is no part of a clip file of this version.")
        if run is not None and made_in != run:
            raise StorageError("this part was made in another run.")
        place = locate_entry(child(file, CLIP))
        with path.open("rb", buffering=0) as stream:
            return verify_entry(stream.fileno(), place)


def part_is_valid(folder: Path, index: int, key: str, run: str | None = None) -> bool:
    """Tell whether the part is there, whole, and of the clip with this key."""
    return valid_attributes(folder, index, key, run) is not None


def valid_attributes(
    folder: Path, index: int, key: str, run: str | None = None
) -> dict[str, Attribute] | None:
    """Return the attributes of a part if it is there, whole, and of the clip with this key."""
    if not _part(folder, index).exists():
        return None
    try:
        attributes = read_part(folder, index, run).attributes
    except StorageError:
        return None
    found = "/".join(str(attributes[name]) for name in ("database", "subject", "clip"))
    return attributes if found == key else None


def read_failure(folder: Path, index: int) -> str | None:
    """Return the recorded reason why a clip failed, or None if none is recorded.

    Raises
    ------
    StorageError
        If the record cannot be read.
    """
    path = _failure(folder, index)
    if not path.exists():
        return None
    try:
        reason = json.loads(path.read_text(encoding="utf-8"))["reason"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise StorageError(f"{path}: the record of a failed clip is damaged; delete it.") from error
    return str(reason)


def part_bytes(folder: Path, index: int) -> int:
    """Return the size of a part in bytes."""
    return _part(folder, index).stat().st_size


def foreign_files(folder: Path) -> tuple[str, ...]:
    """Return the names in the folder that this module and its manifest do not write."""
    names = sorted(item.name for item in folder.iterdir())
    return tuple(name for name in names if not _is_ours(name))


def holds_results(folder: Path) -> bool:
    """Tell whether a finished or a failed clip is recorded in the folder, of whatever run."""
    return any(_PART_NAME.fullmatch(item.name) for item in folder.iterdir())


def count_parts(folder: Path) -> int:
    """Count the finished clips in the folder, whether they can be believed or not."""
    return sum(_PART_NAME.fullmatch(item.name) is not None for item in folder.glob("*.h5"))


def remove_parts(folder: Path) -> None:
    """Delete the parts folder; what somebody else has put into it stays, and the folder too.

    What tells whose the parts are goes after them, and the lock last.
    """
    for item in sorted(folder.iterdir(), key=lambda item: (_LAST.get(item.name, 0), item.name)):
        if _is_ours(item.name):
            item.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def _is_ours(name: str) -> bool:
    return (
        name in (MANIFEST, LOCK)
        or name.endswith(TEMPORARY_SUFFIX)
        or _PART_NAME.fullmatch(name) is not None
    )


def _part(folder: Path, index: int) -> Path:
    return folder / f"{index:06d}.h5"


def _failure(folder: Path, index: int) -> Path:
    return folder / f"{index:06d}.json"
