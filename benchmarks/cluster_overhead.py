"""What a fold costs more on a Ray cluster than in a process of this machine.

The same folds are computed one after the other by one process, started here and as Ray tasks on a
cluster that is started here, in turn; whatever else the machine does meets both. What a fold costs
beyond its own seconds is the overhead: handing it over, sending its result back, and, on a
cluster, the check of the software. Starting up and sending the clips are paid once and stand in
rows of their own. A fold's own seconds are those of the same arithmetic: where they differ, it is
the machine that had other work.

Run: ``python benchmarks/cluster_overhead.py``
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from astsvm.clip import Clip
from astsvm.config import Settings
from astsvm.datasets import Dataset
from astsvm.evaluation.cluster_folds import run_folds_on_cluster
from astsvm.evaluation.fold import FoldResult, run_fold
from astsvm.evaluation.run_plan import RunPlan, plan_run
from astsvm.execution import TaskOutcome, run_tasks
from astsvm.execution.ray_connection import ray_connection
from astsvm.storage import ClipArrays, PartsFolder, ProcessedClip, open_clips
from astsvm.versions import installed_versions

CLASSES = ("negative", "positive", "surprise")
# Ray lets its processes step back behind all others; on a busy machine that would be measured.
os.environ.setdefault("RAY_worker_niceness", "0")
LARGE = 442, 10, 192, 192
"""Clips, steps, height and width of MEGC2019 at full size."""


Timing = tuple[float, list[float], list[float]]


@contextmanager
def planned(folder: Path, subjects: int, epochs: int) -> Iterator[RunPlan]:
    """Write random clips of 3 a subject, and plan their folds."""
    settings = Settings.from_preset("demo")
    settings = settings.replace(training=settings.training.replace(epochs=epochs))
    clips = tuple(
        Clip("samm", f"s{subject:02d}", f"c{number}", label, folder / "none.avi")
        for subject in range(subjects)
        for number, label in enumerate(CLASSES)
    )
    dataset = Dataset("folder", folder, clips, synthetic=True)
    with PartsFolder.open(folder / "clips.h5", dataset, settings.preprocessing) as parts:
        for index, clip in enumerate(clips):
            drawn = np.random.default_rng(index).normal(size=(10, 96, 96, 3)).astype(np.float32)
            parts.store(
                index, ProcessedClip(clip, {"flow": drawn[..., :2], "idsf": drawn[..., 2:]})
            )
        parts.assemble()
    with open_clips(folder / "clips.h5") as collection:
        yield plan_run(collection, settings, "as-labelled", 1)


def timed(start: Callable[[], Generator[TaskOutcome[FoldResult]]]) -> Timing:
    """Return seconds to the first fold's end beyond its own, and of the others: own, beyond."""
    before = time.perf_counter()
    own: list[float] = []
    beyond: list[float] = []
    for outcome in start():
        now = time.perf_counter()
        assert outcome.result is not None, outcome.error
        own.append(outcome.result.seconds)
        beyond.append(now - before - outcome.result.seconds)
        before = now
    # Ending the processes is paid once, too.
    return beyond[0] + time.perf_counter() - before, own[1:], beyond[1:]


def compare(plan: RunPlan, rounds: int) -> None:
    """Print what folds take in both ways."""
    ways: dict[str, Callable[[], Generator[TaskOutcome[FoldResult]]]] = {
        "processes": lambda: run_tasks(run_fold, plan.tasks, workers=1),
        "cluster": lambda: run_folds_on_cluster(plan.tasks, address="local", workers=1),
    }
    found: dict[str, list[Timing]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, start in ways.items():
            found[name].append(timed(start))
    epochs = plan.config["settings"]["training"]["epochs"]
    print(f"{rounds} times {len(plan.tasks)} folds of {epochs} epochs, one at a time\n")
    print("| | fold itself, s | beyond it, ms: median | largest | once, s |")
    print("|---|---|---|---|---|")
    folds = [seconds for results in found.values() for result in results for seconds in result[1]]
    whole = {}
    for name, results in found.items():
        own = [seconds for result in results for seconds in result[1]]
        beyond = [seconds for result in results for seconds in result[2]]
        whole[name] = statistics.median(folds) + statistics.median(beyond)
        once = statistics.median(result[0] for result in results)
        print(
            f"| {name} | {statistics.median(own):.3f} | {1e3 * statistics.median(beyond):.1f} "
            f"| {1e3 * max(beyond):.1f} | {once:.1f} |"
        )
    ratio = whole["cluster"] / whole["processes"]
    print(f"\nThe same fold with what is beyond it, cluster / processes: {ratio:.4f}")


def send_large() -> None:
    """Print what it takes to bring the clips of a whole MEGC2019 to a node."""
    import ray

    count, *shape = LARGE
    flow = np.random.default_rng(1).integers(0, 2**15, (count, *shape, 2), np.uint16)
    arrays = ClipArrays.read(_InMemory(flow.view(np.float16)), ["flow"], np.arange(count))
    with ray_connection("local"):
        began = time.perf_counter()
        reference = ray.put(arrays)
        put = time.perf_counter() - began
        began = time.perf_counter()
        there = ray.get(reference)
        got = time.perf_counter() - began
        began = time.perf_counter()
        there.verify()
        verified = time.perf_counter() - began
    print(
        f"\n{flow.nbytes / 2**20:.0f} MiB of clips: put into the object store in {put:.2f} s "
        f"(once), opened by a process in {1e3 * got:.1f} ms (each fold), checked in "
        f"{verified:.2f} s (once a process)"
    )


class _InMemory:
    """Clips that were never in a file."""

    def __init__(self, flow: np.ndarray) -> None:
        self._flow = flow

    def read_batch(self, stream: str, indices: np.ndarray) -> np.ndarray:
        """Return them all."""
        return self._flow


def main() -> None:
    """Print the tables with their circumstances."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    print(f"commit {commit}, {time.strftime('%Y-%m-%d')}, {platform.platform()}")
    versions = installed_versions(["ray", "tensorflow", "numpy"])
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {told}")
    with (
        tempfile.TemporaryDirectory() as folder,
        planned(Path(folder), options.subjects, options.epochs) as plan,
    ):
        compare(plan, options.rounds)
    send_large()


if __name__ == "__main__":
    main()
