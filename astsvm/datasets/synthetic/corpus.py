"""Write a synthetic corpus to disk, in a layout that a dataset loader reads.

``ROOT/SYNTHETIC.json`` is written first, so that nothing in the folder can be taken for real, and
the annotation sheet last, so that a corpus that was cut short cannot be taken for a whole one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2

from astsvm.datasets.synthetic.action_units import CLASSES
from astsvm.datasets.synthetic.difficulty import Difficulty, find_difficulty
from astsvm.datasets.synthetic.face import check_size
from astsvm.datasets.synthetic.frame_writing import write_subject
from astsvm.datasets.synthetic.layouts import find_layout
from astsvm.datasets.synthetic.layouts.arrangement import arrange
from astsvm.datasets.synthetic.layouts.contract import (
    LARGEST_DATABASE,
    Arrangement,
    Entry,
    Layout,
)
from astsvm.datasets.synthetic.mark import MARK, mark_of
from astsvm.datasets.synthetic.naming import check_integer, check_seed
from astsvm.datasets.synthetic.plan import CorpusPlan
from astsvm.datasets.synthetic.script import check_fps
from astsvm.errors import SettingsError, StorageError
from astsvm.execution import refuse_unguarded_script, run_tasks
from astsvm.execution.local import WorkerLostError

__all__ = ["CorpusSummary", "write_corpus"]


@dataclass(frozen=True)
class CorpusSummary:
    """What :func:`write_corpus` wrote.

    Parameters
    ----------
    root : Path
    subjects, clips, frames : int
        Totals; a frame that is written in two forms counts once.
    labels : dict of str to int
        Clips per class.
    faults : int
        Planted faults.
    """

    root: Path
    subjects: int
    clips: int
    frames: int
    labels: dict[str, int]
    faults: int = 0


def write_corpus(
    root: Path | str,
    *,
    subjects: int = 16,
    clips: int = 8,
    difficulty: str | Difficulty = "hard",
    seed: int = 1,
    size: tuple[int, int] = (640, 480),
    fps: float | None = None,
    layout: str = "folder",
    faults: bool = False,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> CorpusSummary:
    """Write a synthetic corpus: frames, an annotation sheet, and ``SYNTHETIC.json``.

    Equal arguments give equal bytes, whatever the number of workers.

    Parameters
    ----------
    root : path
        A folder that is empty or not there yet.
    subjects : int
        Number of subjects, 1 to 9999; to 999 in the layout of a real database.
    clips : int
        Clips of each subject, in the same range; the corpus needs three clips at least.
    difficulty : str or Difficulty
        ``"easy"``, ``"medium"``, ``"hard"``, ``"extreme"``, or values of your own.
    seed : int
        0 to 2**32 - 1. Layouts draw different faces from one seed, so that subjects of two
        corpora are never the same.
    size : (int, int)
        Frame width and height, 320 x 240 to 640 x 480.
    fps : float, optional
        Frames per second, 25 to 1000. By default that of the layout, 100 for ``"folder"``; a real
        database has no other.
    layout : str
        ``"folder"``: ``clips.csv`` and PNG frames. ``"casme2"``, ``"smic"``, ``"samm"``: sheets,
        folders and names as in that database; see the modules of these names in
        :mod:`astsvm.datasets.synthetic.layouts`.
    faults : bool
        Plant the faults of the published databases, each in a clip of its own, and list them in
        ``SYNTHETIC.json`` under ``faults``; not for ``"folder"``.
    workers : int
        Processes, started afresh (a script that asks for more than one needs the usual
        ``if __name__ == "__main__"``); 1 works in this process.
    progress : callable, optional
        Called with the number of clips written and the number of all clips.

    Raises
    ------
    SettingsError
        If an argument is out of range.
    StorageError
        If `root` is not empty or cannot be written to, or if a worker process dies.
    """
    chosen = find_layout(layout)
    plan = _plan(chosen, subjects, clips, difficulty, seed, size, fps)
    if faults and not chosen.fault_kinds:
        raise SettingsError(
            f"faults: expected the layout of a real database, received the layout {layout!r}, "
            "which has none to plant."
        )
    workers = check_integer("workers", workers, 1, 256)
    if workers > 1:
        refuse_unguarded_script()
    target = Path(root)
    arrangement = arrange(chosen, plan, faults=faults)
    mark = mark_of(plan, chosen.name, arrangement)
    try:
        _require_empty(target)
        target.mkdir(parents=True, exist_ok=True)
        (target / MARK).write_text(json.dumps(mark, indent=1) + "\n", "utf-8", newline="")
        _write_clips(target, plan, arrangement, workers, progress)
        (target / chosen.sheet).write_bytes(arrangement.sheet)
    except WorkerLostError as error:
        raise StorageError(
            f"{target}: drawing stopped: {error} Memory may have run short, so try fewer workers. "
            "Delete the folder first."
        ) from error
    except OSError as error:
        raise StorageError(
            f"{target}: the corpus cannot be written: {error.strerror or error}. "
            "Choose a folder you may write to, on a disk with room."
        ) from error
    return _summary(target, plan, arrangement)


def _plan(
    layout: Layout,
    subjects: int,
    clips: int,
    difficulty: str | Difficulty,
    seed: int,
    size: tuple[int, int],
    fps: float | None,
) -> CorpusPlan:
    most = 9999 if layout.name == "folder" else LARGEST_DATABASE
    plan = CorpusPlan(
        subjects=check_integer("subjects", subjects, 1, most),
        clips=check_integer("clips", clips, 1, most),
        difficulty=find_difficulty(difficulty),
        seed=check_seed(seed),
        size=check_size(size),
        fps=check_fps(layout.fps if fps is None else fps),
        first_subject=layout.first_subject,
    )
    if plan.fps != layout.fps and not layout.any_fps:
        raise SettingsError(
            f"fps: expected {layout.fps:g} or none, the rate of {layout.name}, which its sheet "
            f"does not tell; received {fps!r}."
        )
    if plan.subjects * plan.clips < len(CLASSES):
        raise SettingsError(
            f"subjects, clips: expected at least {len(CLASSES)} clips in all, one for each class, "
            f"received {plan.subjects} x {plan.clips}."
        )
    return plan


def _require_empty(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise StorageError(f"{target}: expected a new or empty folder, found a file.")
    if target.is_dir() and next(target.iterdir(), None) is not None:
        raise StorageError(
            f"{target}: expected a new or empty folder, found one that is not empty. "
            "Name another folder, or empty this one yourself."
        )


def _write_clips(
    target: Path,
    plan: CorpusPlan,
    arrangement: Arrangement,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    by_subject: dict[int, list[Entry]] = {}
    for entry in arrangement.entries:
        by_subject.setdefault(entry.subject, []).append(entry)
    total, done = len(arrangement.entries), 0

    def report(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    report(0)
    if workers == 1:
        for entries in by_subject.values():
            for count in write_subject(target, plan, entries):
                report(count)
        return
    draw = partial(_write_whole_subject, target, plan)
    with closing(run_tasks(draw, list(by_subject.values()), workers=workers)) as outcomes:
        for outcome in outcomes:
            if outcome.result is None:
                raise outcome.error or StorageError(f"{target}: a subject was not drawn.")
            report(outcome.result)


def _write_whole_subject(target: Path, plan: CorpusPlan, entries: list[Entry]) -> int:
    # One processor core a worker: the workers share the machine.
    cv2.setNumThreads(1)
    return sum(write_subject(target, plan, entries))


def _summary(target: Path, plan: CorpusPlan, arrangement: Arrangement) -> CorpusSummary:
    counts = dict.fromkeys(CLASSES, 0)
    frames: set[tuple[int, int, int]] = set()
    for entry in arrangement.entries:
        counts[entry.label] += 1
        frames.update(
            (entry.subject, entry.clip, index) for files in entry.folders for index in files.names
        )
    clips = len(arrangement.entries)
    faults = len(arrangement.faults)
    return CorpusSummary(target, plan.subjects, clips, len(frames), counts, faults)
