"""A synthetic corpus in the layout of SAMM, see :mod:`astsvm.datasets.samm`.

::

    ROOT/SAMM_Micro_FACS_Codes_v2.xlsx          worksheet MICRO_ONLY, 13 rows above the header
    ROOT/SAMM/006/006_1_2/006_05562.jpg         whole frames in grey, onset to offset

Files are numbered as the sheet counts. Frames are JPEG, quality 95: lossy, as in reality; they have
the corpus's size and not the 960 x 650 of the database. Durations are formulas with stored values.
Emotions are drawn within the clip's class as often as in the database; "other" is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from astsvm.datasets.synthetic.layouts.action_unit_codes import (
    action_unit_text,
    coded_units,
    objective_class,
)
from astsvm.datasets.synthetic.layouts.contract import Cell, Entry, FrameFiles, Layout, Row
from astsvm.datasets.synthetic.layouts.drawing import draw_emotion, real_number, subject_stream
from astsvm.datasets.synthetic.layouts.spreadsheet import Formula, duration, workbook_bytes
from astsvm.datasets.synthetic.plan import STATEMENT, CorpusPlan
from astsvm.datasets.synthetic.subject import draw_manner

__all__ = ["LAYOUT"]

EMOTIONS = {
    "negative": {"Anger": 57, "Contempt": 12, "Disgust": 9, "Fear": 8, "Sadness": 6},
    "positive": {"Happiness": 26},
    "surprise": {"Surprise": 15},
}
"""Emotions of each class, and how often the database holds them."""

_SUBJECTS = (
    *(6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28),
    *(30, 31, 32, 33, 34, 35, 36, 37),
)
_KNOWN_ERRORS = frozenset({"028_4_1", "032_3_1", "032_3_2"})
_PREAMBLE: tuple[tuple[Cell, ...], ...] = (
    ("Master codes of a SYNTHETIC data set", None, None, None, f"({STATEMENT})"),
    (),
    ("The columns are those of the SAMM data set.",),
    (None, None, None, None, "(The emotions and objective classes follow from what is planted.)"),
    (),
    ("Symbols:",),
    ('"+" = and',),
    ('"A" = on both sides, more on one',),
    (),
    ("Action units:",),
    ('"A12" = unit 12, more on one side',),
    ('"4+7" = units 4 and 7',),
    (),
)
_COLUMNS = (
    *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame"),
    *("Duration", "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
)
_FILMS = 7
_ONSETS = (300, 9500)


def _entries_of(plan: CorpusPlan, subject: int, labels: list[str]) -> Iterator[Entry]:
    number = plan.first_subject + subject
    rng = subject_stream(plan.seed, number)
    _, imbalance = draw_manner(number, plan.seed)
    name = f"{real_number(subject, _SUBJECTS):03d}"
    names = _draw_names(name, len(labels), rng)
    for clip, (label, clip_id) in enumerate(zip(labels, names, strict=True), start=1):
        script = plan.script(subject, clip, label)
        units = coded_units(script.action_units)
        emotion = draw_emotion(EMOTIONS[label], rng)
        first = int(rng.integers(*_ONSETS)) - script.onset
        row = Row(
            subject=name,
            clip=clip_id,
            onset=first + script.onset,
            apex=first + script.apex,
            offset=first + script.offset,
            emotion=emotion,
            action_units=action_unit_text(units, imbalance, ("A", "A")),
            objective_class=objective_class(units),
        )
        files = FrameFiles.numbered(
            f"SAMM/{name}/{clip_id}",
            range(script.onset, script.offset + 1),
            f"{name}_%05d.jpg",
            first,
        )
        yield Entry(
            subject, clip, label, f"{name}/{clip_id}", (row,), (files,), emotion.lower(), first
        )


def _draw_names(subject: str, count: int, rng: np.random.Generator) -> list[str]:
    """Draw ids: subject, the film that was watched, and a number within it."""
    numbers: Counter[int] = Counter()
    names = []
    for film in np.sort(rng.integers(1, _FILMS + 1, count)):
        numbers[int(film)] += 1
        while f"{subject}_{film}_{numbers[int(film)]}" in _KNOWN_ERRORS:
            numbers[int(film)] += 1
        names.append(f"{subject}_{film}_{numbers[int(film)]}")
    return names


def _sheet_bytes(plan: CorpusPlan, entries: Sequence[Entry]) -> bytes:
    rows = [row for entry in entries for row in entry.rows]
    first = len(_PREAMBLE) + 2
    lines = [_cells(row, line) for line, row in enumerate(rows, start=first)]
    return workbook_bytes({"MICRO_ONLY": [*_PREAMBLE, _COLUMNS, *lines]}, STATEMENT)


def _cells(row: Row, line: int) -> tuple[Cell | Formula, ...]:
    film = int(row.clip.split("_")[1])
    frames = (row.onset, row.apex, row.offset)
    lasting = duration(f"=SUM(F{line}-D{line})+1", row.onset, row.offset)
    told = (row.action_units, row.emotion, row.objective_class)
    return (row.subject, row.clip, film, *frames, lasting, "Micro - 1/2", *told, None)


LAYOUT = Layout(
    name="samm",
    sheet="SAMM_Micro_FACS_Codes_v2.xlsx",
    fps=200.0,
    any_fps=False,
    first_subject=4000,
    fault_kinds=(
        *("apex is empty", "apex after offset", "apex before onset"),
        *("apex is onset", "apex is offset", "offset before onset", "unknown emotion"),
        *("duplicate id", "repeated row", "missing frame", "missing end", "missing folder"),
        *("not in the sheet", "subject without zeros", "number as text", "emotion in capitals"),
    ),
    entries_of=_entries_of,
    sheet_bytes=_sheet_bytes,
)
