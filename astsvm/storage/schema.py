"""The clip file, format ``astsvm-clips`` version 1, and the check that a file is one.

The file is HDF5, written with the oldest file layout that holds it, so that any HDF5 reads it.

===================================  ==============================================================
object                               content
===================================  ==============================================================
``/`` attributes
``format``                           text, ``astsvm-clips``
``format-version``                   int64, 1
``generated-by``                     text, program and version
``dataset``                          text, name of the loader
``synthetic``                        int64, 1 if the clips were drawn by the generator, else 0
``settings``                         text, canonical JSON of what turned frames into features
``versions``                         text, canonical JSON, library -> version
``sha256``                           text, over all other attributes of ``/``, the attributes of
                                     all clips in order (their checksums among them), and the
                                     rows of ``skipped``
``clips/000000`` ...                 one group a clip, in text order of (database, subject, clip)
.. attributes
.. ``database subject clip label``   text
.. ``onset apex offset``             int64, 0-based frame positions; absent where unknown
.. ``fps``                           float64; absent where unknown
.. ``objective_class``               text, ``I`` to ``VII``; absent where the database does not tell
.. ``source``                        text, path relative to the dataset's folder
.. ``notes``                         text, JSON list of what the loader corrected or assumed
.. ``sha256``                        text, over all other attributes and all arrays of the clip
.. arrays
.. ``streams/NAME``                  float16 (T, H, W, C), finite; the same names and shapes in
                                     every clip
.. ``frames``                        uint8 (n, H, W), aligned frames to look at; optional
.. ``landmarks``                     float32 (points, 2), x and y in source pixels; optional
.. ``transform``                     float64 (2, 3), source pixels -> aligned frame; optional
``skipped``                          compound (clip, file, row, reason), one row for each clip or
                                     row of the sheet that was left out; row -1 means none
===================================  ==============================================================

All arrays are little-endian, contiguous and unfiltered; all texts UTF-8 of fixed length. There are
only hard links, and nothing but what the table names. Equal input gives equal bytes: no time, path
or host name is stored.

Reading: a version above 1 is refused, with the advice to update astsvm.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import h5py

from astsvm.errors import StorageError
from astsvm.storage.entry import EntryPlace, canonical_json, locate_entry, verify_entry
from astsvm.storage.inspection import (
    Attribute,
    child,
    child_names,
    has_signature,
    open_guarded,
    read_attributes,
)
from astsvm.storage.skipped import SkippedClip, read_skipped

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "FileIndex",
    "file_digest",
    "is_clip_file",
    "read_index",
    "validate",
]

FORMAT = "astsvm-clips"
FORMAT_VERSION = 1
CLIPS = "clips"
SKIPPED = "skipped"

_ROOT_TEXTS = ("format", "generated-by", "dataset", "settings", "versions", "sha256")
_ROOT_NUMBERS = ("format-version", "synthetic")


@dataclass(frozen=True, slots=True)
class FileIndex:
    """Everything of a clip file but its arrays."""

    path: Path
    inode: int
    dataset: str
    synthetic: bool
    settings: dict[str, Any]
    versions: dict[str, str]
    generated_by: str
    entries: tuple[EntryPlace, ...]
    skipped: tuple[SkippedClip, ...]

    @property
    def streams(self) -> dict[str, tuple[int, ...]]:
        """Shape (T, H, W, C) of each stream, the same in every clip; empty without any clip."""
        return {
            name: place.shape for entry in self.entries[:1] for name, place in entry.streams.items()
        }


def is_clip_file(path: Path | str) -> bool:
    """Tell cheaply whether a file claims to be a clip file, of any version; never raises."""
    path = Path(path)
    try:
        if not path.is_file() or not has_signature(path):
            return False
        with open_guarded(path) as file:
            return read_attributes(file).get("format") == FORMAT
    except (StorageError, OSError):
        return False


def validate(path: Path | str, deep: bool = False) -> None:
    """Check a clip file.

    Parameters
    ----------
    path : Path or str
        The file.
    deep : bool
        Also read every array, recompute every checksum, and look for NaN and infinity. Without
        it the structure and all attributes are checked, labels included, but no array.

    Raises
    ------
    StorageError
        In one line: the file is missing, foreign, truncated, damaged, of a newer version, or
        holds what a clip file never holds; or how many clips are damaged and the first of them.
    """
    index = read_index(Path(path))
    if not deep:
        return
    faults: list[str] = []
    with index.path.open("rb", buffering=0) as file:
        for place in index.entries:
            try:
                verify_entry(file.fileno(), place)
            except (StorageError, OSError) as error:
                faults.append(str(error))
    if faults:
        raise StorageError(
            f"{path}: {len(faults)} of {len(index.entries)} clips are damaged, the first: "
            f"{faults[0]}"
        )


def read_index(path: Path) -> FileIndex:
    """Read everything of a clip file but its arrays, after checking its structure.

    Raises
    ------
    StorageError
        As for :func:`validate` without `deep`.
    """
    with open_guarded(path) as file:
        inode = path.stat().st_ino
        attributes = _root_attributes(file)
        if child_names(file) != (CLIPS, SKIPPED):
            raise StorageError(f"expected {CLIPS} and {SKIPPED}, received {child_names(file)}.")
        clips = child(file, CLIPS)
        names = child_names(clips)
        if names != tuple(f"{i:06d}" for i in range(len(names))):
            raise StorageError("the clips are not numbered from 000000 on; the file is damaged.")
        entries = tuple(locate_entry(child(clips, name)) for name in names)
        skipped = read_skipped(child(file, SKIPPED))
        clip_attributes = [entry.attributes for entry in entries]
        if file_digest(attributes, clip_attributes, skipped) != attributes["sha256"]:
            raise StorageError(
                "an attribute has changed since the file was written: the file's SHA-256 differs. "
                "Copy it again, or preprocess again."
            )
    _check_entries(path, entries)
    return FileIndex(
        path=path,
        inode=inode,
        dataset=str(attributes["dataset"]),
        synthetic=bool(attributes["synthetic"]),
        settings=json.loads(str(attributes["settings"])),
        versions=json.loads(str(attributes["versions"])),
        generated_by=str(attributes["generated-by"]),
        entries=entries,
        skipped=skipped,
    )


def _root_attributes(file: h5py.File) -> dict[str, Attribute]:
    attributes = read_attributes(file)
    if attributes.get("format") != FORMAT:
        raise StorageError(
            f"this is an HDF5 file, but no clip file: its format is "
            f"{str(attributes.get('format'))[:60]!r}, expected {FORMAT!r}. "
            "Name a file that `astsvm preprocess` wrote."
        )
    version = attributes.get("format-version")
    if not isinstance(version, int) or version < 1:
        raise StorageError(f"format-version must be a positive int64, received {version!r}.")
    if version > FORMAT_VERSION:
        raise StorageError(
            f"the file has format version {version}, written by a newer astsvm; this one reads "
            f"up to {FORMAT_VERSION}. Update astsvm."
        )
    for name in (*_ROOT_TEXTS, *_ROOT_NUMBERS):
        if not isinstance(attributes.get(name), str if name in _ROOT_TEXTS else int):
            raise StorageError(f"the attribute {name!r} is missing; the file is damaged.")
    for name in ("settings", "versions"):
        if not isinstance(json.loads(str(attributes[name])), dict):
            raise StorageError(f"the attribute {name!r} must hold a JSON object.")
    return attributes


def _check_entries(path: Path, entries: Sequence[EntryPlace]) -> None:
    if not entries:
        return
    first = entries[0]
    shapes = {name: place.shape for name, place in first.streams.items()}
    for entry in entries:
        found = {name: place.shape for name, place in entry.streams.items()}
        if found != shapes:
            raise StorageError(
                f"{path}: clip {entry.record.key} holds streams {found}, but clip "
                f"{first.record.key} holds {shapes}; expected the same in every clip."
            )
    keys = [entry.record.key for entry in entries]
    if len(set(keys)) != len(keys):
        raise StorageError(f"{path}: {max(keys, key=keys.count)} is stored more than once.")


def file_digest(
    attributes: Mapping[str, Attribute],
    clips: Sequence[Mapping[str, Attribute]],
    skipped: Sequence[SkippedClip],
) -> str:
    """Return the checksum of the root: everything but the arrays, which the clips' cover."""
    content = {
        "attributes": {name: value for name, value in attributes.items() if name != "sha256"},
        "clips": [dict(clip) for clip in clips],
        "skipped": [astuple(row) for row in skipped],
    }
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
