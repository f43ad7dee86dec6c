"""A synthetic corpus in the layout of CASME II, see :mod:`astsvm.datasets.casme2`.

::

    ROOT/CASME2-coding-20190701.xlsx
    ROOT/Cropped/sub01/EP02_01f/reg_img46.jpg           the face, onset to offset
    ROOT/CASME2_RAW_selected/sub01/EP02_01f/img46.jpg   whole frames, some before and after too

Files are numbered as the sheet counts. Frames are JPEG in colour, quality 95: lossy, as in reality.
Whole frames have the size of the corpus. Ids with known errors, which loaders and protocols treat
apart, do not occur. Emotions are drawn within the clip's class as often as in the database;
"others", sadness and fear, which stand for no class of the generator, are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from astsvm.datasets.synthetic.layouts.action_unit_codes import (
    action_unit_text,
    coded_units,
    objective_class,
)
from astsvm.datasets.synthetic.layouts.contract import Cell, Entry, FrameFiles, Layout, Row
from astsvm.datasets.synthetic.layouts.drawing import draw_emotion, subject_stream
from astsvm.datasets.synthetic.layouts.spreadsheet import workbook_bytes
from astsvm.datasets.synthetic.plan import STATEMENT, CorpusPlan
from astsvm.datasets.synthetic.subject import draw_manner

__all__ = ["LAYOUT"]

EMOTIONS = {
    "negative": {"disgust": 63, "repression": 27},
    "positive": {"happiness": 32},
    "surprise": {"surprise": 28},
}
"""Emotions of each class, and how often the database holds them."""

KNOWN_ERRORS = frozenset(
    ("EP01_08", "EP06_01", "EP09_05f", "EP09_06", "EP12_01f", "EP16_01", "EP16_04f", "EP18_04f")
)
"""Ids that are avoided for every subject."""

_COLUMNS = (
    *("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None),
    *("Action Units", "Estimated Emotion", "Objective Classes"),
)
_FILMS = 19
_ONSETS = (20, 200)
"""Most onsets of the database lie in this range."""


def _entries_of(plan: CorpusPlan, subject: int, labels: list[str]) -> Iterator[Entry]:
    number = plan.first_subject + subject
    rng = subject_stream(plan.seed, number)
    _, imbalance = draw_manner(number, plan.seed)
    name = f"{subject:02d}"
    for clip, (label, film) in enumerate(
        zip(labels, _draw_names(len(labels), rng), strict=True), start=1
    ):
        script = plan.script(subject, clip, label)
        units = coded_units(script.action_units)
        emotion = draw_emotion(EMOTIONS[label], rng)
        first = int(rng.integers(*_ONSETS)) - script.onset
        row = Row(
            subject=name,
            clip=film,
            onset=first + script.onset,
            apex=first + script.apex,
            offset=first + script.offset,
            emotion=emotion,
            action_units=action_unit_text(units, imbalance, ("R", "L")),
            objective_class=objective_class(units),
        )
        folders = (
            FrameFiles.numbered(
                f"Cropped/sub{name}/{film}",
                range(script.onset, script.offset + 1),
                "reg_img%d.jpg",
                first,
                colour=True,
                face_only=True,
            ),
            FrameFiles.numbered(
                f"CASME2_RAW_selected/sub{name}/{film}",
                range(script.length),
                "img%d.jpg",
                first,
                colour=True,
            ),
        )
        yield Entry(subject, clip, label, f"{name}/{film}", (row,), folders, emotion, first)


def _draw_names(count: int, rng: np.random.Generator) -> list[str]:
    """Draw ids: the film that was watched, a number, and an ``f`` for some."""
    numbers = max(12, 2 * count // _FILMS)
    possible = [
        f"EP{film:02d}_{number:02d}{'f' * (rng.uniform() < 0.4)}"
        for film in range(1, _FILMS + 1)
        for number in range(1, numbers + 1)
    ]
    possible = [name for name in possible if name not in KNOWN_ERRORS]
    chosen = np.sort(rng.permutation(len(possible))[:count])
    return [possible[index] for index in chosen]


def _sheet_bytes(plan: CorpusPlan, entries: Sequence[Entry]) -> bytes:
    rows = [_cells(row) for entry in entries for row in entry.rows]
    return workbook_bytes({"Sheet1": [_COLUMNS, *rows], "Sheet2": [], "Sheet3": []}, STATEMENT)


def _cells(row: Row) -> tuple[Cell, ...]:
    frames = (row.onset, row.apex, row.offset)
    told = (row.action_units, row.emotion, row.objective_class)
    return (row.subject, row.clip, None, *frames, None, *told)


LAYOUT = Layout(
    name="casme2",
    sheet="CASME2-coding-20190701.xlsx",
    fps=200.0,
    any_fps=False,
    first_subject=2000,
    fault_kinds=(
        *("apex is a slash", "apex is empty", "apex after offset", "apex before onset"),
        *("apex is onset", "apex is offset", "offset before onset", "unknown emotion"),
        *("duplicate id", "repeated row", "missing frame", "missing end", "missing folder"),
        *("not in the sheet", "subject without zeros", "number as text", "emotion in capitals"),
    ),
    entries_of=_entries_of,
    sheet_bytes=_sheet_bytes,
)
