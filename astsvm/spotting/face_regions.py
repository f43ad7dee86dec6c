"""Where on a face chip a micro-expression shows: small blocks at brows, eyes and mouth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray
from astsvm.errors import InvalidInputError
from astsvm.preprocessing.canonical_face import canonical_landmarks
from astsvm.preprocessing.face import eye_centres
from astsvm.preprocessing.warping import CHIP_SIDE, EYE_LINE

__all__ = ["REGIONS", "REGION_OF_BLOCK", "FaceRegions", "face_regions", "head_motion"]

REGIONS = ("brows", "eyes", "mouth")

_BLOCKS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("brows", (17, 18)), ("brows", (19,)), ("brows", (20, 21)),
    ("brows", (22, 23)), ("brows", (24,)), ("brows", (25, 26)),
    ("eyes", (37, 38)), ("eyes", (40, 41)), ("eyes", (43, 44)), ("eyes", (46, 47)),
    ("mouth", (48,)), ("mouth", (51, 62)), ("mouth", (54,)), ("mouth", (57, 66)),
)  # fmt: skip
"""Region of each block, and the landmarks it is centred between."""

_HALF_SIDE = 0.11
"""Of a block, in distances between the eye centres."""
_GRID = 4
"""Every fourth pixel tells the head's motion as well as all of them."""
_REFINEMENTS = 4
_STILL = 1e-6
"""Pixels; where half of the points follow more closely than this, nothing is left to improve."""

REGION_OF_BLOCK: npt.NDArray[np.intp] = np.array([REGIONS.index(name) for name, _ in _BLOCKS])
"""Place in :data:`REGIONS` of every block, shape (blocks,)."""


@dataclass(frozen=True, eq=False)
class FaceRegions:
    """The parts of a chip that are looked at.

    Parameters
    ----------
    blocks : tuple of (slice, slice)
        Rows and columns of each block, in the order of :data:`REGION_OF_BLOCK`.
    face : ndarray of shape (P, 2), intp
        Rows and columns of points spread over the face, by which the head's motion is known.
    """

    blocks: tuple[tuple[slice, slice], ...]
    face: npt.NDArray[np.intp]

    def motion(self, flow: FloatArray) -> FloatArray:
        """Return the mean flow in each block, less the head's motion there.

        Parameters
        ----------
        flow : ndarray of shape (size, size, 2), float32
            Pixels.

        Returns
        -------
        ndarray of shape (blocks, 2), float32
        """
        rows, columns = self.face.T
        seen = flow[rows, columns].astype(np.float64)
        head = head_motion(self.face[:, ::-1], seen)
        means = np.stack([flow[block].mean(axis=(0, 1)) for block in self.blocks])
        middles = np.array(
            [[(x.start + x.stop - 1) / 2, (y.start + y.stop - 1) / 2] for y, x in self.blocks]
        )
        return np.asarray(means - head(middles), dtype=np.float32)


def head_motion(
    points: npt.NDArray[Any], flow: npt.NDArray[np.float64]
) -> Callable[[npt.NDArray[Any]], npt.NDArray[np.float64]]:
    """Fit the shift, turn and growth that most of a face follows.

    It begins with the median of u and of v, and improves a similarity by weighted least squares,
    where a point weighs less the further it is from following (Cauchy weights at 1.5 times the
    median distance, four times over). Turning away and nodding leave more than it removes.

    Parameters
    ----------
    points : ndarray of shape (P, 2)
        (x, y) of places on the face, in pixels.
    flow : ndarray of shape (P, 2), float64
        (u, v) there.

    Returns
    -------
    callable
        Takes places (Q, 2) and returns the head's motion there, (Q, 2). Exactly 0 for a flow of 0.
    """
    middle, scale = points.mean(axis=0), float(np.ptp(points, axis=0).max()) or 1.0
    # As complex numbers a similarity is a + b z.
    places = ((points - middle) / scale) @ np.array([1, 1j])
    moved = flow @ np.array([1, 1j])
    shift, turn = complex(*np.median(flow, axis=0)), 0j
    for _ in range(_REFINEMENTS):
        distance = np.abs(moved - shift - turn * places)
        reach = 1.5 * float(np.median(distance))
        if reach < _STILL:
            break
        weight = 1 / (1 + np.square(distance / reach)) ** 2
        weight /= weight.sum()
        centre, target = weight @ places, weight @ moved
        spread = weight @ np.square(np.abs(places - centre))
        turn = complex(weight @ (np.conj(places - centre) * (moved - target)) / spread)
        shift = complex(target - turn * centre)

    def motion(where: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        value = shift + turn * (((where - middle) / scale) @ np.array([1, 1j]))
        return np.stack([value.real, value.imag], axis=-1)

    return motion


def face_regions(landmarks: npt.ArrayLike | None, size: int) -> FaceRegions:
    """Lay the blocks on a chip.

    Parameters
    ----------
    landmarks : array_like of shape (68, 2) or (5, 2), or None
        In chip pixels. Of 5, or none, no brow or mouth is known: the blocks lie where those of a
        mean face are, at fixed fractions of the chip.
    size : int
        Side of the chip in pixels.

    Raises
    ------
    InvalidInputError
        If the landmarks are none, or brows, eyes or mouth lie outside the chip.
    """
    if landmarks is None or len(np.asarray(landmarks)) != 68:
        eye_line = np.array([0.5 * size - 0.5, EYE_LINE * size - 0.5])
        points = canonical_landmarks() * (size / CHIP_SIDE) + eye_line
    else:
        points = np.asarray(landmarks, dtype=np.float64)
    eyes = eye_centres(points)
    half = max(1.0, _HALF_SIDE * float(np.hypot(*(eyes[1] - eyes[0]))))
    blocks = []
    for name, anchors in _BLOCKS:
        centre = points[list(anchors)].mean(axis=0)
        low = np.maximum(np.ceil(centre - half), 0).astype(int)
        high = np.minimum(np.floor(centre + half), size - 1).astype(int)
        if (low > high).any():
            raise InvalidInputError(
                f"landmarks: expected {name} within the {size} x {size} chip, received "
                f"({centre[0]:.0f}, {centre[1]:.0f}). Check that landmarks and frames belong "
                "together."
            )
        blocks.append((slice(low[1], high[1] + 1), slice(low[0], high[0] + 1)))
    return FaceRegions(tuple(blocks), _face_points(points, size))


def _face_points(points: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.intp]:
    outline = cv2.convexHull(points.astype(np.float32)).astype(np.int32)
    inside = cv2.fillConvexPoly(np.zeros((size, size), np.uint8), outline, 1)
    return np.argwhere(inside[::_GRID, ::_GRID]) * _GRID
