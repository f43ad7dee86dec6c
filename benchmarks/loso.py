"""How long leave-one-subject-out takes for 442 clips of 68 subjects, and how much memory.

A clip file of random features of that size is written (or read again, with --clips), and folds of
it go through the processes that `astsvm train --loso` uses, one computing thread each: first one
of a single epoch per process, which starts and compiles; then one of a single epoch, warm; then
folds of --epochs epochs. The whole run is what a warm fold takes, plus what an epoch takes times
the epochs that are missing, times 68 folds, divided by the processes; --epochs 50 leaves nothing to
extrapolate within a fold. On a busy machine the CPU-seconds are the figure to trust: they are what
the seconds would be if each process had a core to itself. Memory is the proportional set size of
the driver and its processes together: pages that several hold count once.

Run: ``python benchmarks/loso.py --preset paper`` (about 5 minutes a preset)
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from clip_files import write_random_clips
from provenance import describe_run

from astsvm import open_clips
from astsvm.config import PRESETS, Settings
from astsvm.evaluation.fold import FoldTask, run_fold
from astsvm.evaluation.run_plan import plan_run
from astsvm.execution import run_tasks

CLIPS, SUBJECTS = 442, 68
COMPARED_EPOCHS = 50


class MemoryWatch:
    """Peak memory of this process and its descendants, looked at four times a second."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self.peak_workers_mb = 0.0
        self._end = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[MemoryWatch]:
        """Watch as long as the ``with`` statement lasts."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.25):
            sizes = {process: _proportional_mb(process) for process in _family(os.getpid())}
            self.peak_mb = max(self.peak_mb, sum(sizes.values()))
            workers = sum(size for process, size in sizes.items() if process != os.getpid())
            self.peak_workers_mb = max(self.peak_workers_mb, workers)


def _family(process: int) -> list[int]:
    """Return a process and all that descend from it."""
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [int(c) for t in tasks for c in (t / "children").read_text().split()]
    except OSError:
        return []
    return [process] + [member for child in children for member in _family(child)]


def _proportional_mb(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in text.splitlines() if line.startswith("Pss:")]
    return sum(map(int, sizes)) / 1024


def measure(path: Path, preset: str, workers: int, epochs: int, folds: int) -> dict[str, float]:
    """Run the folds and return seconds and megabytes."""
    settings = Settings.from_preset(preset)
    with open_clips(path) as clips:
        plan = plan_run(clips, settings, "as-labelled", seeds=1)
        counts = [1] * (2 * workers) + [epochs] * folds
        tasks = [_with_epochs(task, n) for task, n in zip(plan.tasks, counts, strict=False)]
        with MemoryWatch().watching() as memory:
            times = _times(tasks, workers)
    own, figures = settings.training.epochs, {}
    for kind, values in zip(("s", "CPU-s"), times.T, strict=True):
        first, warm, long = (part.mean() for part in np.split(values, [workers, 2 * workers]))
        epoch = (long - warm) / (epochs - 1)
        figures |= {
            f"{kind} an epoch": epoch,
            f"{kind} a fold of 1 epoch, first of a process": first,
            f"{kind} a fold of 1 epoch, warm": warm,
            f"{kind} a fold of {epochs} epochs": long,
        }
        for number in sorted({COMPARED_EPOCHS, own}):
            fold = warm + (number - 1) * epoch
            whole = fold * SUBJECTS / workers + first - warm
            figures[f"hours of {kind}, {SUBJECTS} folds of {number} epochs"] = whole / 3600
            figures[f"share of starting and compiling, {number} epochs"] = (first - warm) / whole
    figures["MB, processes together"] = memory.peak_workers_mb
    figures["MB, driver and processes together"] = memory.peak_mb
    return figures


def _with_epochs(task: FoldTask, epochs: int) -> FoldTask:
    training = task.settings.training.replace(epochs=epochs)
    return replace(task, settings=task.settings.replace(training=training))


def timed_fold(task: FoldTask) -> tuple[float, float]:
    """Run a fold in a worker; return its seconds and CPU-seconds, importing TensorFlow included."""
    began = time.process_time()
    return run_fold(task).seconds, time.process_time() - began


def _times(tasks: Sequence[FoldTask], workers: int) -> npt.NDArray[np.float64]:
    """Run the tasks and return seconds and CPU-seconds of each, shape (tasks, 2)."""
    found = np.zeros((len(tasks), 2))
    for outcome in run_tasks(timed_fold, tasks, workers=workers):
        if outcome.result is None:
            raise RuntimeError(f"a fold failed: {outcome.error}")
        found[outcome.index] = outcome.result
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=PRESETS, default="paper")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=4, help="epochs of the long folds, 2 or more")
    parser.add_argument("--folds", type=int, default=2, help="a multiple of --workers")
    parser.add_argument("--clips", type=Path, help="clip file; written if it is not there")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    arguments = parser.parse_args()
    run = describe_run()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.clips or Path(folder) / "clips.h5"
        if not path.exists():
            began = time.perf_counter()
            write_random_clips(path, CLIPS, SUBJECTS)
            print(f"wrote {path} in {time.perf_counter() - began:.0f} s")
        found = measure(
            path, arguments.preset, arguments.workers, arguments.epochs, arguments.folds
        )
    print(f"preset {arguments.preset}, {arguments.workers} processes of one thread")
    for name, value in found.items():
        print(f"  {name:48} {value:10.3f}")
    print("\n" + "\n".join(f"{key}: {value}" for key, value in run.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps({"run": run, "figures": found}, indent=1))


if __name__ == "__main__":
    main()
