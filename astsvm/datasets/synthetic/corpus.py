"""Write a synthetic corpus to disk, in a layout that a dataset loader reads.

``ROOT/SYNTHETIC.json`` is written first, so that nothing in the folder can be taken for real, and
``ROOT/clips.csv`` last, so that a corpus that was cut short cannot be taken for a whole one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import threadpoolctl

from astsvm.datasets.synthetic.action_units import CLASSES
from astsvm.datasets.synthetic.clip import SyntheticClip
from astsvm.datasets.synthetic.difficulty import Difficulty, find_difficulty
from astsvm.datasets.synthetic.face import check_size
from astsvm.datasets.synthetic.naming import check_integer, check_seed
from astsvm.datasets.synthetic.plan import (
    CorpusPlan,
    each_clip,
    folder_of,
    mark_of,
    plan_labels,
    sheet_of,
)
from astsvm.datasets.synthetic.script import check_fps
from astsvm.datasets.synthetic.subject import draw_subject
from astsvm.errors import SettingsError, StorageError
from astsvm.execution import refuse_unguarded_script

__all__ = [
    "LAYOUTS",
    "MARK",
    "CorpusSummary",
    "write_corpus",
]

LAYOUTS = ("folder",)
"""Layouts a corpus can be written in."""

MARK = "SYNTHETIC.json"
"""The file that marks a folder as synthetic."""

# Sensor noise hardly compresses; the lowest level is three times as fast and as small.
_PNG_SETTINGS = (cv2.IMWRITE_PNG_COMPRESSION, 1)


@dataclass(frozen=True)
class CorpusSummary:
    """What :func:`write_corpus` wrote.

    Parameters
    ----------
    root : Path
    subjects, clips, frames : int
        Totals.
    labels : dict of str to int
        Clips per class.
    """

    root: Path
    subjects: int
    clips: int
    frames: int
    labels: dict[str, int]


def write_corpus(
    root: Path | str,
    *,
    subjects: int = 16,
    clips: int = 8,
    difficulty: str | Difficulty = "hard",
    seed: int = 1,
    size: tuple[int, int] = (640, 480),
    fps: float = 100,
    layout: str = "folder",
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> CorpusSummary:
    """Write a synthetic corpus: grey PNG frames, ``clips.csv`` and ``SYNTHETIC.json``.

    Equal arguments give equal bytes, whatever the number of workers.

    Parameters
    ----------
    root : path
        A folder that is empty or not there yet.
    subjects : int
        Number of subjects, 1 to 9999.
    clips : int
        Clips of each subject, 1 to 9999; the corpus needs three clips at least.
    difficulty : str or Difficulty
        ``"easy"``, ``"medium"``, ``"hard"``, ``"extreme"``, or values of your own.
    seed : int
        0 to 2**32 - 1.
    size : (int, int)
        Frame width and height, 320 x 240 to 640 x 480.
    fps : float
        Frames per second, 25 to 1000.
    layout : str
        ``"folder"``.
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
    if workers > 1:
        refuse_unguarded_script()
    if layout not in LAYOUTS:
        raise SettingsError(f"layout: expected one of {', '.join(LAYOUTS)}, received {layout!r}.")
    plan = CorpusPlan(
        subjects=check_integer("subjects", subjects),
        clips=check_integer("clips", clips),
        difficulty=find_difficulty(difficulty),
        seed=check_seed(seed),
        size=check_size(size),
        fps=check_fps(fps),
    )
    if plan.subjects * plan.clips < len(CLASSES):
        raise SettingsError(
            f"subjects, clips: expected at least {len(CLASSES)} clips in all, one for each class, "
            f"received {plan.subjects} x {plan.clips}."
        )
    workers = check_integer("workers", workers, 1, 256)
    target = Path(root)
    labels = plan_labels(plan.subjects, plan.clips, plan.seed)
    try:
        _require_empty(target)
        target.mkdir(parents=True, exist_ok=True)
        _write_text(target / MARK, json.dumps(mark_of(plan, labels), indent=1) + "\n")
        _write_clips(target, plan, labels, workers, progress)
        _write_text(target / "clips.csv", sheet_of(plan, labels))
    except BrokenProcessPool as error:
        raise StorageError(
            f"{target}: a worker process died; expected {workers} to live. In a script of your "
            "own, work under `if __name__ == '__main__':`; else memory may have run short, so try "
            "fewer workers. Delete the folder first."
        ) from error
    except OSError as error:
        raise StorageError(
            f"{target}: the corpus cannot be written: {error.strerror or error}. "
            "Choose a folder you may write to, on a disk with room."
        ) from error
    return _summary(target, plan, labels)


def _require_empty(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise StorageError(f"{target}: expected a new or empty folder, found a file.")
    if target.is_dir() and next(target.iterdir(), None) is not None:
        raise StorageError(
            f"{target}: expected a new or empty folder, found one that is not empty. "
            "Name another folder, or empty this one yourself."
        )


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))


def _write_clips(
    target: Path,
    plan: CorpusPlan,
    labels: list[list[str]],
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    total, done = plan.subjects * plan.clips, 0

    def report(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    report(0)
    if workers == 1:
        for number, own in enumerate(labels, start=1):
            for count in _write_subject(target, plan, number, own):
                report(count)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _one_thread)
    try:
        tasks: list[Future[int]] = [
            pool.submit(_write_whole_subject, target, plan, number, own)
            for number, own in enumerate(labels, start=1)
        ]
        for task in as_completed(tasks):
            report(task.result())
    finally:
        pool.shutdown(cancel_futures=True)


def _one_thread() -> None:
    """Keep a worker to one processor core: the workers share the machine."""
    cv2.setNumThreads(1)
    threadpoolctl.threadpool_limits(1)


def _write_whole_subject(target: Path, plan: CorpusPlan, number: int, labels: list[str]) -> int:
    return sum(_write_subject(target, plan, number, labels))


def _write_subject(target: Path, plan: CorpusPlan, number: int, labels: list[str]) -> Iterator[int]:
    """Write the clips of a subject, yielding 1 after each."""
    subject = draw_subject(number, seed=plan.seed, size=plan.size)
    for clip_number, label in enumerate(labels, start=1):
        clip = SyntheticClip(subject, clip_number, label, difficulty=plan.difficulty, fps=plan.fps)
        folder = target / folder_of(number, clip_number)
        folder.mkdir(parents=True)
        for index in range(len(clip)):
            _, encoded = cv2.imencode(".png", clip.frame(index), _PNG_SETTINGS)
            (folder / f"frame_{index:04d}.png").write_bytes(encoded.tobytes())
        yield 1


def _summary(target: Path, plan: CorpusPlan, labels: list[list[str]]) -> CorpusSummary:
    counts = dict.fromkeys(CLASSES, 0)
    frames = 0
    for subject, clip, label in each_clip(labels):
        counts[label] += 1
        frames += plan.script(subject, clip, label).length
    return CorpusSummary(target, plan.subjects, plan.subjects * plan.clips, frames, counts)
