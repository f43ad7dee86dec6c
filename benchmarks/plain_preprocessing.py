"""Preprocessing as one would write it at first: every step as its paper says it, frame by frame.

The same method as :mod:`astsvm.clip_processing`, in float64 where the library does not object, with
nothing merged and nothing left out: a face is searched in every frame, TIM goes through a singular
value decomposition, the whole Laplacian pyramid of every frame is filtered, and Lucas-Kanade is
OpenCV's tracker on a grid of all pixels. It is what the benchmarks compare with.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import cv2
import dlib
import numpy as np
import numpy.typing as npt

from astsvm.preprocessing.face import landmark_model_path
from astsvm.preprocessing.magnification import level_gains
from astsvm.preprocessing.warping import chip_transform

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]


class PlainFaces:
    """dlib's detector and landmarks, as in its examples, without looking at a larger copy."""

    def __init__(self) -> None:
        self._detect = dlib.get_frontal_face_detector()
        self._predict = dlib.shape_predictor(str(landmark_model_path(68)))

    def landmarks(self, frames: Bytes) -> list[Floats]:
        """Find the largest face of every frame and its landmarks (68, 2)."""
        return [self._of_frame(frame) for frame in frames]

    def _of_frame(self, frame: Bytes) -> Floats:
        box = max(self._detect(frame, 0), key=lambda found: found.area())
        return np.array([(point.x, point.y) for point in self._predict(frame, box).parts()], float)


def chips(frames: Bytes, landmarks: Sequence[Floats], size: int) -> Floats:
    """Blur every whole frame against aliasing, and cut its face out by its own landmarks."""
    cut = []
    for frame, points in zip(frames, landmarks, strict=True):
        transform = chip_transform(points, size)
        shrinking = 1 / np.hypot(*transform[:, 0])
        image = frame / 255.0
        if shrinking > 1:
            image = cv2.GaussianBlur(image, (0, 0), 0.5 * np.sqrt(shrinking**2 - 1))
        image = image.astype(np.float32)  # OpenCV warps doubles with coarser weights than floats
        cut.append(cv2.warpAffine(image, transform, (size, size), borderMode=cv2.BORDER_REPLICATE))
    return np.stack(cut)


def magnified(
    frames: npt.NDArray[Any], alpha: float, r1: float, r2: float, lambda_c: float
) -> Floats:
    """Magnify motion: two low-passes of every level of every frame's pyramid, as in Wu's code."""
    gains = level_gains(*frames.shape[1:], alpha, lambda_c)
    fast = slow = _pyramid(frames[0].astype(np.float64), len(gains))
    result = []
    for frame in frames.astype(np.float64):
        levels = _pyramid(frame, len(gains))
        fast = [(1 - r1) * low + r1 * level for low, level in zip(fast, levels, strict=True)]
        slow = [(1 - r2) * low + r2 * level for low, level in zip(slow, levels, strict=True)]
        motion = [gain * (f - s) for gain, f, s in zip(gains, fast, slow, strict=True)]
        result.append(frame + _collapsed(motion))
    return np.stack(result)


def _pyramid(image: Floats, levels: int) -> list[Floats]:
    pyramid = []
    for _ in range(levels - 1):
        smaller = cv2.pyrDown(image)
        pyramid.append(image - cv2.pyrUp(smaller, dstsize=image.shape[::-1]))
        image = smaller
    return [*pyramid, image]


def _collapsed(levels: list[Floats]) -> Floats:
    image = levels[-1]
    for level in reversed(levels[:-1]):
        image = level + cv2.pyrUp(image, dstsize=level.shape[::-1])
    return image


def svd_interpolated(frames: npt.NDArray[Any], length: int) -> Floats:
    """Sample the curve of the path graph through the frames (Zhou et al. 2011).

    The centred frames are taken apart by singular values, projected onto the eigenvectors of the
    graph's Laplacian, and these, sines of known frequency, are sampled in between.
    """
    count = len(frames)
    columns = frames.reshape(count, -1).T.astype(np.float64)
    mean = columns.mean(axis=1, keepdims=True)
    basis, values, rest = np.linalg.svd(columns - mean, full_matrices=False)
    rank = min(int((values > 1e-6 * values[0]).sum()), count - 1)
    places = values[:rank, None] * rest[:rank]
    neighbours = np.eye(count, k=1) + np.eye(count, k=-1)
    laplacian = np.diag(neighbours.sum(axis=1)) - neighbours
    curves = np.linalg.eigh(laplacian)[1][:, 1:]
    directions = np.linalg.lstsq(places.T, curves, rcond=None)[0]
    order = np.arange(1, count)[:, None]
    phase = np.pi * (count - order) / (2 * count)
    scale = (places[:, 0] @ directions)[:, None] / np.sin(np.pi * order / count + phase)
    times = np.linspace(1 / count, 1, length)
    sampled = scale * np.sin(np.pi * order * times + phase)
    points = basis[:, :rank] @ (np.linalg.pinv(directions.T) @ sampled) + mean
    return points.T.reshape(length, *frames.shape[1:])


def grid_flow(frames: npt.NDArray[Any], window: int, levels: int) -> npt.NDArray[np.float32]:
    """Track every pixel from frame to frame with OpenCV's Lucas-Kanade, on 8 bits as it asks."""
    height, width = frames.shape[1:]
    rows, columns = np.mgrid[:height, :width]
    grid = np.stack([columns.ravel(), rows.ravel()], axis=-1).astype(np.float32)[:, None]
    images = np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8)
    fields = []
    for first, second in pairwise(images):
        moved, found, _ = cv2.calcOpticalFlowPyrLK(
            first, second, grid, None, winSize=(window, window), maxLevel=levels - 1
        )
        flow = np.where(found[..., None] == 1, moved - grid, 0)
        fields.append(flow.reshape(height, width, 2))
    return np.stack(fields)


def without_head(flow: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Subtract the median of u and of v from every field."""
    return flow - np.median(flow, axis=(1, 2), keepdims=True)


def differences(frames: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Subtract the onset from every later frame."""
    return np.stack([frame - frames[0] for frame in frames[1:]])[..., None]
