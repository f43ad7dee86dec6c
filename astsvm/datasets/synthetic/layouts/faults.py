"""Faults and quirks of the published sheets and archives, to be planted in a synthetic corpus.

Each is one that DATABASES published with: an apex that is a slash, lies outside, or is also the
onset or offset; numbers out of order; duplicate and missing rows, frames and folders; a label that
contradicts the folder; names with and without leading zeros.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from astsvm.datasets.synthetic.layouts.contract import (
    Cell,
    Entry,
    Fault,
    FrameFiles,
    Outcome,
    Row,
)
from astsvm.errors import SettingsError

__all__ = ["KINDS", "FaultKind", "plant_faults"]

UNKNOWN_EMOTION = "bewilderment"
_FAULT_TAG = 42
_LABELS = ("negative", "positive", "surprise")
_MISPLACED = 9
"""By how many frames an apex or offset is put too far."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A way in which a clip can be wrong.

    Parameters
    ----------
    outcome : {"left out", "kept", "read"}
        What a loader is to do about it.
    alter : callable
        Plants it.
    fits : callable
        Tells whether it can be planted in a clip.
    """

    outcome: Outcome
    alter: Callable[[Entry], Entry]
    fits: Callable[[Entry], bool] = lambda entry: True


def plant_faults(
    database: str, entries: Sequence[Entry], kinds: Sequence[str], seed: int
) -> tuple[tuple[Entry, ...], tuple[Fault, ...]]:
    """Plant each kind of fault in a clip of its own, drawn by `seed`.

    Returns
    -------
    entries : tuple of Entry
        In the same order.
    faults : tuple of Fault
        In the order of their clips.

    Raises
    ------
    SettingsError
        If there are too few clips.
    """
    order = np.random.default_rng([seed, _FAULT_TAG]).permutation(len(entries))
    free = [int(index) for index in order]
    planted: dict[int, str] = {}
    # The choosy kinds choose first.
    for name in sorted(kinds, key=lambda name: sum(map(KINDS[name].fits, entries))):
        place = next((index for index in free if KINDS[name].fits(entries[index])), None)
        if place is None:
            raise SettingsError(
                f"faults: expected at least {len(kinds)} clips of {database}, one for each kind of "
                f"fault, and room for {name!r}; received {len(entries)}. Ask for more subjects or "
                "clips."
            )
        free.remove(place)
        planted[place] = name
    faults = tuple(
        Fault(f"{database}/{entries[i].key}", planted[i], KINDS[planted[i]].outcome)
        for i in sorted(planted)
    )
    altered = (
        KINDS[planted[i]].alter(entry) if i in planted else entry for i, entry in enumerate(entries)
    )
    return tuple(altered), faults


def _rewrite(change: Callable[[Row], Row]) -> Callable[[Entry], Entry]:
    return lambda entry: replace(entry, rows=tuple(change(row) for row in entry.rows))


def _number(cell: Cell) -> int:
    if not isinstance(cell, int):
        raise TypeError(f"expected a frame number, received {cell!r}")
    return cell


def _put(**cells: Cell) -> Callable[[Entry], Entry]:
    return _rewrite(lambda row: replace(row, **cells))  # type: ignore[arg-type]


def _offset_before_onset(row: Row) -> Row:
    # Swapped, with the apex where it was.
    return replace(row, onset=row.offset, offset=row.onset)


def _other_label(row: Row) -> Row:
    return replace(row, emotion=_LABELS[(_LABELS.index(row.emotion) + 1) % len(_LABELS)])


def _twice_differently(entry: Entry) -> Entry:
    (row,) = entry.rows
    return replace(entry, rows=(row, replace(row, offset=_number(row.offset) - 1)))


def _without_frames(choose: Callable[[Row], Sequence[int]]) -> Callable[[Entry], Entry]:
    """Take away frames by their numbers in the sheet."""

    def alter(entry: Entry) -> Entry:
        (row,) = entry.rows
        gone = set(choose(row))
        return replace(
            entry,
            folders=tuple(
                replace(
                    files,
                    names={
                        index: name
                        for index, name in files.names.items()
                        if entry.first_number + index not in gone
                    },
                )
                for files in entry.folders
            ),
        )

    return alter


def _middle(row: Row) -> Sequence[int]:
    """Return a frame of the second half that is neither apex nor offset."""
    offset = _number(row.offset)
    middle = (_number(row.onset) + offset) // 2 + 1
    return [middle if middle != row.apex else middle + 1]


def _end(row: Row) -> Sequence[int]:
    offset = _number(row.offset)
    # Whatever lies behind is gone too, as when a copy was cut short.
    return range(offset, offset + 1000)


def _padded_names(entry: Entry) -> Entry:
    """Write the clip's name in the sheet as ``s01_ne_01`` where the folder says ``s1_ne_01``."""
    return _rewrite(lambda row: replace(row, clip=re.sub(r"^s(\d)_", r"s0\1_", row.clip)))(entry)


