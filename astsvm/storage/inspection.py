"""Looking into an HDF5 file without trusting it.

A clip file may come from anywhere. Nothing here follows a link out of the file, builds a Python
object from it, or allocates memory before the file is known to hold the bytes: links must be hard,
attributes scalar text or numbers, and datasets one unfiltered contiguous run of bytes inside the
file. Such a run is then read with a plain positioned read, which needs no lock and no HDF5.

The functions raise :class:`StorageError` with what is wrong; :func:`open_guarded` adds the path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from astsvm.errors import StorageError

__all__ = [
    "ArrayPlace",
    "array_place",
    "child",
    "child_names",
    "has_signature",
    "open_guarded",
    "read_array",
    "read_attributes",
    "read_into",
]

MAXIMUM_ATTRIBUTE_BYTES = 2**20
MAXIMUM_CHILDREN = 10**6

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# What h5py, numpy and json raise when a damaged file leads them astray.
_LIBRARY_ERRORS = (
    ArithmeticError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
Attribute = str | int | float


@dataclass(frozen=True, slots=True)
class ArrayPlace:
    """Where in the file the bytes of an array lie."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    @property
    def bytes(self) -> int:
        """Length in the file."""
        return self.dtype.itemsize * int(np.prod(self.shape, dtype=np.int64))


def has_signature(path: Path) -> bool:
    """Tell whether the file starts as an HDF5 file does."""
    with path.open("rb") as stream:
        return stream.read(len(_SIGNATURE)) == _SIGNATURE


@contextmanager
def open_guarded(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading, and put the path before every complaint about it.

    Raises
    ------
    StorageError
        If the file is missing, no HDF5 file, truncated or damaged, or the body of the ``with``
        statement finds fault with it.
    """
    try:
        if not has_signature(path):
            raise StorageError(
                "this is no HDF5 file; expected a clip file that `astsvm preprocess` wrote."
            )
        # Clip files appear by rename and never change, so no lock is needed, and file systems
        # without locks work as well.
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except StorageError as error:
        raise StorageError(f"{path}: {error}") from error
    except _LIBRARY_ERRORS as error:
        raise StorageError(f"{path}: {_explain(error)}") from error


def _explain(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.strerror and not text.startswith("Unable"):
        return f"the file cannot be read: {error.strerror}. Check the path and its permissions."
    if "truncated file" in text:
        return "the file is truncated: its end is missing. Copy it again, or preprocess again."
    return f"the file is damaged ({text[:160]}). Copy it again, or preprocess again."


def child(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    """Return the group or dataset `name` in `group`, which must be there by a hard link."""
    key = name.encode()
    if key not in group.id:
        raise StorageError(f"{_inside(group)}{name} is missing; the file is damaged or foreign.")
    if group.id.links.get_info(key).type != h5py.h5l.TYPE_HARD:
        raise StorageError(
            f"{_inside(group)}{name} is a link to elsewhere, which files of astsvm never hold. "
            "Do not trust this file."
        )
    found = group[name]
    if not isinstance(found, (h5py.Group, h5py.Dataset)):
        raise StorageError(f"{_inside(group)}{name} is neither a group nor a dataset.")
    return found


def child_names(group: h5py.Group | h5py.Dataset) -> tuple[str, ...]:
    """Return the names in a group in text order; refuse a dataset and an absurd number."""
    if not isinstance(group, h5py.Group):
        raise StorageError(f"{group.name} must be a group.")
    if len(group) > MAXIMUM_CHILDREN:
        raise StorageError(f"{group.name} holds {len(group)} entries; at most {MAXIMUM_CHILDREN}.")
    return tuple(sorted(group))


def read_attributes(item: h5py.Group | h5py.Dataset) -> dict[str, Attribute]:
    """Return all attributes: scalar fixed-length UTF-8 text, int64 or float64, nothing else."""
    found: dict[str, Attribute] = {}
    for position in range(h5py.h5a.get_num_attrs(item.id)):
        attribute = h5py.h5a.open(item.id, index=position)
        name = attribute.name.decode("utf-8")
        dtype = attribute.dtype
        plain = dtype.kind == "S" or dtype in (np.dtype("<i8"), np.dtype("<f8"))
        if attribute.shape != () or not plain or dtype.itemsize > MAXIMUM_ATTRIBUTE_BYTES:
            raise StorageError(
                f"attribute {name!r} of {item.name} must be a scalar text, int64 or float64, "
                f"received {dtype} of shape {attribute.shape}."
            )
        value = np.empty((), dtype=dtype)
        attribute.read(value)
        plain_value = value.item()
        found[name] = plain_value.decode() if isinstance(plain_value, bytes) else plain_value
    return found


def array_place(item: h5py.Group | h5py.Dataset, dtype: str, dimensions: int) -> ArrayPlace:
    """Return where a dataset's bytes lie, after checking type, rank, layout and bounds.

    Raises
    ------
    StorageError
        If the item is no dataset of this type and rank, is empty, filtered, chunked, virtual or
        kept in another file, or reaches beyond the end of the file.
    """
    if not isinstance(item, h5py.Dataset):
        raise StorageError(f"{item.name} must be a dataset.")
    expected = np.dtype(dtype)
    shape = item.id.shape
    if item.id.dtype != expected or len(shape) != dimensions or min(shape) < 1:
        raise StorageError(
            f"{item.name} must be {expected} with {dimensions} dimensions of at least 1, "
            f"received {item.id.dtype} of shape {shape}."
        )
    properties = item.id.get_create_plist()
    contiguous = properties.get_layout() == h5py.h5d.CONTIGUOUS
    if not contiguous or properties.get_external_count() or properties.get_nfilters():
        raise StorageError(
            f"{item.name} must be stored contiguous and unfiltered in this file; virtual, "
            "external, chunked and compressed storage are refused."
        )
    offset = item.id.get_offset()
    # Python integers: a forged shape must not overflow on its way to the comparison.
    length = expected.itemsize
    for side in shape:
        length *= int(side)
    if offset is None or offset + length > Path(item.file.filename).stat().st_size:
        raise StorageError(f"{item.name} reaches beyond the end of the file; it is truncated.")
    return ArrayPlace(expected, tuple(int(side) for side in shape), int(offset))


def read_array(descriptor: int, place: ArrayPlace) -> npt.NDArray[Any]:
    """Read an array from an open file."""
    array = np.empty(place.shape, dtype=place.dtype)
    read_into(descriptor, place.offset, array)
    return array


def read_into(descriptor: int, offset: int, array: npt.NDArray[Any]) -> None:
    """Fill a C-contiguous array with the bytes of an open file from `offset` on.

    Raises
    ------
    StorageError
        If the file ends before, because it was cut or replaced after it had been opened.
    """
    view = array.reshape(-1).view(np.uint8).data
    done = 0
    while done < len(view):
        count = os.preadv(descriptor, [view[done:]], offset + done)
        if count == 0:
            raise StorageError(
                f"the file ends {len(view) - done} bytes too early; it was cut while in use."
            )
        done += count


def _inside(group: h5py.Group) -> str:
    name = str(group.name)
    return name if name.endswith("/") else name + "/"
