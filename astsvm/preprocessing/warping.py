"""Moving pixels from a whole frame straight to the face chip, in one interpolation.

The chip is cut from the frame in float32: rounding it to 8 bits in between would cost about .02
pixels of flow. Where the face is larger than the chip, the frame is blurred first, so that fine
structure cannot alias into false motion.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay

from astsvm.arrays import FloatArray, to_unit_floats
from astsvm.errors import InvalidInputError
from astsvm.preprocessing.canonical_face import canonical_landmarks
from astsvm.preprocessing.face import eye_centres

__all__ = [
    "Frame",
    "Warp",
    "affine_warp",
    "canonical_chip_landmarks",
    "chip_transform",
    "piecewise_warp",
    "resizing_transform",
]

Transform = npt.NDArray[np.float64]
Frame = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | FloatArray
Warp = Callable[[Frame], FloatArray]
"""Takes a frame (H, W), bytes, 16 bits or float32, and returns the chip (size, size), float32."""

CHIP_SIDE = 2.75
"""Side of the chip in distances between the eye centres: holds brows and chin (ours)."""

EYE_LINE = 0.30
"""Height of the eyes in the chip, as a part of its side from the top (ours)."""

CHIN_LINE = 0.95
"""The chin lies no lower than this part of the side; a long face gets a larger chip (ours)."""

CHIN = 8
"""dlib's landmark of the chin."""


def chip_transform(landmarks: Transform, size: int) -> Transform:
    """Return the similarity (2, 3) that brings a face to its place in the chip.

    The eyes come to lie level at .30 of the height, their middle on the middle. The side is 2.75
    times their distance, or as much more as keeps the chin at .95 of the height: among 159 real
    SAMM clips 28 have a chin that 2.75 would cut off.

    Parameters
    ----------
    landmarks : ndarray of shape (68, 2) or (5, 2)
        In pixels of the frame. Five points know of no chin; the side then is 2.75 distances.
    size : int
        Side of the chip in pixels.

    Raises
    ------
    InvalidInputError
        If the landmarks are none.
    """
    eyes = eye_centres(landmarks)
    middle = eyes.mean(axis=0)
    distance = float(np.hypot(*(eyes[1] - eyes[0])))
    cosine, sine = (eyes[1] - eyes[0]) / distance
    upright = np.array([[cosine, sine], [-sine, cosine]])
    side = CHIP_SIDE * distance
    if len(landmarks) > CHIN:
        below_eyes = float((upright @ (landmarks[CHIN] - middle))[1])
        side = max(side, below_eyes / (CHIN_LINE - EYE_LINE))
    turn = size / side * upright
    return np.column_stack([turn, _eye_place(size) - turn @ middle])


def resizing_transform(width: int, height: int, size: int) -> Transform:
    """Return the (2, 3) scaling of a whole frame to size x size, pixel edge on pixel edge."""
    x, y = size / width, size / height
    return np.array([[x, 0.0, 0.5 * x - 0.5], [0.0, y, 0.5 * y - 0.5]])


