"""The 36 regions of a face in which MDMO looks for a main direction.

Eighteen lie on the left of the image, eighteen are their mirror images. They cover the brows, the
skin around the eyes, nose, cheeks, mouth and chin, and leave the eyes out: a blink is no
expression. The source draws 36 regions by action units from 66 landmarks, in a figure; where ours
run, between dlib's 68 landmarks, is ours.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError

__all__ = ["REGION_COUNT", "checked_landmarks", "mdmo_regions", "region_outlines"]

REGION_COUNT: Final = 36

Corner = int | tuple[int, int] | str
"""A landmark, the middle between two, or (a landmark's number as text) the point above a brow."""

_LIFT: Final = 0.3
"""How far the point above a brow lies from it, in lengths of the nose."""
_NOSE_TOP, _NOSE_BASE = 27, 33

_CHEEK, _LOWER_CHEEK = (2, 29), (3, 31)

_LEFT: Final[tuple[tuple[Corner, ...], ...]] = (
    ("17", "19", 19, 18, 17),  # outer brow
    ("19", "21", 21, 20, 19),  # inner brow
    ("21", "mid", 27, 21),  # between the brows
    (0, 17, 36, 1),  # temple
    (17, 18, 19, 37, 36),  # outer upper lid
    (19, 20, 21, 39, 38, 37),  # inner upper lid
    (21, 27, 28, 39),  # root of the nose
    (1, 36, 41, _CHEEK, 2),  # outer lower lid
    (41, 40, 39, 29, _CHEEK),  # inner lower lid
    (39, 28, 29),  # side of the nose
    (2, _CHEEK, _LOWER_CHEEK, 3),  # outer cheek
    (_CHEEK, 29, 31, _LOWER_CHEEK),  # inner cheek
    (29, 30, 33, 32, 31),  # wing of the nose
    (_LOWER_CHEEK, 31, 49, 48),  # fold between nose and mouth
    (31, 32, 33, 51, 50, 49),  # upper lip's skin
    (3, _LOWER_CHEEK, 48, 4),  # jowl
    (48, 49, 50, 51, 57, 58, 59),  # lips
    (4, 48, 59, 58, 57, 8, 7, 6, 5),  # chin
)

_MIRROR: Final = {
    **{i: 16 - i for i in range(17)},  # jaw
    **{i: 43 - i for i in range(17, 27)},  # brows
    **{i: i for i in range(27, 31)},  # bridge of the nose
    **{i: 66 - i for i in range(31, 36)},  # nostrils
    **{i: 81 - i for i in (36, 37, 38, 39, 42, 43, 44, 45)},  # upper lids
    **{i: 87 - i for i in (40, 41, 46, 47)},  # lower lids
    **{i: 102 - i for i in range(48, 55)},  # upper edge of the lips
    **{i: 114 - i for i in range(55, 60)},  # lower edge of the lips
}
"""Landmark on the other side of the face, of all but the inner lips."""


def checked_landmarks(landmarks: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return 68 landmarks as float64.

    Raises
    ------
    InvalidInputError
        If they are not (68, 2) finite numbers.
    """
    try:
        points = np.asarray(landmarks, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"landmarks: expected numbers (68, 2): {error}") from error
    if points.shape != (68, 2):
        raise InvalidInputError(
            f"landmarks: expected shape (68, 2) in dlib's order, received {points.shape}. Regions "
            "of a face need all 68."
        )
    if not np.isfinite(points).all():
        raise InvalidInputError("landmarks: expected finite pixel positions, received NaN or inf.")
    return points


def region_outlines(landmarks: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], ...]:
    """Return the corners of each region, (corners, 2), in pixels: left ones, then mirror images.

    Raises
    ------
    InvalidInputError
        If the landmarks are not (68, 2) finite numbers.
    """
    points = checked_landmarks(landmarks)
    mirrored = points.copy()
    mirrored[list(_MIRROR)] = points[list(_MIRROR.values())]
    return tuple(
        np.stack([_corner(corner, side) for corner in corners])
        for side in (points, mirrored)
        for corners in _LEFT
    )


def mdmo_regions(
    landmarks: npt.ArrayLike, shape: tuple[int, int]
) -> tuple[npt.NDArray[np.intp], ...]:
    """Return which pixels lie in each region.

    Parameters
    ----------
    landmarks : array_like of shape (68, 2)
        (x, y) in chip pixels, in dlib's order.
    shape : (int, int)
        Height and width of the chip.

    Returns
    -------
    tuple of 36 ndarray of shape (pixels,), intp
        Places in the flattened chip. A pixel on the edge of two regions belongs to both.

    Raises
    ------
    InvalidInputError
        If the landmarks are not (68, 2) finite numbers, or a region lies outside the chip.
    """
    import cv2

    regions = []
    for number, outline in enumerate(region_outlines(landmarks)):
        inside = np.zeros(shape, np.uint8)
        cv2.fillPoly(inside, [np.rint(outline).astype(np.int32)], 1)
        pixels = np.flatnonzero(inside)
        if pixels.size == 0:
            x, y = outline.mean(axis=0)
            raise InvalidInputError(
                f"landmarks: expected region {number} of the face within the {shape[1]} x "
                f"{shape[0]} chip, received ({x:.0f}, {y:.0f}). Check that landmarks and frames "
                "belong together."
            )
        regions.append(pixels)
    return tuple(regions)


def _corner(corner: Corner, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if isinstance(corner, int):
        return np.asarray(points[corner])
    if isinstance(corner, tuple):
        return np.asarray(points[list(corner)].mean(axis=0))
    lift = _LIFT * (points[_NOSE_TOP] - points[_NOSE_BASE])
    brow = points[[21, 22]].mean(axis=0) if corner == "mid" else points[int(corner)]
    return np.asarray(brow + lift)
