"""What preprocessing a clip costs: written as one would at first, and ours, stage by stage.

Both run in this process, on one thread, on the same SYNTHETIC clips of 60 frames of 640 x 480, with
the settings of the preset `paper`. Each stage gets the same input in both, and what both compute
alike has to agree; the two Lucas-Kanades are different methods, and are compared with the
generator's exact motion. A time is the least of several, in CPU-seconds, which a busy machine
changes little; peak memory is what the process held more than before, at the most.

"EVM and TIM" is another comparison: magnification then interpolation as they are, against both in
one matrix, since both are linear in time.

Then whole runs: one worker and two, what a worker holds at the most, and a clip of 2,000 frames of
1280 x 720.

Run: ``python benchmarks/preprocess.py`` (about 3 minutes)
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import plain_preprocessing as plain
from preprocess_runs import measure_runs
from preprocess_stages import (
    FRAMES,
    Call,
    draw_clip,
    drawn_frames,
    endpoint_errors,
    source_pairs,
    stage_pairs,
    write_sources,
)
from provenance import describe_run
from threadpoolctl import threadpool_limits

LIBRARIES = ("numpy", "scipy", "opencv-python-headless", "dlib-bin", "h5py")
AGREEMENT = {
    "face": 0.0,
    "alignment": 1e-4,
    "magnification": 1e-5,
    "interpolation": 1e-5,
    "head motion": 0.0,
    "idsf": 0.0,
    "EVM and TIM": 1e-5,
    "PNG": 0.0,
    "MP4": 0.0,
}
"""The largest difference there may be; the rest computes something else on purpose."""


@dataclass(frozen=True)
class Cost:
    """What a call took at the least, and held at the most beyond what was there before."""

    cpu_ms: float
    wall_ms: float
    memory_mb: float


@dataclass(frozen=True)
class Comparison:
    """A stage of a clip, or the whole of it; `difference` is the largest, None if unlike."""

    plain: Cost
    ours: Cost
    difference: float | None

    @property
    def ratio(self) -> float:
        """Times that ours is faster, by CPU time."""
        return self.plain.cpu_ms / self.ours.cpu_ms


def main() -> None:
    """Measure, compare, and print; exit with 1 if what should agree does not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=3, help="clips to compare stages on")
    parser.add_argument("--repeats", type=int, default=7, help="runs of ours; of the plain 2")
    parser.add_argument("--run-clips", type=int, default=442, help="clips of a whole run; 0: none")
    parser.add_argument("--long-frames", type=int, default=2000, help="of the long clip; 0: none")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    arguments = parser.parse_args()
    run = describe_run(LIBRARIES)
    with threadpool_limits(1):
        cv2.setNumThreads(1)
        clips = [draw_clip(number) for number in range(1, arguments.clips + 1)]
        faces = plain.PlainFaces()
        found = [_compare(drawn_frames(clip), faces, arguments.repeats) for clip in clips]
        errors = endpoint_errors(clips)
    _show(found, errors)
    runs = measure_runs(arguments.run_clips, arguments.long_frames)
    print("\n" + "\n".join(f"{key}: {value}" for key, value in {**runs, **run}.items()))
    if arguments.json:
        stages = [{name: asdict(one) for name, one in clip.items()} for clip in found]
        figures = {"run": run, "clips": stages, "endpoint error": errors, "runs": runs}
        arguments.json.write_text(json.dumps(figures, indent=1))
    sys.exit(_disagreement(found))


def _compare(
    frames: np.typing.NDArray[np.uint8], faces: plain.PlainFaces, repeats: int
) -> dict[str, Comparison]:
    """Run every stage of both, and both from end to end."""
    with tempfile.TemporaryDirectory() as folder:
        sources = write_sources(Path(folder), frames)
        pairs = {**stage_pairs(frames, faces), **source_pairs(*sources, faces)}
        return {name: _measured(name, *pair, repeats) for name, pair in pairs.items()}


def _measured(name: str, slow: Call, quick: Call, repeats: int) -> Comparison:
    theirs, ours = _cost(slow, min(2, repeats)), _cost(quick, repeats)
    difference = None
    if name in AGREEMENT:
        pairs = zip(np.asarray(slow()), np.asarray(quick()), strict=True)
        difference = max(float(np.abs(a.astype(np.float64) - b).max()) for a, b in pairs)
    return Comparison(theirs, ours, difference)


def _cost(call: Call, repeats: int) -> Cost:
    cpu, wall, memory = [], [], []
    for _ in range(repeats):
        Path("/proc/self/clear_refs").write_text("5")  # lets the peak of memory begin anew
        before = _memory_mb("VmRSS")
        began = time.process_time(), time.perf_counter()
        kept = call()
        cpu.append(time.process_time() - began[0])
        wall.append(time.perf_counter() - began[1])
        memory.append(_memory_mb("VmHWM") - before)
        del kept
    return Cost(1e3 * min(cpu), 1e3 * min(wall), max(memory))


def _memory_mb(name: str) -> float:
    """Return an amount of memory of this process, as Linux tells it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def _show(found: list[dict[str, Comparison]], errors: dict[str, float]) -> None:
    """Print the table: medians over the clips, the largest difference of any."""
    print(f"{len(found)} SYNTHETIC clips of {FRAMES} frames, one thread; medians over the clips\n")
    print(f"{'':14} {'plain ms':>9} {'ours ms':>8} {'times':>6} {'plain MB':>9} {'ours MB':>8}")
    for name in found[0]:
        clips = [clip[name] for clip in found]
        figures = np.median(
            [
                (c.plain.cpu_ms, c.ours.cpu_ms, c.ratio, c.plain.memory_mb, c.ours.memory_mb)
                for c in clips
            ],
            axis=0,
        )
        slow, quick, ratio, slow_mb, quick_mb = figures
        agree = f"differ by {_largest(found, name):.1e}" if name in AGREEMENT else ""
        print(
            f"{name:14} {slow:9.2f} {quick:8.2f} {ratio:6.1f} {slow_mb:9.0f} {quick_mb:8.0f}  "
            f"{agree}"
        )
    print("\nMean endpoint error of the flow from onset to apex against the exact motion, pixels")
    for name, value in errors.items():
        print(f"  {name:12} {value:.3f}")


def _largest(found: list[dict[str, Comparison]], name: str) -> float:
    return max(clip[name].difference or 0.0 for clip in found)


def _disagreement(found: list[dict[str, Comparison]]) -> str | None:
    """Name what does not agree, None if all does."""
    apart = [name for name, most in AGREEMENT.items() if _largest(found, name) > most]
    return f"plain and ours disagree: {', '.join(apart)}" if apart else None


if __name__ == "__main__":
    main()