def affine_warp(transform: Transform, shape: tuple[int, int], size: int) -> Warp:
    """Return the warp along one affine transform from frame to chip.

    Parameters
    ----------
    transform : ndarray of shape (2, 3)
        From frame pixels to chip pixels, centres of pixels at whole numbers.
    shape : tuple of int
        (H, W) of the frames.
    size : int
        Side of the chip. What lies beyond the frame repeats its rim.
    """
    edge = size - 0.5
    corners = np.array([[-0.5, -0.5], [edge, -0.5], [-0.5, edge], [edge, edge]])
    source = _inverse(transform, corners)
    cut = _Cut(source, shape, _blur_sigma(transform))
    moved = transform.copy()
    moved[:, 2] += transform[:, :2] @ cut.origin

    def warp(frame: Frame) -> FloatArray:
        chip = cv2.warpAffine(
            cut(frame),
            moved,
            (size, size),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(chip, dtype=np.float32)

    return warp


def canonical_chip_landmarks(size: int) -> Transform:
    """Return where :func:`piecewise_warp` brings the landmarks: (68, 2) in pixels of the chip."""
    return canonical_landmarks() * size / CHIP_SIDE + _eye_place(size)


def piecewise_warp(
    landmarks: Transform, transform: Transform, shape: tuple[int, int], size: int
) -> Warp:
    """Return the warp that brings 68 landmarks onto the canonical face, triangle by triangle.

    The canonical landmarks and eight points on the rim of the chip are joined by a Delaunay
    triangulation; within a triangle the warp is affine. On the rim it agrees with `transform`.

    Parameters
    ----------
    landmarks : ndarray of shape (68, 2)
        In pixels of the frame.
    transform : ndarray of shape (2, 3)
        The similarity of :func:`chip_transform`.
    shape, size
        As in :func:`affine_warp`.
    """
    low, middle, high = -0.5, 0.5 * size - 0.5, size - 0.5
    ticks = (low, middle, high)
    rim = np.array([(x, y) for x in ticks for y in ticks if (x, y) != (middle, middle)])
    canonical = np.vstack([canonical_chip_landmarks(size), rim])
    source = np.vstack([landmarks, _inverse(transform, rim)])

    triangles = Delaunay(canonical)
    rows, columns = np.mgrid[:size, :size]
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=-1).astype(np.float64)
    found = triangles.find_simplex(pixels)
    to_weights = triangles.transform[found]
    two = np.einsum("pij,pj->pi", to_weights[:, :2], pixels - to_weights[:, 2])
    weights = np.column_stack([two, 1 - two.sum(axis=1)])
    place_in_frame = np.einsum("pi,pij->pj", weights, source[triangles.simplices[found]])

    cut = _Cut(place_in_frame, shape, _blur_sigma(transform))
    maps = (place_in_frame - cut.origin).reshape(size, size, 2).astype(np.float32)

    def warp(frame: Frame) -> FloatArray:
        chip = cv2.remap(cut(frame), maps, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(chip, dtype=np.float32)

    return warp


class _Cut:
    """The part of a frame that a warp reads, as floats, blurred against aliasing.

    Scaling and blurring only this part, not the whole frame, is what makes a large frame cheap.
    """

    def __init__(
        self, points: Transform, shape: tuple[int, int], sigma: tuple[float, float]
    ) -> None:
        margin = math.ceil(4 * max(sigma)) + 2
        last = np.array(shape[::-1]) - 1
        low = np.floor(points.min(axis=0)).astype(int) - margin
        high = np.ceil(points.max(axis=0)).astype(int) + margin
        if (low > last).any() or (high < 0).any():
            raise InvalidInputError(
                f"landmarks: expected a face within the {shape[1]} x {shape[0]} frame, received "
                "one outside. Check that landmarks and frames belong together."
            )
        low, high = np.maximum(low, 0), np.minimum(high, last)
        self.origin = low.astype(np.float64)
        self._sigma = sigma
        self._rows = slice(int(low[1]), int(high[1]) + 1)
        self._columns = slice(int(low[0]), int(high[0]) + 1)

    def __call__(self, frame: Frame) -> FloatArray:
        part = to_unit_floats(frame[self._rows, self._columns], "frame")
        across, down = self._sigma
        if across == 0 and down == 0:
            return part
        if min(across, down) == 0:  # OpenCV reads a single 0 as: the same in both directions
            across, down = max(across, 1e-3), max(down, 1e-3)
        blurred = cv2.GaussianBlur(part, (0, 0), across, sigmaY=down)
        return np.asarray(blurred, dtype=np.float32)


def _eye_place(size: int) -> Transform:
    """Return where the middle between the eyes lies in the chip."""
    return np.array([0.5 * size - 0.5, EYE_LINE * size - 0.5])


def _inverse(transform: Transform, points: Transform) -> Transform:
    """Bring chip pixels back to frame pixels."""
    moved = np.linalg.solve(transform[:, :2], (points - transform[:, 2]).T).T
    return np.asarray(moved, dtype=np.float64)


def _blur_sigma(transform: Transform) -> tuple[float, float]:
    """Return the sigmas across and down, in frame pixels, that make shrinking safe.

    Shrinking by f asks for a low-pass about f pixels wide; linear interpolation supplies one
    pixel of it: sigma = sqrt(f^2 - 1) / 2, and none where the chip is no smaller than the face.
    """
    shrinking = 1 / np.hypot(transform[0, :2], transform[1, :2])
    across, down = 0.5 * np.sqrt(np.maximum(shrinking**2 - 1, 0))
    return float(across), float(down)
