"""Precomputed onset-to-apex flow images: ``ROOT/index.csv`` and the PNGs it names.

The layout of STSTNet and HTNet: one 8-bit RGB image a clip, R = horizontal flow u, G = vertical
flow v, B = optical strain, each stretched to 0..255 per image.

=================================  ========  =================================================
column                             required  meaning
=================================  ========  =================================================
database, subject, clip            yes       the clip's key
label_name                         yes       class; taken in lower case
file                               yes       PNG, relative to ROOT and in it
label                              no        0, 1, 2; must agree with label_name where that is
                                             negative, positive or surprise
emotion, action_units              no        kept as notes
onset, apex, offset                no        kept as notes: they count the frames of the
                                             original video, not of the one image
=================================  ========  =================================================

All images of an index must be of one size; the most frequent size is kept (the smaller one of
two as frequent), and clips of another size are problems.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from astsvm.clip import Clip
from astsvm.datasets.contract import AS_THEY_ARE, Dataset, LoadOptions, Problem, collect_dataset
from astsvm.datasets.protocols import OFFICIAL_CLASSES
from astsvm.datasets.sheet import SheetRow, problem_of, read_sheet
from astsvm.datasets.source_path import source_inside
from astsvm.errors import DatasetError, FrameReadError

__all__ = ["STREAM_NAME", "flow_image_size", "keep_one_size", "load", "read_flow_image"]

INDEX_NAME = "index.csv"
STREAM_NAME = "flow"
"""The images are stored as this stream, of shape (1, H, W, 3)."""
REQUIRED = ("database", "subject", "clip", "label_name", "file")
EXAMPLE = "database,subject,clip,label,label_name,emotion,onset,apex,offset,action_units,file"
MAXIMUM_SIDE = 4096

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD_BYTES = 33  # signature and header chunk
_RGB = 2  # PNG colour type


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read ``root/index.csv``.

    Parameters
    ----------
    root : Path
        Folder that holds the index and the images.

    options : LoadOptions
        Without meaning here: the layout has one form and no published errors.

    Returns
    -------
    Dataset
        One clip for each sound row. ``Clip.source`` is the PNG, ``Clip.label`` the label name in
        lower case; onset, apex and offset are None.

    Raises
    ------
    DatasetError
        If the index is missing, unreadable, empty, or lacks a required column.
    """
    sheet = read_sheet(root / INDEX_NAME, REQUIRED, EXAMPLE)
    clips: list[Clip] = []
    sizes: list[tuple[int, int]] = []
    problems: list[Problem] = []
    for row in sheet.rows:
        try:
            clip = _read_row(root, row)
            sizes.append(flow_image_size(clip.source))
            clips.append(clip)
        except (DatasetError, FrameReadError) as error:
            problems.append(problem_of(sheet, row, _name_of(row), DatasetError(str(error))))
    clips, odd = keep_one_size(clips, sizes, sheet.path)
    dataset = collect_dataset("flow_images", root, sheet.path, clips, problems + odd)
    return replace(dataset, precomputed_flow=True)


def read_flow_image(path: Path) -> npt.NDArray[np.float32]:
    """Read a flow image and move the zero of each channel to its median.

    The per-image stretching lost the zero level of the flow. Most of a face does not move, so
    the median of a channel restores most of it (ours, not the paper's).

    Parameters
    ----------
    path : Path
        PNG with three 8-bit channels in RGB order (u, v, strain).

    Returns
    -------
    ndarray of shape (H, W, 3), float32
        u, v and strain as ``pixel / 255`` minus the channel's median, within [-1, 1]; the median
        of every channel is exactly 0.

    Raises
    ------
    FrameReadError
        If the file is missing, no PNG, damaged, larger than 4096 pixels a side, or has other
        than three 8-bit channels.
    """
    import cv2

    try:
        data = path.read_bytes()
    except OSError as error:
        raise FrameReadError(f"{path}: the flow image cannot be read: {error.strerror}.") from error
    _image_size(path, data)
    image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise FrameReadError(
            f"{path}: the flow image is damaged or cut short; expected a whole 8-bit RGB PNG. "
            "Copy it again."
        )
    pixels = image[..., ::-1].astype(np.float64)  # OpenCV gives B, G, R
    centred = (pixels - np.median(pixels, axis=(0, 1))) / 255
    return np.asarray(centred, dtype=np.float32)


