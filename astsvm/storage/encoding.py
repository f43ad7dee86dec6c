"""What a processed clip is made of, and how it is brought into the stored types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.clip import Clip
from astsvm.errors import InvalidInputError
from astsvm.storage.entry import (
    ARRAYS,
    FIXED_SIDES,
    FRAME_NUMBERS,
    STREAM_DIMENSIONS,
    STREAM_DTYPE,
    STREAM_NAME,
    STREAMS,
    Entry,
    canonical_json,
    entry_digest,
    sides_fit,
)
from astsvm.storage.inspection import Attribute

__all__ = ["ProcessedClip", "encode_entry"]

FLOAT16_MAXIMUM = 65504.0
MAXIMUM_TEXT_BYTES = 32_000  # HDF5 keeps attributes in a header of 64 KiB


@dataclass(frozen=True, slots=True, eq=False)
class ProcessedClip:
    """A clip and everything that is stored of it.

    Parameters
    ----------
    clip : Clip
        The annotated clip.
    streams : mapping of str to ndarray of shape (T, H, W, C), floating
        Features; stored as float16, so no value may exceed 65504.
    frames : ndarray of shape (n, H, W), uint8, optional
        Aligned frames to look at.
    landmarks : ndarray of shape (points, 2), floating, optional
        Landmarks (x, y) of the onset frame in source pixels.
    transform : ndarray of shape (2, 3), floating, optional
        Affine map from source pixels to the aligned frame.
    fps : float, optional
        Frames per second that were used; default: what the clip says.
    source_sha256 : str
        Digest of the files it was made of, by
        :func:`astsvm.preprocessing.source_digest.source_digest`; empty where it is not known.
    """

    clip: Clip
    streams: Mapping[str, npt.NDArray[Any]]
    frames: npt.NDArray[np.uint8] | None = None
    landmarks: npt.NDArray[Any] | None = None
    transform: npt.NDArray[Any] | None = None
    fps: float | None = None
    source_sha256: str = ""


def encode_entry(processed: ProcessedClip, root: Path) -> Entry:
    """Bring a processed clip into the stored types, and seal it with its checksum.

    Raises
    ------
    InvalidInputError
        If there is no stream, an array has the wrong type or shape or holds NaN or infinity, a
        value does not fit into float16, or the source lies outside `root`.
    """
    clip = processed.clip
    if not processed.streams:
        raise InvalidInputError(f"clip {clip.key}: expected at least one stream, received none.")
    arrays = {
        f"{STREAMS}/{name}": _encode_stream(clip.key, name, values)
        for name, values in processed.streams.items()
    }
    for name in ARRAYS:
        values = getattr(processed, name)
        if values is not None:
            arrays[name] = _encode_array(clip.key, name, values)
    attributes = _encode_attributes(processed, root)
    for name, value in attributes.items():
        if isinstance(value, str) and len(value.encode("utf-8", "replace")) > MAXIMUM_TEXT_BYTES:
            raise InvalidInputError(
                f"clip {clip.key}: {name} is longer than {MAXIMUM_TEXT_BYTES} bytes. Shorten it."
            )
    attributes["sha256"] = entry_digest(attributes, arrays)
    return Entry(attributes, arrays)


def _encode_attributes(processed: ProcessedClip, root: Path) -> dict[str, Attribute]:
    clip = processed.clip
    try:
        source = clip.source.relative_to(root)
    except ValueError:
        raise InvalidInputError(
            f"clip {clip.key}: expected a source inside {root}, received {clip.source}."
        ) from None
    try:
        str(source).encode()
    except UnicodeEncodeError:
        raise InvalidInputError(
            f"clip {clip.key}: the name of the source, {str(source)!r}, is no UTF-8. Rename it."
        ) from None
    attributes: dict[str, Attribute] = {
        "database": clip.database,
        "subject": clip.subject,
        "clip": clip.clip,
        "label": clip.label,
        "source": str(PurePosixPath(source)),
        "notes": canonical_json(list(clip.notes)),
    }
    if clip.objective_class:
        attributes["objective_class"] = clip.objective_class
    if processed.source_sha256:
        attributes["source_sha256"] = processed.source_sha256
    for name in FRAME_NUMBERS:
        value = getattr(clip, name)
        if value is not None:
            attributes[name] = int(value)
    fps = clip.fps if processed.fps is None else processed.fps
    if fps is not None:
        if not 0 < fps < float("inf"):
            raise InvalidInputError(f"clip {clip.key}: fps must be positive, received {fps!r}.")
        attributes["fps"] = float(fps)
    return attributes


def _encode_stream(key: str, name: str, values: npt.NDArray[Any]) -> npt.NDArray[np.float16]:
    if STREAM_NAME.fullmatch(name) is None:
        raise InvalidInputError(
            f"clip {key}: a stream's name is lower-case letters, digits and _, received {name!r}."
        )
    what = f"clip {key}: stream {name!r}"
    _require_array(what, values, STREAM_DIMENSIONS)
    largest = float(np.max(np.abs(values)))
    if largest > FLOAT16_MAXIMUM:
        raise InvalidInputError(
            f"{what} holds a value of magnitude {largest:.6g}, but streams are stored as float16, "
            f"which ends at {FLOAT16_MAXIMUM:.0f}. Check the frames, or magnify less."
        )
    return np.ascontiguousarray(values, dtype=STREAM_DTYPE)


def _encode_array(key: str, name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    dtype, dimensions = ARRAYS[name]
    what = f"clip {key}: {name}"
    if dtype == "|u1" and getattr(values, "dtype", None) != np.uint8:
        raise InvalidInputError(f"{what} must be uint8, received {getattr(values, 'dtype', None)}.")
    _require_array(what, values, dimensions, floating=dtype != "|u1")
    if not sides_fit(name, values.shape):
        sides = ", ".join("n" if side is None else str(side) for side in FIXED_SIDES[name])
        raise InvalidInputError(f"{what} must have the shape ({sides}), received {values.shape}.")
    return np.ascontiguousarray(values, dtype=dtype)


def _require_array(
    what: str, values: npt.NDArray[Any], dimensions: int, *, floating: bool = True
) -> None:
    if not isinstance(values, np.ndarray) or values.ndim != dimensions or values.size == 0:
        received = getattr(values, "shape", type(values).__name__)
        raise InvalidInputError(
            f"{what} must be an array with {dimensions} dimensions of at least 1, "
            f"received {received}."
        )
    if floating and (values.dtype.kind != "f" or not np.isfinite(values).all()):
        raise InvalidInputError(
            f"{what} must hold finite floating-point numbers, received {values.dtype}"
            f"{' with NaN or infinity' if values.dtype.kind == 'f' else ''}."
        )
