"""Opening clip files together: what they have to agree in, and the order of their clips."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy.typing as npt

from astsvm.errors import StorageError
from astsvm.storage.differences import describe_differences
from astsvm.storage.entry import ClipRecord, EntryPlace, canonical_json
from astsvm.storage.inspection import read_into
from astsvm.storage.schema import FileIndex, read_index

__all__ = ["OpenedFiles", "close_files", "open_files"]


@dataclass(frozen=True, slots=True)
class OpenedFiles:
    """Clip files while they are open; entries name the file by number and are ordered by clip."""

    indexes: tuple[FileIndex, ...]
    descriptors: tuple[int, ...]
    entries: tuple[tuple[int, EntryPlace], ...]
    records: tuple[ClipRecord, ...]
    digest: str

    def read_into(self, position: int, name: str, array: npt.NDArray[Any]) -> None:
        """Fill `array` with the array `name` of the clip at `position`.

        Raises
        ------
        StorageError
            If the file was cut since it was opened, or the disk fails.
        """
        file, entry = self.entries[position]
        try:
            read_into(self.descriptors[file], entry.arrays[name].offset, array)
        except (StorageError, OSError) as error:
            raise StorageError(
                f"{self.indexes[file].path}: {name} of clip {entry.record.key} cannot be read: "
                f"{error}"
            ) from error


def open_files(paths: Sequence[Path], expected_digest: str | None) -> OpenedFiles:
    """Check the files, one by one and against each other, and open them.

    Raises
    ------
    StorageError
        If a file is no sound clip file, files do not fit together, a clip comes twice, or the
        clips are not those of `expected_digest`.
    """
    indexes = tuple(read_index(path) for path in paths)
    _check_agreement(indexes)
    entries = sorted(
        ((file, entry) for file, index in enumerate(indexes) for entry in index.entries),
        key=lambda pair: (pair[1].record.database, pair[1].record.subject, pair[1].record.clip),
    )
    records = tuple(entry.record for _, entry in entries)
    names = ", ".join(str(path) for path in paths)
    for one, other in pairwise(records):
        if one.key == other.key:
            raise StorageError(
                f"clip {one.key} comes twice in {names}; expected every clip once. "
                "Leave one of the files out."
            )
    digest = _collection_digest(records)
    if expected_digest not in (None, digest):
        raise StorageError(
            f"{names}: the clips have changed since this collection was made. "
            "Start again with the present files."
        )
    return OpenedFiles(indexes, _open_descriptors(indexes), tuple(entries), records, digest)


def close_files(descriptors: Sequence[int]) -> None:
    """Close what :func:`open_files` opened."""
    for descriptor in descriptors:
        os.close(descriptor)


def _open_descriptors(indexes: Sequence[FileIndex]) -> tuple[int, ...]:
    descriptors: list[int] = []
    try:
        for index in indexes:
            descriptors.append(os.open(index.path, os.O_RDONLY | os.O_CLOEXEC))
            if os.fstat(descriptors[-1]).st_ino != index.inode:
                raise StorageError(f"{index.path}: the file was replaced while it was opened.")
    except OSError as error:
        close_files(descriptors)
        raise StorageError(f"{index.path}: cannot be opened: {error.strerror}.") from error
    except StorageError:
        close_files(descriptors)
        raise
    return tuple(descriptors)


def _check_agreement(indexes: Sequence[FileIndex]) -> None:
    """Refuse to mix features that were made in different ways."""
    first = indexes[0]
    for index in indexes[1:]:
        for what, one, other in (
            ("settings", first.settings, index.settings),
            ("streams", first.streams, index.streams),
        ):
            if differences := describe_differences(one, other):
                raise StorageError(
                    f"{first.path} and {index.path} differ in their {what} ({differences}); "
                    "expected files that were preprocessed alike. Preprocess one of them again."
                )


def _collection_digest(records: Sequence[ClipRecord]) -> str:
    lines = sorted(canonical_json([record.key, record.label, record.sha256]) for record in records)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
