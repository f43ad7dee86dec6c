"""Whole runs of preprocessing: workers, their memory, and one long clip.

Each run is a process of its own that calls what `astsvm preprocess` calls. Its workers' peak of
memory is read from the system while they live.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from preprocess_stages import FPS, FRAMES, SETTINGS, draw_clip, drawn_frames

from astsvm.datasets import load_dataset
from astsvm.datasets.synthetic import CLASSES
from astsvm.pipeline import preprocess_dataset

DRAWN = 4
LONG_SIZE = (1280, 720)
POLL_SECONDS = 0.02


def measure_runs(clips: int, long_frames: int) -> dict[str, str]:
    """Time a run of `clips` clips with one worker and two, and one of a single long clip.

    Returns
    -------
    dict of str to str
        What was found, as lines to print; nothing of what is asked for with 0.
    """
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if clips:
            _write_corpus(folder / "short", clips)
            one, two = (_timed(folder, "short", workers) for workers in (1, 2))
            for workers, (seconds, cpu, memory) in ((1, one), (2, two)):
                found[f"{workers} worker(s)"] = (
                    f"{clips} clips of {FRAMES} PNG frames in {seconds:.1f} s ({cpu:.1f} CPU s), "
                    f"{clips / seconds:.1f} a second; a worker held {memory:.0f} MB at the most"
                )
            found["two against one"] = f"{one[0] / two[0]:.2f} times faster, start and end included"
        if long_frames:
            _write_long_clip(folder / "long", long_frames)
            seconds, cpu, memory = _timed(folder, "long", 1)
            found["long clip"] = (
                f"{long_frames} frames of {LONG_SIZE[0]} x {LONG_SIZE[1]} (MP4) in {seconds:.1f} "
                f"s ({cpu:.1f} CPU s); the worker held {memory:.0f} MB at the most"
            )
    return found


def _write_corpus(root: Path, clips: int) -> None:
    """Write a few clips, and name them over and over in the sheet."""
    rows = []
    for number in range(1, DRAWN + 1):
        (root / f"s{number}").mkdir(parents=True)
        for index, frame in enumerate(drawn_frames(draw_clip(number))):
            path = root / f"s{number}" / f"{index:03}.png"
            cv2.imwrite(str(path), frame, (cv2.IMWRITE_PNG_COMPRESSION, 1))
    for number in range(clips):
        source = f"s{number % DRAWN + 1}"
        rows.append((f"c{number:04}", source, CLASSES[number % len(CLASSES)], source))
    _write_sheet(root, rows)


def _write_long_clip(root: Path, frames: int) -> None:
    root.mkdir()
    clip = draw_clip(1)
    drawn = [_widened(clip.frame(clip.onset + index, colour=True)) for index in range(8)]
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    video = cv2.VideoWriter(str(root / "long.mp4"), codec, FPS, LONG_SIZE)
    for index in range(frames):
        video.write(drawn[index % len(drawn)])
    video.release()
    _write_sheet(root, [("long", "s1", CLASSES[0], "long.mp4")])


def _widened(frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Bring a frame to the size of the long clip: larger, and its rim repeated at both sides."""
    width, height = LONG_SIZE
    scale = height / frame.shape[0]
    larger = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    side = (width - larger.shape[1]) // 2
    wide = cv2.copyMakeBorder(larger, 0, 0, side, side, cv2.BORDER_REPLICATE)
    return np.asarray(wide, dtype=np.uint8)


def _write_sheet(root: Path, rows: list[tuple[str, str, str, str]]) -> None:
    with (root / "clips.csv").open("w", newline="", encoding="utf-8") as file:
        sheet = csv.writer(file)
        sheet.writerow(("clip", "subject", "label", "path", "fps"))
        sheet.writerows((*row, FPS) for row in rows)


def _timed(folder: Path, name: str, workers: int) -> tuple[float, float, float]:
    """Run in a process of its own; return its seconds, those of all its processors, and MB.

    The memory is what its largest worker held at the most.
    """
    output = folder / f"{name}{workers}.h5"
    command = [sys.executable, __file__, str(folder / name), str(output), str(workers)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    memory = 0.0
    with subprocess.Popen(command) as run:
        while run.poll() is None:
            memory = max(memory, *(_peak_mb(child) for child in _children(run.pid)), 0.0)
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - began
    if run.returncode:
        raise RuntimeError(f"the run of {name} failed with exit code {run.returncode}.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, memory


def _children(process: int) -> list[int]:
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in found]


def _peak_mb(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return max((int(x.split()[1]) / 1024 for x in lines if x.startswith("VmHWM")), default=0.0)


def _run() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("workers", type=int)
    arguments = parser.parse_args()
    dataset = load_dataset("folder", arguments.root)
    done = preprocess_dataset(dataset, arguments.output, SETTINGS, workers=arguments.workers)
    if done.problems:
        raise RuntimeError(f"clips were left out: {done.problems[0]}")


if __name__ == "__main__":
    _run()