def _padded_folder(entry: Entry) -> Entry:
    """Call the clip's folder ``s01_ne_01`` where the sheet says ``s1_ne_01``."""

    def padded(files: FrameFiles) -> FrameFiles:
        return replace(files, folder=re.sub(r"/s(\d)(_[^/]*)$", r"/s0\1\2", files.folder))

    return replace(entry, folders=tuple(padded(files) for files in entry.folders))


def _one_digit_clip(entry: Entry) -> bool:
    return re.match(r"s\d_", entry.rows[0].clip) is not None


def _listed_by_its_owners(entry: Entry) -> bool:
    """Tell a clip from those that the sheet of SMIC forgets, which are read without a row."""
    return entry.key not in {"s01/s01_ne_02", "s02/s02_sur_05"}


def _has_padded_subject(entry: Entry) -> bool:
    return str(entry.rows[0].subject).startswith("0")


KINDS: dict[str, FaultKind] = {
    "apex is a slash": FaultKind("kept", _put(apex="/")),
    "apex is empty": FaultKind("kept", _put(apex=None)),
    "apex after offset": FaultKind(
        "kept", _rewrite(lambda row: replace(row, apex=_number(row.offset) + _MISPLACED))
    ),
    "apex before onset": FaultKind(
        "kept", _rewrite(lambda row: replace(row, apex=max(0, _number(row.onset) - _MISPLACED)))
    ),
    "apex is onset": FaultKind("kept", _rewrite(lambda row: replace(row, apex=row.onset))),
    "apex is offset": FaultKind("kept", _rewrite(lambda row: replace(row, apex=row.offset))),
    "offset before onset": FaultKind("left out", _rewrite(_offset_before_onset)),
    "unknown emotion": FaultKind("left out", _put(emotion=UNKNOWN_EMOTION)),
    "duplicate id": FaultKind("left out", _twice_differently),
    # Where a folder holds exactly the clip, numbers that differ change nothing.
    "duplicate id of one folder": FaultKind("kept", _twice_differently),
    "repeated row": FaultKind("kept", lambda entry: replace(entry, rows=entry.rows * 2)),
    "missing frame": FaultKind("kept", _without_frames(_middle)),
    "missing end": FaultKind("kept", _without_frames(_end)),
    "missing folder": FaultKind("left out", lambda entry: replace(entry, folders=())),
    "not in the sheet": FaultKind(
        "left out", lambda entry: replace(entry, rows=()), _listed_by_its_owners
    ),
    "label contradicts folder": FaultKind("kept", _rewrite(_other_label)),
    "subject without zeros": FaultKind(
        "read",
        _rewrite(lambda row: replace(row, subject=int(str(row.subject)))),
        _has_padded_subject,
    ),
    "number as text": FaultKind("read", _rewrite(lambda row: replace(row, onset=str(row.onset)))),
    "emotion in capitals": FaultKind(
        "read", _rewrite(lambda row: replace(row, emotion=row.emotion.upper()))
    ),
    "name with zero in sheet": FaultKind("read", _padded_names, _one_digit_clip),
    "name with zero on disk": FaultKind("read", _padded_folder, _one_digit_clip),
}
"""Name of a kind -> what it is. Those that are only ``read`` are quirks, nothing to report."""
