"""Write long synthetic videos to disk: folders of frames or video files, and the truth about them.

``ROOT/SYNTHETIC.json`` is written first, so that nothing in the folder can be taken for real. It
holds all that happens in each video. Frames are JPEG (quality 95), as in the databases of long
videos; lossless frames would take half a gigabyte a video. Video files are lossless (FFV1 in AVI),
since compression makes movements that nobody planted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from astsvm.datasets.synthetic.difficulty import DIFFICULTIES, Difficulty, find_difficulty
from astsvm.datasets.synthetic.face import check_size
from astsvm.datasets.synthetic.long_script import draw_long_script
from astsvm.datasets.synthetic.long_video import MOST_EXPRESSIONS, LongVideo, video_name
from astsvm.datasets.synthetic.mark import MARK
from astsvm.datasets.synthetic.naming import check_integer, check_seed
from astsvm.datasets.synthetic.plan import GENERATOR_VERSION, STATEMENT, plan_labels
from astsvm.datasets.synthetic.script import check_fps
from astsvm.datasets.synthetic.subject import draw_subject
from astsvm.errors import StorageError

__all__ = ["LongSummary", "write_long_videos"]

_QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 95)
_LOSSLESS = "FFV1"


@dataclass(frozen=True)
class LongSummary:
    """What :func:`write_long_videos` wrote: totals, and the micro-expressions by class."""

    root: Path
    videos: int
    frames: int
    labels: dict[str, int]


def write_long_videos(
    root: Path | str,
    *,
    subjects: int = 4,
    expressions: int = 4,
    difficulty: str | Difficulty = "hard",
    seed: int = 1,
    size: tuple[int, int] = (640, 480),
    fps: float | None = None,
    as_videos: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> LongSummary:
    """Write one long video of each subject in grey, and ``SYNTHETIC.json``.

    Equal arguments give equal bytes, with the same release of OpenCV.

    Parameters
    ----------
    root : path
        A folder that is empty or not there yet.
    subjects : int
        Number of subjects, 1 to 9999; the faces are those of :func:`write_corpus`.
    expressions : int
        Micro-expressions in each video, 1 to 99. Each takes about 5 s, with what lies between.
    difficulty, seed, size, fps
        As for :func:`write_corpus`; 100 frames per second by default.
    as_videos : bool
        Write a lossless video file (``NAME.avi``) instead of a folder of frames each; a second of
        320 x 240 pixels at 100 frames per second takes 2.5 MB.
    progress : callable, optional
        Called with the number of videos written and of all videos.

    Raises
    ------
    SettingsError
        If an argument is out of range.
    StorageError
        If `root` is not empty or cannot be written to.
    """
    subjects = check_integer("subjects", subjects)
    expressions = check_integer("expressions", expressions, 1, MOST_EXPRESSIONS)
    chosen, seed, size = find_difficulty(difficulty), check_seed(seed), check_size(size)
    rate = check_fps(100.0 if fps is None else fps)
    labels = plan_labels(subjects, expressions, seed)
    target = Path(root)
    try:
        if target.exists() and not (target.is_dir() and next(target.iterdir(), None) is None):
            raise StorageError(
                f"{target}: expected a new or empty folder. Name another one, or empty it yourself."
            )
        target.mkdir(parents=True, exist_ok=True)
        mark = _mark(labels, chosen, seed, size, rate)
        (target / MARK).write_text(json.dumps(mark, indent=1) + "\n", "utf-8", newline="")
        frames = 0
        for number, own in enumerate(labels, start=1):
            if progress is not None:
                progress(number - 1, subjects)
            subject = draw_subject(number, seed=seed, size=size)
            video = LongVideo(subject, 1, own, difficulty=chosen, fps=rate)
            (_write_video if as_videos else _write_frames)(target, video)
            frames += len(video)
        if progress is not None:
            progress(subjects, subjects)
    except OSError as error:
        raise StorageError(
            f"{target}: the videos cannot be written: {error.strerror or error}. "
            "Choose a folder you may write to, on a disk with room."
        ) from error
    drawn = [label for own in labels for label in own]
    counts = {label: drawn.count(label) for label in sorted(set(drawn))}
    return LongSummary(target, subjects, frames, counts)


def _write_frames(target: Path, video: LongVideo) -> None:
    folder = target / video.name
    folder.mkdir()
    for index in range(len(video)):
        _, encoded = cv2.imencode(".jpg", video.frame(index), _QUALITY)
        (folder / f"frame_{index:05d}.jpg").write_bytes(encoded.tobytes())


def _write_video(target: Path, video: LongVideo) -> None:
    path = target / f"{video.name}.avi"
    height, width = video.frame(0).shape
    codec = cv2.VideoWriter.fourcc(*_LOSSLESS)
    writer = cv2.VideoWriter(str(path), codec, video.fps, (width, height))
    try:
        if not writer.isOpened():
            raise StorageError(
                f"{path}: this OpenCV cannot write a lossless video there. Draw frames instead."
            )
        for index in range(len(video)):
            writer.write(cv2.cvtColor(video.frame(index), cv2.COLOR_GRAY2BGR))
    finally:
        writer.release()


def _mark(
    labels: list[list[str]],
    difficulty: Difficulty,
    seed: int,
    size: tuple[int, int],
    fps: float,
) -> dict[str, Any]:
    scripts = {
        video_name(number, 1): draw_long_script(seed, number, 1, own, difficulty, fps)
        for number, own in enumerate(labels, start=1)
    }
    presets = [name for name, values in DIFFICULTIES.items() if values == difficulty]
    return {
        "synthetic": True,
        "statement": STATEMENT,
        "generator": "astsvm.datasets.synthetic",
        "generator_version": GENERATOR_VERSION,
        "seed": seed,
        "layout": "long",
        "settings": {
            "subjects": len(labels),
            "expressions": len(labels[0]),
            "size": list(size),
            "fps": fps,
            "preset": presets[0] if presets else None,
            "difficulty": difficulty.to_dict(),
        },
        "planted": {
            name: {
                "frames": script.length,
                "events": [event.as_dict() for event in script.events],
            }
            for name, script in scripts.items()
        },
    }
