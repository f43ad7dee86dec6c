"""Landmarks as trackers write them: a table for each clip, a row for each of its frames.

Only the row of the onset frame is used: landmarks found anew in every frame jitter by more than a
micro-expression moves (:mod:`astsvm.preprocessing.alignment`).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from astsvm.arrays import FloatArray
from astsvm.clip import Clip
from astsvm.errors import DatasetError, FrameReadError
from astsvm.preprocessing.landmarks_file import LandmarkRow, LandmarkTable, in_pixels, read_table

__all__ = ["landmarks_of_clips"]

_MOST_TOLD = 3


def landmarks_of_clips(path: Path, clips: Sequence[Clip]) -> dict[str, FloatArray]:
    """Read the onset landmarks of clips from a file or from a folder of trackers' tables.

    Parameters
    ----------
    path : Path
        A file with a row for each clip (:func:`astsvm.preprocessing.read_landmarks`) or, with a
        column ``frame``, for each of its frames; or a folder with a table for each clip, named
        ``DATABASE/SUBJECT/CLIP.csv``, ``SUBJECT/CLIP.csv``, ``CLIP.csv``, or as the video or the
        folder of frames is.
    clips : sequence of Clip
        The clips; those that the file or folder does not hold are left out.

    Returns
    -------
    dict of str to ndarray of shape (68, 2) or (5, 2), float32
        By the clip's key, in pixels of the onset frame.

    Raises
    ------
    DatasetError
        If a table cannot be read, serves several clips, or has no usable row for the onset; all
        such clips are counted and the first of them are named.
    """
    found: dict[str, FloatArray] = {}
    faults: list[str] = []
    for clip, table, rows in _tables(path, clips):
        try:
            points = _onset_landmarks(clip, table, rows)
        except DatasetError as error:
            faults.append(str(error))
            continue
        if points is not None:
            found[clip.key] = points
    if faults:
        raise DatasetError(
            f"{path}: {len(faults)} of {len(clips)} clips get no landmarks from their table: "
            f"{' '.join(faults[:_MOST_TOLD])} Remove a table to have dlib search instead."
        )
    return found


def _tables(
    path: Path, clips: Sequence[Clip]
) -> Iterable[tuple[Clip, LandmarkTable, Sequence[LandmarkRow]]]:
    """Yield each clip that has one with its table and its rows in it."""
    if path.is_dir():
        for clip, file in _files(path, clips).items():
            table = read_table(file)
            yield clip, table, table.rows
        return
    table = read_table(path, keys_needed=True)
    rows: dict[str, list[LandmarkRow]] = defaultdict(list)
    for row in table.rows:
        rows[str(row.key)].append(row)
    own = [(clip, unicodedata.normalize("NFC", clip.key)) for clip in clips]
    if own and not any(key in rows for _, key in own):
        raise DatasetError(
            f"{path}: expected keys database/subject/clip such as {own[0][1]!r}, received none of "
            f"this dataset's clips but {next(iter(rows), 'no row')!r}. Correct the landmarks file."
        )
    yield from ((clip, table, rows[key]) for clip, key in own if key in rows)


def _files(folder: Path, clips: Sequence[Clip]) -> dict[Clip, Path]:
    """Find each clip's table; refuse one that several clips would take for theirs."""
    found: dict[Clip, Path] = {}
    taken: dict[Path, Clip] = {}
    for clip in clips:
        source = clip.source
        names = (clip.key, f"{clip.subject}/{clip.clip}", clip.clip, source.name, source.stem)
        files = (folder / f"{name}.csv" for name in names)
        file = next((file for file in files if file.is_file()), None)
        if file is None:
            continue
        other = taken.get(file)
        if other is not None and other.source != clip.source:
            raise DatasetError(
                f"{file}: expected the landmarks of one clip, but it may be that of {other.key} "
                f"or of {clip.key}. Name it {clip.subject}/{clip.clip}.csv."
            )
        found[clip], taken[file] = file, clip
    if clips and not found:
        raise DatasetError(
            f"{folder}: expected tables such as {clips[0].subject}/{clips[0].clip}.csv, found "
            "none of this dataset's clips. Name the tables by subject and clip."
        )
    return found


def _onset_landmarks(
    clip: Clip, table: LandmarkTable, rows: Sequence[LandmarkRow]
) -> FloatArray | None:
    """Return the landmarks of a clip's onset frame, None if that frame cannot be read."""
    onset = clip.onset or 0
    at_onset = [row for row in rows if row.frame is None or row.frame == onset]
    if len(at_onset) != 1:
        named = f"frame {onset + table.layout.first_frame}" if _has_frames(rows) else "the onset"
        raise DatasetError(
            f"{table.path}: clip {clip.key}: expected one row for {named}, received "
            f"{len(at_onset)} of {len(rows)}."
        )
    row = at_onset[0]
    if not row.found:
        raise DatasetError(
            f"{table.path}, row {row.number}: clip {clip.key}: success is 0, no face was found."
        )
    if not table.in_parts(row):
        return row.points
    size = row.size or _frame_size(clip, onset)
    return None if size is None else in_pixels(row.points, size)


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
