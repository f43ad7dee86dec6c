"""What preprocessing a clip costs: written as one would at first, and ours, stage by stage.

Both run in this process, on one thread, on the same SYNTHETIC clips of 60 frames of 640 x 480 in
memory, with the settings of the preset `paper`. Each stage gets the same input in both, and what
both compute alike is compared; the two Lucas-Kanades are different methods, and are compared with
the generator's exact motion. A time is the least of several, in CPU-seconds, which a busy machine
changes little; peak memory is what the process held more than before, at the most.

Then whole runs, by the command's own function: one worker and two, what a worker holds at the
most, and a clip of 2,000 frames of 1280 x 720.

Run: ``python benchmarks/preprocess.py`` (about 3 minutes)
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import plain_preprocessing as plain
from preprocess_runs import measure_runs
from provenance import describe_run
from threadpoolctl import threadpool_limits

from astsvm.clip_processing import process_frames
from astsvm.config import Settings
from astsvm.datasets.synthetic import CLASSES, SyntheticClip, draw_subject
from astsvm.features import idsf, optical_flow, without_head_motion
from astsvm.preprocessing import FaceAligner, interpolate_frames, magnify_motion
from astsvm.preprocessing.face import find_landmarks

FRAMES, FPS = 60, 300
SETTINGS = Settings.from_preset("paper").preprocessing
LIBRARIES = ("numpy", "scipy", "opencv-python-headless", "dlib-bin", "h5py")
STAGES = ("face", "alignment", "magnification", "interpolation", "flow", "head motion", "idsf")
MEGABYTE = 2**20

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Cost:
    """What a call took at the least, and held at the most beyond what was there before."""

    cpu_ms: float
    wall_ms: float
    memory_mb: float


@dataclass(frozen=True)
class Comparison:
    """One stage of one clip, or the whole of it; `difference` is the largest, None if unlike."""

    plain: Cost
    ours: Cost
    difference: float | None

    @property
    def ratio(self) -> float:
        """Times that ours is faster, by CPU time."""
        return self.plain.cpu_ms / self.ours.cpu_ms


def main() -> None:
    """Measure, compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=3, help="clips to compare stages on")
    parser.add_argument("--repeats", type=int, default=5, help="runs of ours; of the plain 2")
    parser.add_argument("--run-clips", type=int, default=48, help="clips of a whole run; 0: none")
    parser.add_argument("--long-frames", type=int, default=2000, help="of the long clip; 0: none")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    arguments = parser.parse_args()
    run = describe_run(LIBRARIES)
    with threadpool_limits(1):
        cv2.setNumThreads(1)
        faces = plain.PlainFaces()
        clips = [_clip(number) for number in range(1, arguments.clips + 1)]
        found = [_compare(_frames(clip), faces, arguments.repeats) for clip in clips]
        errors = _endpoint_errors(clips)
    show(found, errors)
    runs = measure_runs(arguments.run_clips, arguments.long_frames)
    print("\n" + "\n".join(f"{key}: {value}" for key, value in {**runs, **run}.items()))
    if arguments.json:
        stages = [{name: asdict(one) for name, one in clip.items()} for clip in found]
        figures = {"run": run, "clips": stages, "endpoint error": errors, "runs": runs}
        arguments.json.write_text(json.dumps(figures, indent=1))


def _clip(number: int) -> SyntheticClip:
    return SyntheticClip(draw_subject(number), 1, CLASSES[number % len(CLASSES)], fps=FPS)


def _frames(clip: SyntheticClip) -> npt.NDArray[np.uint8]:
    return np.stack([clip.frame(clip.onset + index) for index in range(FRAMES)])


def _compare(
    frames: npt.NDArray[np.uint8], faces: plain.PlainFaces, repeats: int
) -> dict[str, Comparison]:
    """Run every stage of both on the input that ours gets, and then both from end to end."""
    band, flow = SETTINGS.magnification, SETTINGS.flow
    values = {"alpha": band.alpha_at(FPS), "r1": band.r1, "r2": band.r2, "lambda_c": band.lambda_c}
    landmarks = find_landmarks(frames[0])
    onset = [landmarks.astype(np.float64)] * FRAMES
    chips = FaceAligner(SETTINGS.size).align(frames, landmarks=landmarks).frames
    magnified = magnify_motion(chips, **values)
    points = interpolate_frames(magnified, SETTINGS.length)
    fields = optical_flow(points, **flow.model_dump(exclude={"head_motion"}))
    size, length = SETTINGS.size, SETTINGS.length
    pairs: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "face": (lambda: faces.landmarks(frames), lambda: find_landmarks(frames[0])),
        "alignment": (
            lambda: plain.chips(frames, onset, size),
            lambda: FaceAligner(size).align(frames, landmarks=landmarks).frames,
        ),
        "magnification": (
            lambda: plain.magnified(chips, **values),
            lambda: magnify_motion(chips, **values),
        ),
        "interpolation": (
            lambda: plain.svd_interpolated(magnified, length),
            lambda: interpolate_frames(magnified, length),
        ),
        "flow": (
            lambda: plain.grid_flow(points, flow.window, flow.levels),
            lambda: optical_flow(points, **flow.model_dump(exclude={"head_motion"})),
        ),
        "head motion": (lambda: plain.without_head(fields), lambda: without_head_motion(fields)),
        "idsf": (lambda: plain.differences(points), lambda: idsf(points)),
        "whole clip": (
            lambda: _plain_clip(frames, faces, values),
            lambda: process_frames(frames, FPS, SETTINGS).streams,
        ),
    }
    return {name: _measured(name, *pair, repeats) for name, pair in pairs.items()}


