"""Which table of a folder is which clip's, told by the names alone.

A clip's own name, with its subject, comes first and leaves no doubt. A name without a subject may
mean a clip or a video. Where it is that of one clip and of another clip's video, or where one
table bears the name of a clip and another that of the clip's video, nothing tells which is meant:
both readings are named, and none is taken.
"""

from __future__ import annotations

import errno
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from astsvm.clip import Clip
from astsvm.errors import DatasetError

__all__ = ["tables_of_clips"]

Readings: TypeAlias = Mapping[str, tuple[str, ...]]
"""What a table's name may say of a clip, and the names that would say it, best first."""


def tables_of_clips(
    folder: Path, clips: Sequence[Clip]
) -> tuple[dict[Path, list[Clip]], dict[str, str]]:
    """Find the table of each clip.

    Parameters
    ----------
    folder : Path
        With tables named as :func:`astsvm.preprocessing.landmarks_of_clips` says.
    clips : sequence of Clip
        The clips of the dataset.

    Returns
    -------
    tables : dict of Path to list of Clip
        Clips of one source may share a table.
    faults : dict of str to str
        By the clip's key: why no table is its own, though one bears its name.

    Raises
    ------
    DatasetError
        If no table bears the name of any clip, or the folder cannot be searched.
    """
    tables: dict[Path, list[Clip]] = defaultdict(list)
    faults: dict[str, str] = {}
    left = list(clips)
    for readings in (_by_key, _by_subject, _by_clip_or_source):
        claims = {clip: _existing(folder, readings(clip)) for clip in left}
        left = [clip for clip in left if not claims[clip]]
        contested = _contested(claims)
        for clip, files in claims.items():
            refused = next((file for file in files if file in contested), None)
            if refused is not None:
                faults[clip.key] = contested[refused]
            elif len(files) > 1:
                faults[clip.key] = _several(clip, files)
            elif files:
                tables[next(iter(files))].append(clip)
    if clips and not tables and not faults:
        raise DatasetError(
            f"{folder}: expected tables such as {clips[0].subject}/{clips[0].clip}.csv, found "
            "none of this dataset's clips. Name the tables by subject and clip."
        )
    return tables, faults


def _by_key(clip: Clip) -> Readings:
    return {"by its key": (clip.key,)}


def _by_subject(clip: Clip) -> Readings:
    return {"by its subject and clip": (f"{clip.subject}/{clip.clip}",)}


def _by_clip_or_source(clip: Clip) -> Readings:
    source = clip.source
    return {
        "by its clip": (clip.clip,),
        f"by its source {source.name}": (source.name, source.stem),
    }


def _existing(folder: Path, readings: Readings) -> dict[Path, str]:
    """Return the tables that bear a clip's names, with what says so."""
    found: dict[Path, str] = {}
    for reading, names in readings.items():
        files = (folder / f"{name}.csv" for name in names)
        file = next((file for file in files if _is_file(file)), None)
        if file is not None:
            found.setdefault(file, reading)
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        # The name of a video may be as long as names can be, so that ".csv" is too much.
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise DatasetError(f"{path}: landmarks cannot be read: {error.strerror}.") from error


def _contested(claims: Mapping[Clip, Mapping[Path, str]]) -> dict[Path, str]:
    """Tell of each table that clips of different sources would take why it is refused."""
    first: dict[Path, tuple[Clip, str]] = {}
    refused: dict[Path, str] = {}
    for clip, files in claims.items():
        for file, reading in files.items():
            other, others_reading = first.setdefault(file, (clip, reading))
            if other.source != clip.source:
                refused.setdefault(file, _ambiguous(file, (other, others_reading), (clip, reading)))
    return refused


def _ambiguous(file: Path, one: tuple[Clip, str], two: tuple[Clip, str]) -> str:
    readings = " or ".join(f"that of {clip.key} ({reading})" for clip, reading in (one, two))
    databases = {one[0].database, two[0].database}
    names = " or ".join(
        f"{clip.key if len(databases) > 1 else f'{clip.subject}/{clip.clip}'}.csv"
        for clip, _ in (one, two)
    )
    return f"{file}: expected the landmarks of one clip, but it may be {readings}. Name it {names}."


def _several(clip: Clip, files: Mapping[Path, str]) -> str:
    named = " and ".join(f"{file} ({reading})" for file, reading in files.items())
    return (
        f"clip {clip.key}: expected one table, received {named}. Name the right one "
        f"{clip.subject}/{clip.clip}.csv."
    )
