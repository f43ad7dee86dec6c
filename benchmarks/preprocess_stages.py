"""The stages of preprocessing as pairs, the obvious one and ours, on one SYNTHETIC clip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import plain_preprocessing as plain

from astsvm.clip import Clip
from astsvm.clip_processing import process_clip, process_frames
from astsvm.config import Settings
from astsvm.datasets.synthetic import CLASSES, SyntheticClip, draw_subject
from astsvm.features import idsf, optical_flow, without_head_motion
from astsvm.preprocessing import (
    FaceAligner,
    interpolate_frames,
    iter_frames,
    level_gains,
    magnify_motion,
    tim_matrix,
)
from astsvm.preprocessing.face import find_landmarks
from astsvm.preprocessing.magnification import _upsampled, _weighted

FRAMES, FPS = 60, 300
SETTINGS = Settings.from_preset("paper").preprocessing
BAND = SETTINGS.magnification
MAGNIFICATION = {
    "alpha": BAND.alpha_at(FPS), "r1": BAND.r1, "r2": BAND.r2, "lambda_c": BAND.lambda_c
}  # fmt: skip
FLOW = SETTINGS.flow.model_dump(exclude={"head_motion"})

Array = npt.NDArray[Any]
Call = Callable[[], Any]
Pair = tuple[Call, Call]


def draw_clip(number: int) -> SyntheticClip:
    """Return a clip of the generator's default difficulty, long enough for the benchmark."""
    return SyntheticClip(draw_subject(number), 1, CLASSES[number % len(CLASSES)], fps=FPS)


def drawn_frames(clip: SyntheticClip) -> npt.NDArray[np.uint8]:
    """Return the first frames from the onset on."""
    return np.stack([clip.frame(clip.onset + index) for index in range(FRAMES)])


def write_sources(folder: Path, frames: npt.NDArray[np.uint8]) -> tuple[Path, Path]:
    """Write frames as a folder of PNG files and as an MP4 video."""
    images, video = folder / "frames", folder / "clip.mp4"
    images.mkdir()
    size = frames.shape[:0:-1]
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"mp4v"), FPS, size)
    for index, frame in enumerate(frames):
        path = images / f"{index:03}.png"
        cv2.imwrite(str(path), frame, (cv2.IMWRITE_PNG_COMPRESSION, 1))
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return images, video


def stage_pairs(frames: npt.NDArray[np.uint8], faces: plain.PlainFaces) -> dict[str, Pair]:
    """Return the stages on frames in memory; both of a pair get the input that ours gets."""
    size, length = SETTINGS.size, SETTINGS.length
    landmarks = find_landmarks(frames[0])
    onset = [landmarks.astype(np.float64)] * len(frames)
    chips = FaceAligner(size).align(frames, landmarks=landmarks).frames
    magnified = magnify_motion(chips, **MAGNIFICATION)
    points = interpolate_frames(magnified, length)
    fields = optical_flow(points, **FLOW)
    return {
        "face": (lambda: faces.landmarks(frames)[0], lambda: find_landmarks(frames[0])),
        "alignment": (
            lambda: plain.chips(frames, onset, size),
            lambda: FaceAligner(size).align(frames, landmarks=landmarks).frames,
        ),
        "magnification": (
            lambda: plain.magnified(chips, **MAGNIFICATION),
            lambda: magnify_motion(chips, **MAGNIFICATION),
        ),
        "interpolation": (
            lambda: plain.svd_interpolated(magnified, length),
            lambda: interpolate_frames(magnified, length),
        ),
        "flow": (
            lambda: plain.grid_flow(points, SETTINGS.flow.window, SETTINGS.flow.levels),
            lambda: optical_flow(points, **FLOW),
        ),
        "head motion": (lambda: plain.without_head(fields), lambda: without_head_motion(fields)),
        "idsf": (lambda: plain.differences(points), lambda: idsf(points)),
        "whole clip": (
            lambda: plain_clip(frames, faces),
            lambda: process_frames(frames, FPS, SETTINGS).streams,
        ),
        "EVM and TIM": (
            lambda: interpolate_frames(magnify_motion(chips, **MAGNIFICATION), length),
            lambda: magnified_points(chips, length),
        ),
    }


def source_pairs(images: Path, video: Path, faces: plain.PlainFaces) -> dict[str, Pair]:
    """Return decoding, and the whole clip from files; ours also digests its source."""

    def decode_images() -> list[Array]:
        return [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(images.iterdir())]

    def decode_video() -> list[Array]:
        capture = cv2.VideoCapture(str(video))
        grey = []
        while (frame := capture.read()[1]) is not None:
            grey.append(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
        capture.release()
        return grey

    def ours(source: Path) -> Any:
        return process_clip(Clip("synthetic", "s1", "c1", "any", source, fps=FPS), SETTINGS)

    return {
        "PNG": (decode_images, lambda: list(iter_frames(images))),
        "MP4": (decode_video, lambda: list(iter_frames(video))),
        "clip from PNG": (
            lambda: plain_clip(np.stack(decode_images()), faces),
            lambda: ours(images),
        ),
        "clip from MP4": (lambda: plain_clip(np.stack(decode_video()), faces), lambda: ours(video)),
    }


def plain_clip(frames: npt.NDArray[np.uint8], faces: plain.PlainFaces) -> dict[str, Array]:
    """Do all of it the obvious way."""
    chips = plain.chips(frames, faces.landmarks(frames), SETTINGS.size)
    points = plain.svd_interpolated(plain.magnified(chips, **MAGNIFICATION), SETTINGS.length)
    flow = plain.grid_flow(points, SETTINGS.flow.window, SETTINGS.flow.levels)
    return {"flow": plain.without_head(flow), "idsf": plain.differences(points)}


def magnified_points(chips: Array, length: int) -> Array:
    """Magnify and interpolate at once: both are linear in time, so one matrix does both.

    Only `length` frames are then taken apart into pyramids. It is not what astsvm does: the last
    bits differ, and the benchmark shows how little there is to gain.
    """
    count = len(chips)
    weights = tim_matrix(count, length)
    band = _band_matrix(count)
    both = np.concatenate([weights, weights @ band]).astype(np.float32) @ chips.reshape(count, -1)
    points, motion = both.reshape(2, length, *chips.shape[1:])
    gains = level_gains(*chips.shape[1:], MAGNIFICATION["alpha"], MAGNIFICATION["lambda_c"])
    for point, moved in zip(points, motion, strict=True):
        point += _upsampled(_weighted(cv2.pyrDown(moved), gains[1:]), point)  # noqa: PLW2901
    return np.asarray(points)


def _band_matrix(count: int) -> Array:
    """Return what the difference of both low-passes makes of every frame, (frames, frames)."""
    fast, slow = np.zeros(count), np.zeros(count)
    rows = []
    for impulse in np.eye(count):
        change = impulse - np.eye(count)[0]
        fast = fast + BAND.r1 * (change - fast)
        slow = slow + BAND.r2 * (change - slow)
        rows.append(fast - slow)
    return np.stack(rows)


def endpoint_errors(clips: list[SyntheticClip]) -> dict[str, float]:
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
        grid = plain.grid_flow(aligned.frames, SETTINGS.flow.window, SETTINGS.flow.levels)[0]
        ours = optical_flow(aligned.frames, **FLOW)[0]
        for name, field in (("plain", grid), ("ours", ours), ("mean motion", np.zeros_like(grid))):
            errors[name].append(float(np.hypot(*np.moveaxis(field - truth, -1, 0))[face].mean()))
    return {name: float(np.mean(values)) for name, values in errors.items()}
