"""Putting a clip file together from finished clips."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py

from astsvm.errors import StorageError
from astsvm.storage.atomic import write_atomically
from astsvm.storage.entry import STREAMS, Entry, canonical_json, write_attributes, write_entry
from astsvm.storage.inspection import Attribute
from astsvm.storage.schema import (
    CLIPS,
    FORMAT,
    FORMAT_VERSION,
    SKIPPED,
    file_digest,
    validate,
)
from astsvm.storage.skipped import SkippedClip, skipped_table

__all__ = ["write_clip_file"]

_SPARE_BYTES = 2**22


def write_clip_file(
    path: Path,
    entries: Iterable[Entry],
    *,
    skipped: Sequence[SkippedClip],
    dataset: str,
    synthetic: bool,
    settings: Mapping[str, Any],
    versions: Mapping[str, str],
    expected_bytes: int = 0,
    temporary_folder: Path | None = None,
) -> None:
    """Write a clip file; it appears under its name when every checksum in it has been checked.

    Parameters
    ----------
    path : Path
        The file to write; an existing one is replaced.
    entries : iterable of Entry
        The clips in the order to store, taken one at a time.
    skipped : sequence of SkippedClip
        What was left out.
    dataset, synthetic, settings, versions
        Root attributes, see :mod:`astsvm.storage.schema`.
    expected_bytes : int
        About how large the file gets; checked against the free space beforehand, since HDF5
        meets a full disk badly.
    temporary_folder : Path, optional
        Where the file is written before it is renamed.

    Raises
    ------
    StorageError
        If the clips differ in their streams, or the file cannot be written.
    """
    folder = path.parent if temporary_folder is None else temporary_folder
    free = shutil.disk_usage(folder).free
    if free < expected_bytes + _SPARE_BYTES:
        raise StorageError(
            f"{path}: about {expected_bytes / 2**20:.0f} MiB are needed, but only "
            f"{free / 2**20:.0f} MiB are free. Make room and go on with --resume."
        )
    attributes: dict[str, Attribute] = {
        "format": FORMAT,
        "format-version": FORMAT_VERSION,
        "generated-by": f"astsvm {version('astsvm')}",
        "dataset": dataset,
        "synthetic": int(synthetic),
        "settings": canonical_json(dict(settings)),
        "versions": canonical_json(dict(versions)),
    }

    def write(temporary: Path) -> None:
        try:
            with h5py.File(temporary, "x", libver="earliest") as file:
                clips = _write_clips(file.create_group(CLIPS), entries)
                file.create_dataset(SKIPPED, data=skipped_table(skipped), track_times=False)
                attributes["sha256"] = file_digest(attributes, clips, skipped)
                write_attributes(file, attributes)
        except RuntimeError as error:
            # HDF5 says so, and not by an OSError, when the disk is full.
            raise OSError(errno.EIO, str(error)) from error
        validate(temporary, deep=True)

    write_atomically(path, write, temporary_folder=temporary_folder)


def _write_clips(group: h5py.Group, entries: Iterable[Entry]) -> list[dict[str, Attribute]]:
    written: list[dict[str, Attribute]] = []
    first: tuple[str, dict[str, tuple[int, ...]]] | None = None
    for index, entry in enumerate(entries):
        key = "/".join(str(entry.attributes[name]) for name in ("database", "subject", "clip"))
        shapes = {
            name: array.shape
            for name, array in sorted(entry.arrays.items())
            if name.startswith(STREAMS)
        }
        first = first or (key, shapes)
        if shapes != first[1]:
            raise StorageError(
                f"clip {key} has streams {shapes}, but clip {first[0]} has {first[1]}; one file "
                "holds clips of one kind only. Preprocess them into separate files."
            )
        write_entry(group.create_group(f"{index:06d}"), entry)
        written.append(entry.attributes)
    return written
