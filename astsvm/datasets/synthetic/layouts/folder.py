"""The layout of your own clips: ``clips.csv`` and a folder of grey PNG frames for each clip."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from astsvm.datasets.synthetic.layouts.contract import Entry, FrameFiles, Layout
from astsvm.datasets.synthetic.naming import clip_name, subject_name
from astsvm.datasets.synthetic.plan import CorpusPlan

__all__ = ["LAYOUT"]

_COLUMNS = ("clip", "subject", "label", "path", "database", "onset", "apex", "offset", "fps")


def _entries_of(plan: CorpusPlan, subject: int, labels: list[str]) -> Iterator[Entry]:
    for clip, label in enumerate(labels, start=1):
        name = clip_name(subject, clip)
        frames = range(plan.script(subject, clip, label).length)
        folder = f"frames/{subject_name(subject)}/{name}"
        files = FrameFiles.numbered(folder, frames, "frame_%04d.png", 0)
        yield Entry(subject, clip, label, name, (), (files,))


def _sheet_bytes(plan: CorpusPlan, entries: Sequence[Entry]) -> bytes:
    """Return ``clips.csv``: frame numbers are 0-based positions in the folder."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for entry in entries:
        script = plan.script(entry.subject, entry.clip, entry.label)
        names = (entry.key, subject_name(entry.subject), entry.label, entry.folders[0].folder)
        times = (script.onset, script.apex, script.offset, f"{plan.fps:g}")
        writer.writerow((*names, "synthetic", *times))
    return text.getvalue().encode("utf-8")


LAYOUT = Layout(
    name="folder",
    sheet="clips.csv",
    fps=100.0,
    any_fps=True,
    first_subject=0,
    fault_kinds=(),
    entries_of=_entries_of,
    sheet_bytes=_sheet_bytes,
)
