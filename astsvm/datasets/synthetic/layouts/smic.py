"""A synthetic corpus in the layout of SMIC (HS, cropped), see :mod:`astsvm.datasets.smic`.

::

    ROOT/SMIC-HS-E_annotation.xlsx     worksheets HS and VIS, two empty ones
    ROOT/SMIC_all_cropped/HS/s1/micro/negative/s1_ne_01/reg_image076519.bmp

Frames are the face in colour, onset to offset, numbered as the sheet counts. Offsets are formulas
with stored values, as in the database. Sheet and folders write ``s1_ne_01``; the mark calls the
clip ``s01/s01_ne_01``, as the loader and the official list of MEGC2019 do. The worksheet VIS
lists the subjects from 11 on, whom the slow camera filmed too; no frames of it are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from astsvm.datasets.synthetic.layouts.contract import Cell, Entry, FrameFiles, Layout, Row
from astsvm.datasets.synthetic.layouts.drawing import real_number, subject_stream
from astsvm.datasets.synthetic.layouts.spreadsheet import Formula, duration, workbook_bytes
from astsvm.datasets.synthetic.plan import STATEMENT, CorpusPlan

__all__ = ["LAYOUT"]

SHORT_NAMES = {"negative": "ne", "positive": "po", "surprise": "sur"}

_SUBJECTS = (1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15, 18, 19, 20)
_FILMED_BY_ALL = 11
"""The first subject that the slow camera filmed."""

_COLUMNS_HS = (
    *("Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None),
    *("FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalVL", "Emotion"),
)
_COLUMNS_VIS = tuple(name for name in _COLUMNS_HS if name != "LastF")
_ONSETS = (30_000, 900_000)
_VIDEO_BEFORE, _VIDEO_AFTER = 300, 400
"""Frames of the long video around a clip; it is not written, but the sheet speaks of it."""


def _entries_of(plan: CorpusPlan, subject: int, labels: list[str]) -> list[Entry]:
    rng = subject_stream(plan.seed, plan.first_subject + subject)
    number = real_number(subject, _SUBJECTS)
    counts: Counter[str] = Counter()
    entries = []
    for clip, label in enumerate(labels, start=1):
        counts[label] += 1
        script = plan.script(subject, clip, label)
        first = int(rng.integers(*_ONSETS)) - script.onset
        name = f"s{number}_{SHORT_NAMES[label]}_{counts[label]:02d}"
        row = Row(
            subject=number,
            clip=name,
            onset=first + script.onset,
            apex=None,
            offset=first + script.offset,
            emotion=label,
        )
        files = FrameFiles.numbered(
            f"SMIC_all_cropped/HS/s{number}/micro/{label}/{name}",
            range(script.onset, script.offset + 1),
            "reg_image%06d.bmp",
            first,
            colour=True,
            face_only=True,
        )
        key = f"s{number:02d}/s{number:02d}_{name.partition('_')[2]}"
        entries.append(Entry(subject, clip, label, key, (row,), (files,), label, first))
    return sorted(entries, key=lambda entry: entry.key)


def _sheet_bytes(plan: CorpusPlan, entries: Sequence[Entry]) -> bytes:
    rows = [row for entry in entries for row in entry.rows]
    slow = [row for row in rows if isinstance(row.subject, int) and row.subject >= _FILMED_BY_ALL]
    worksheets = {
        "HS": [_COLUMNS_HS, *(_cells_hs(row, line) for line, row in enumerate(rows, start=2))],
        "VIS": [_COLUMNS_VIS, *(_cells_vis(row, line) for line, row in enumerate(slow, start=2))],
        "Sheet2": [],
        "Sheet3": [],
    }
    return workbook_bytes(worksheets, STATEMENT)


def _cells_hs(row: Row, line: int) -> tuple[Cell | Formula, ...]:
    onset, offset = int(row.onset or 0), int(row.offset or 0)
    video = (onset - _VIDEO_BEFORE, offset + _VIDEO_AFTER)
    end: Cell | Formula = Formula(f"=D{line}+K{line}-1", offset)
    count = offset - onset + 1
    length = Formula(f"=J{line}-I{line}+1", video[1] - video[0] + 1)
    frames = (row.onset, end, None, None, None, *video)
    return (row.subject, row.clip, None, *frames, count, None, length, row.emotion)


def _cells_vis(row: Row, line: int) -> tuple[Cell | Formula, ...]:
    """Tell of the slow camera: 25 instead of 100 frames per second, counted from another start."""
    onset, offset = int(row.onset or 0) // 4, int(row.offset or 0) // 4
    count = duration(f"=E{line}-D{line}+1", onset, offset)
    frames = (onset, offset, None, None, None, onset - _VIDEO_BEFORE // 4)
    length = (_VIDEO_BEFORE + _VIDEO_AFTER) // 4 + offset - onset + 1
    return (row.subject, row.clip, None, *frames, count, None, length, row.emotion)


LAYOUT = Layout(
    name="smic",
    sheet="SMIC-HS-E_annotation.xlsx",
    fps=100.0,
    any_fps=False,
    first_subject=6000,
    fault_kinds=(
        *("label contradicts folder", "offset before onset", "unknown emotion"),
        *(
            "duplicate id of one folder",
            "repeated row",
            "missing frame",
            "missing end",
            "missing folder",
        ),
        *("not in the sheet", "number as text", "emotion in capitals"),
        *("name with zero in sheet", "name with zero on disk"),
    ),
    entries_of=_entries_of,
    sheet_bytes=_sheet_bytes,
)
