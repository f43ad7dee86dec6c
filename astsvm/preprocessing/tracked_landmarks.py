"""Landmarks as trackers write them: a table for each clip, a row for each of its frames.

Only the row of the onset frame is used: landmarks found anew in every frame jitter by more than a
micro-expression moves (:mod:`astsvm.preprocessing.alignment`).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from astsvm.arrays import FloatArray
from astsvm.clip import Clip
from astsvm.errors import DatasetError, FrameReadError, InvalidInputError
from astsvm.preprocessing.face import eye_centres
from astsvm.preprocessing.landmark_folder import tables_of_clips
from astsvm.preprocessing.landmark_rows import LandmarkRow
from astsvm.preprocessing.landmarks_file import LandmarkTable, in_pixels, read_table

__all__ = ["landmarks_of_clips"]

_MOST_TOLD = 3

_Owned: TypeAlias = tuple[Clip, LandmarkTable, Sequence[LandmarkRow]]
"""A clip that has landmarks, with the table that holds them and the clip's rows in it."""


def landmarks_of_clips(path: Path, clips: Sequence[Clip]) -> dict[str, FloatArray]:
    """Read the onset landmarks of clips from a file or from a folder of trackers' tables.

    Parameters
    ----------
    path : Path
        A file with a row for each clip (:func:`astsvm.preprocessing.read_landmarks`) or, with a
        column ``frame``, for each of its frames; or a folder with a table for each clip, named
        ``DATABASE/SUBJECT/CLIP.csv``, ``SUBJECT/CLIP.csv``, ``CLIP.csv``, or as the video or the
        folder of frames is; the first that exists counts. The last two name a clip only where they
        fit no clip of another source, and not both exist. Where a table names its clips in a
        column, only the rows of the clip are taken.
    clips : sequence of Clip
        The clips; those that the file or folder does not hold are left out.

    Returns
    -------
    dict of str to ndarray of shape (68, 2) or (5, 2), float32
        By the clip's key, in pixels of the onset frame.

    Raises
    ------
    DatasetError
        If a table cannot be read, may by its name be that of clips of several sources, names
        other clips only, or has no usable row for the onset: none or several, a faulty one, one
        without a face, or one whose face is not upright or has eyes less than 4 pixels apart. All
        such clips are counted and the first of them are told. Rows of other frames may be faulty.
    """
    found: dict[str, FloatArray] = {}
    faults: dict[str, str] = {}
    owned = _of_folder(path, clips, faults) if path.is_dir() else _of_file(path, clips)
    for clip, table, rows in owned:
        try:
            points = _onset_landmarks(clip, table, rows)
        except DatasetError as error:
            faults[clip.key] = str(error)
            continue
        if points is not None:
            found[clip.key] = points
    if faults:
        told = list(dict.fromkeys(faults.values()))[:_MOST_TOLD]
        raise DatasetError(
            f"{path}: {len(faults)} of {len(clips)} clips get no landmarks from their table: "
            f"{' '.join(told)} Remove a clip's table or rows to have dlib search."
        )
    return found


def _of_file(path: Path, clips: Sequence[Clip]) -> Iterator[_Owned]:
    table = read_table(path, keys_needed=True)
    rows: dict[str, list[LandmarkRow]] = defaultdict(list)
    for row in table.rows:
        rows[str(row.key)].append(row)
    own = [(clip, _composed(clip.key)) for clip in clips]
    if own and not any(key in rows for _, key in own):
        raise DatasetError(
            f"{path}: expected keys database/subject/clip such as {own[0][1]!r}, received none of "
            f"this dataset's clips but {next(iter(rows), 'no row')!r}. Correct the landmarks file."
        )
    yield from ((clip, table, rows[key]) for clip, key in own if key in rows)


def _of_folder(folder: Path, clips: Sequence[Clip], faults: dict[str, str]) -> Iterator[_Owned]:
    """Yield the clips whose table can be read and names no other clip; add why to `faults`."""
    files, contested = tables_of_clips(folder, clips)
    faults.update(contested)
    for file, owners in files.items():
        try:
            table = read_table(file)
        except DatasetError as error:
            faults.update({clip.key: str(error) for clip in owners})
            continue
        for clip in owners:
            names = (clip.key, f"{clip.subject}/{clip.clip}", clip.clip)
            keys = (None, *map(_composed, names))
            rows = [row for row in table.rows if row.key in keys]
            if rows or not table.rows:
                yield clip, table, rows
                continue
            faults[clip.key] = (
                f"{file}: by its name the table of clip {clip.key}, but its rows are of clip "
                f"{table.rows[0].key!r}. Correct the name, or the column that names the clip."
            )


def _composed(key: str) -> str:
    return unicodedata.normalize("NFC", key)


def _onset_landmarks(
    clip: Clip, table: LandmarkTable, rows: Sequence[LandmarkRow]
) -> FloatArray | None:
    """Return the landmarks of a clip's onset frame, None if that frame cannot be read."""
    onset = clip.onset or 0
    uncounted = next((row for row in rows if row.frame_fault), None)
    if uncounted is not None:
        raise DatasetError(f"{_place(clip, table, uncounted)}: {uncounted.frame_fault}")
    at_onset = [row for row in rows if row.frame is None or row.frame == onset]
    if len(at_onset) != 1:
        named = f"frame {onset + table.layout.first_frame}" if _has_frames(rows) else "the onset"
        raise DatasetError(
            f"{table.path}: clip {clip.key}: expected one row for {named}, received "
            f"{len(at_onset)} of {len(rows)}."
        )
    row = at_onset[0]
    if row.fault:
        raise DatasetError(f"{_place(clip, table, row)}: {row.fault}")
    points = row.points
    if table.in_parts(row):
        size = row.size or _frame_size(clip, onset)
        if size is None:
            return None
        points = in_pixels(points, size)
    try:
        eye_centres(points)
    except InvalidInputError as error:
        raise DatasetError(f"{_place(clip, table, row)}: {error}") from error
    return points


def _place(clip: Clip, table: LandmarkTable, row: LandmarkRow) -> str:
    return f"{table.path}, row {row.number}: clip {clip.key}"


def _has_frames(rows: Sequence[LandmarkRow]) -> bool:
    return any(row.frame is not None for row in rows)


def _frame_size(clip: Clip, onset: int) -> tuple[float, float] | None:
    """Return width and height of a frame; None if it cannot be read, which fails the clip later."""
    from astsvm.preprocessing.frames import read_frames

    try:
        height, width = read_frames(clip.source, onset, onset).frames[0].shape
    except FrameReadError:
        return None
    return float(width), float(height)