def _plain_clip(
    frames: npt.NDArray[np.uint8], faces: plain.PlainFaces, values: dict[str, float]
) -> dict[str, Array]:
    chips = plain.chips(frames, faces.landmarks(frames), SETTINGS.size)
    points = plain.svd_interpolated(plain.magnified(chips, **values), SETTINGS.length)
    flow = plain.grid_flow(points, SETTINGS.flow.window, SETTINGS.flow.levels)
    return {"flow": plain.without_head(flow), "idsf": plain.differences(points)}


def _measured(
    name: str, slow: Callable[[], Any], quick: Callable[[], Any], repeats: int
) -> Comparison:
    theirs, ours = _cost(slow, min(2, repeats)), _cost(quick, repeats)
    difference: float | None = None
    if name == "face":
        difference = float(np.abs(slow()[0] - quick()).max())
    elif name not in ("flow", "whole clip"):
        difference = float(np.abs(slow() - quick()).max())
    return Comparison(theirs, ours, difference)


def _cost(call: Callable[[], Any], repeats: int) -> Cost:
    cpu, wall, memory = [], [], []
    for _ in range(repeats):
        Path("/proc/self/clear_refs").write_text("5")  # lets the peak of memory begin anew
        before = _status("VmRSS")
        began = time.process_time(), time.perf_counter()
        kept = call()
        cpu.append(time.process_time() - began[0])
        wall.append(time.perf_counter() - began[1])
        memory.append(_status("VmHWM") - before)
        del kept
    return Cost(1e3 * min(cpu), 1e3 * min(wall), max(memory))


def _status(name: str) -> float:
    """Return an amount of memory of this process in MB, as Linux tells it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def _endpoint_errors(clips: list[SyntheticClip]) -> dict[str, float]:
    """Return each Lucas-Kanade's mean endpoint error in pixels of the chip, onset to apex."""
    errors: dict[str, list[float]] = {"plain": [], "ours": [], "mean motion": []}
    for clip in clips:
        frames = np.stack([clip.frame(clip.onset), clip.frame(clip.apex)])
        aligned = FaceAligner(SETTINGS.size).align(frames, landmarks=clip.landmarks)
        turn, place = aligned.transform[:, :2], aligned.transform[:, 2]
        rows, columns = np.mgrid[: SETTINGS.size, : SETTINGS.size]
        pixels = np.stack([columns, rows], axis=-1).astype(np.float64)
        source = (pixels - place) @ np.linalg.inv(turn).T
        truth = clip.true_flow(clip.onset, clip.apex, source) @ turn.T
        outline = cv2.convexHull((clip.landmarks @ turn.T + place).astype(np.float32))
        face = cv2.fillConvexPoly(np.zeros(rows.shape, np.uint8), outline.astype(np.int32), 1) == 1
        plain_flow = plain.grid_flow(aligned.frames, SETTINGS.flow.window, SETTINGS.flow.levels)
        flow = SETTINGS.flow.model_dump(exclude={"head_motion"})
        for name, field in (
            ("plain", plain_flow[0]),
            ("ours", optical_flow(aligned.frames, **flow)[0]),
            ("mean motion", np.zeros_like(plain_flow[0])),
        ):
            errors[name].append(float(np.hypot(*np.moveaxis(field - truth, -1, 0))[face].mean()))
    return {name: float(np.mean(values)) for name, values in errors.items()}


def show(found: list[dict[str, Comparison]], errors: dict[str, float]) -> None:
    """Print the table: medians over the clips, the largest difference of any."""
    print(f"{len(found)} SYNTHETIC clips of {FRAMES} frames, one thread; medians over the clips\n")
    print(
        f"{'':14} {'plain ms':>9} {'ours ms':>8} {'times':>6} {'plain MB':>9} {'ours MB':>8}  agree"
    )
    for name in (*STAGES, "whole clip"):
        all_clips = [clip[name] for clip in found]
        slow, quick, ratio, slow_mb, quick_mb = (
            float(np.median(values))
            for values in zip(
                *(
                    (c.plain.cpu_ms, c.ours.cpu_ms, c.ratio, c.plain.memory_mb, c.ours.memory_mb)
                    for c in all_clips
                ),
                strict=True,
            )
        )
        unlike = all_clips[0].difference is None
        agree = "" if unlike else f"{max(c.difference or 0 for c in all_clips):.1e}"
        print(
            f"{name:14} {slow:9.2f} {quick:8.2f} {ratio:6.1f} {slow_mb:9.0f} {quick_mb:8.0f}  "
            f"{agree}"
        )
    print("\nMean endpoint error of the flow from onset to apex against the exact motion, pixels")
    for name, value in errors.items():
        print(f"  {name:12} {value:.3f}")


if __name__ == "__main__":
    main()