def flow_image_size(path: Path) -> tuple[int, int]:
    """Return (height, width) from the head of a flow image; no pixel is decoded.

    Raises
    ------
    FrameReadError
        If the file cannot be read, or its head is not that of an 8-bit RGB PNG.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise FrameReadError(f"{path}: the flow image cannot be read: {error.strerror}.") from error
    return _image_size(path, head)


def _image_size(path: Path, data: bytes) -> tuple[int, int]:
    """Return (height, width) from the head of a PNG after checking that it is 8-bit RGB."""
    if not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR" or len(data) < _HEAD_BYTES:
        raise FrameReadError(f"{path}: expected a PNG flow image, but this is no PNG file.")
    width, height = (int.from_bytes(data[i : i + 4], "big") for i in (16, 20))
    depth, colour = data[24], data[25]
    if (depth, colour) != (8, _RGB):
        kind = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGBA"}.get(colour, "?")
        raise FrameReadError(
            f"{path}: expected an RGB image of 8 bits a channel (R = u, G = v, B = strain), "
            f"received {kind} of {depth} bits. Export it again as plain RGB."
        )
    if not (0 < width <= MAXIMUM_SIDE and 0 < height <= MAXIMUM_SIDE):
        raise FrameReadError(
            f"{path}: expected at most {MAXIMUM_SIDE} x {MAXIMUM_SIDE} pixels, received "
            f"{width} x {height}."
        )
    return height, width


def _read_row(root: Path, row: SheetRow) -> Clip:
    row.check_width()
    label = row.required("label_name").lower()
    _check_label_number(row, label)
    source = source_inside(root, row.required("file"))
    if not source.is_file():
        raise DatasetError(f"{source}: expected a PNG file, but this is a folder.")
    return Clip(
        database=row.required("database"),
        subject=row.required("subject"),
        clip=row.required("clip"),
        label=label,
        source=source,
        row=row.number,
        notes=tuple(
            f"{column.replace('_', ' ')} {cell}"
            for column in ("emotion", "onset", "apex", "offset", "action_units")
            if (cell := row.text(column)) is not None
        ),
    )


def _check_label_number(row: SheetRow, label: str) -> None:
    """Refuse a row whose label number and label name contradict each other."""
    number = row.frame_number("label")
    if number is None or label not in OFFICIAL_CLASSES:
        return
    if number != OFFICIAL_CLASSES.index(label):
        raise DatasetError(
            f"label {number} contradicts label_name {label!r}, whose number is "
            f"{OFFICIAL_CLASSES.index(label)}. Correct one of them."
        )


def keep_one_size(
    clips: list[Clip], sizes: list[tuple[int, int]], sheet: Path | None = None
) -> tuple[list[Clip], list[Problem]]:
    """Keep the clips of the most frequent size (height, width), and make problems of the others.

    Of two sizes as frequent, the smaller one is kept. `sheet` is the file of the problems; by
    default it is the clip's own.
    """
    if not clips:
        return [], []
    counts = Counter(sizes)
    usual = min(counts, key=lambda size: (-counts[size], size))
    kept: list[Clip] = []
    odd: list[Problem] = []
    for clip, size in zip(clips, sizes, strict=True):
        if size == usual:
            kept.append(clip)
            continue
        reason = (
            f"the image is {size[1]} x {size[0]} pixels, but {counts[usual]} of "
            f"{len(clips)} images are {usual[1]} x {usual[0]}. Export it again in that size."
        )
        odd.append(Problem(sheet or clip.source, clip.row, clip.key, reason))
    return kept, odd


def _name_of(row: SheetRow) -> str | None:
    try:
        parts = [row.text(column) for column in ("database", "subject", "clip")]
    except DatasetError:
        return None
    return "/".join(part for part in parts if part) or None
