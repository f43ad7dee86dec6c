"""One clip as it is stored: its attributes, its arrays, and the checksum over both.

The tree of an entry is drawn in :mod:`astsvm.storage.schema`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from astsvm.clip import Clip
from astsvm.errors import DatasetError, StorageError
from astsvm.storage.inspection import (
    ArrayPlace,
    Attribute,
    array_place,
    child,
    child_names,
    read_array,
    read_attributes,
)

__all__ = [
    "ClipRecord",
    "Entry",
    "EntryPlace",
    "canonical_json",
    "entry_digest",
    "locate_entry",
    "sides_fit",
    "verify_entry",
    "write_attributes",
    "write_entry",
]

STREAMS = "streams"
ARRAYS: dict[str, tuple[str, int]] = {
    "frames": ("|u1", 3),
    "landmarks": ("<f4", 2),
    "transform": ("<f8", 2),
}
"""Optional arrays beside the streams: dtype and number of dimensions."""
FIXED_SIDES: dict[str, tuple[int | None, ...]] = {"landmarks": (None, 2), "transform": (2, 3)}
"""Sides that have to be of one length."""
STREAM_DTYPE = "<f2"
STREAM_DIMENSIONS = 4

_TEXTS = ("database", "subject", "clip", "label", "source", "notes", "sha256")
_OPTIONAL_TEXTS = ("objective_class", "source_sha256")
FRAME_NUMBERS = ("onset", "apex", "offset")
STREAM_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """What is known of a stored clip, without its arrays.

    Frame numbers and fps are None where they are not known, and the objective class is empty.
    `source` is relative to the dataset's folder, `source_sha256` the digest of its files, empty
    where the file was written before there was one; `notes` say what the loader corrected or
    assumed.
    """

    database: str
    subject: str
    clip: str
    label: str
    onset: int | None
    apex: int | None
    offset: int | None
    fps: float | None
    sha256: str
    source: str = ""
    notes: tuple[str, ...] = ()
    objective_class: str = ""
    source_sha256: str = ""

    @property
    def subject_key(self) -> str:
        """``database/subject``."""
        return f"{self.database}/{self.subject}"

    @property
    def key(self) -> str:
        """``database/subject/clip``."""
        return f"{self.database}/{self.subject}/{self.clip}"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """Attributes and arrays as they go into the file; array names hold the group, if any."""

    attributes: dict[str, Attribute]
    arrays: dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """A stored clip: its record, its attributes, and where its arrays lie."""

    record: ClipRecord
    attributes: dict[str, Attribute]
    arrays: dict[str, ArrayPlace]

    @property
    def streams(self) -> dict[str, ArrayPlace]:
        """The arrays that are streams, by stream name."""
        prefix = f"{STREAMS}/"
        return {
            name.removeprefix(prefix): place
            for name, place in self.arrays.items()
            if name.startswith(prefix)
        }


def sides_fit(name: str, shape: tuple[int, ...]) -> bool:
    """Tell whether an array has the fixed sides that its name asks for."""
    fixed = FIXED_SIDES.get(name, (None,) * len(shape))
    return len(fixed) == len(shape) and all(
        want in (None, side) for want, side in zip(fixed, shape, strict=True)
    )


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys, no spaces, and neither NaN nor infinity."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def entry_digest(
    attributes: Mapping[str, Attribute], arrays: Mapping[str, npt.NDArray[Any]]
) -> str:
    """Return SHA-256 over all attributes but the checksum itself, and all arrays by name."""
    named = {name: value for name, value in attributes.items() if name != "sha256"}
    digest = hashlib.sha256(canonical_json(named).encode())
    for name in sorted(arrays):
        array = arrays[name]
        head = canonical_json([name, array.dtype.str, list(array.shape)])
        digest.update(f"\n{head}\n".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def write_attributes(item: h5py.Group, attributes: Mapping[str, Attribute]) -> None:
    """Write attributes in text order: text as fixed-length UTF-8, numbers as int64 or float64."""
    for name in sorted(attributes):
        value = attributes[name]
        if isinstance(value, str):
            data = value.encode()
            text = h5py.string_dtype("utf-8", max(1, len(data)))
            item.attrs.create(name, np.bytes_(data), dtype=text)
        else:
            item.attrs.create(name, value, dtype="<i8" if isinstance(value, int) else "<f8")


def write_entry(group: h5py.Group, entry: Entry) -> None:
    """Fill a new group with an entry."""
    write_attributes(group, entry.attributes)
    for name in sorted(entry.arrays):
        group.create_dataset(name, data=entry.arrays[name], track_times=False)


def locate_entry(group: h5py.Group | h5py.Dataset) -> EntryPlace:
    """Check the structure of a stored entry and find its arrays, without reading them.

    Raises
    ------
    StorageError
        If anything is missing, unknown, of the wrong type, or out of bounds.
    """
    arrays: dict[str, ArrayPlace] = {}
    for name in child_names(group):
        if name == STREAMS:
            streams = child(group, STREAMS)
            for stream in child_names(streams):
                if STREAM_NAME.fullmatch(stream) is None:
                    raise StorageError(f"{group.name} holds a stream of the odd name {stream!r}.")
                item = child(streams, stream)
                arrays[f"{STREAMS}/{stream}"] = array_place(item, STREAM_DTYPE, STREAM_DIMENSIONS)
        elif name in ARRAYS:
            arrays[name] = array_place(child(group, name), *ARRAYS[name])
            if not sides_fit(name, arrays[name].shape):
                raise StorageError(
                    f"{group.name}/{name} has the impossible shape {arrays[name].shape}."
                )
        else:
            raise StorageError(f"{group.name}/{name} is not part of a clip; the file is foreign.")
    if not any(name.startswith(STREAMS) for name in arrays):
        raise StorageError(f"{group.name} holds no stream; the file is damaged.")
    attributes = read_attributes(group)
    return EntryPlace(_record(str(group.name), attributes), attributes, arrays)


def _record(name: str, attributes: dict[str, Attribute]) -> ClipRecord:
    expected: dict[str, type] = dict.fromkeys((*_TEXTS, *_OPTIONAL_TEXTS), str)
    expected |= dict.fromkeys(FRAME_NUMBERS, int) | {"fps": float}
    for attribute, kind in expected.items():
        if attribute not in attributes and attribute not in _TEXTS:
            continue
        if not isinstance(attributes.get(attribute), kind):
            raise StorageError(f"{name} must have the {kind.__name__} attribute {attribute!r}.")
    unknown = sorted(set(attributes) - set(expected))
    if unknown:
        raise StorageError(f"{name} has unknown attributes: {', '.join(unknown)}.")
    for attribute in _OPTIONAL_TEXTS:
        if attributes.get(attribute) == "":
            raise StorageError(f"{name} must not have the attribute {attribute!r} empty.")
    notes = json.loads(str(attributes["notes"]))
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise StorageError(f"{name} must have a list of texts as notes.")
    values: dict[str, Any] = dict.fromkeys((*FRAME_NUMBERS, "fps")) | {
        field.name: attributes[field.name]
        for field in fields(ClipRecord)
        if field.name in attributes
    }
    record = ClipRecord(**(values | {"notes": tuple(notes)}))
    _check_record(name, record)
    return record


def _check_record(name: str, record: ClipRecord) -> None:
    """Hold a record to the rules of a clip: its names become file names in a run's folder."""
    digests = {"sha256": record.sha256}
    if record.source_sha256:
        digests["source_sha256"] = record.source_sha256
    for attribute, digest in digests.items():
        if _SHA256.fullmatch(digest) is None:
            raise StorageError(f"{name} must have 64 hexadecimal digits as {attribute}.")
    try:
        Clip(
            database=record.database,
            subject=record.subject,
            clip=record.clip,
            label=record.label,
            source=Path(record.source),
            onset=record.onset,
            apex=record.apex,
            offset=record.offset,
            fps=record.fps,
            objective_class=record.objective_class,
        )
    except DatasetError as error:
        raise StorageError(f"{name} describes no valid clip: {error}") from error


def verify_entry(descriptor: int, place: EntryPlace) -> Entry:
    """Read an entry and compare its checksum.

    Raises
    ------
    StorageError
        If the checksum differs, or a floating-point array holds NaN or infinity.
    """
    arrays = {name: read_array(descriptor, where) for name, where in place.arrays.items()}
    if entry_digest(place.attributes, arrays) != place.record.sha256:
        raise StorageError(
            f"clip {place.record.key} has changed since it was written: its SHA-256 differs. "
            "Copy the file again, or preprocess again."
        )
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise StorageError(f"clip {place.record.key}: {name} holds NaN or infinity.")
    return Entry(place.attributes, arrays)
