"""A mean face shape of 68 landmarks, for warping faces of different shapes onto one.

The template is ours: drawn by hand, symmetric, in units of the distance between the eye centres,
origin midway between them, x rightwards, y downwards. It is the shape that the synthetic faces
vary around. Only the left half of the image is written down.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["canonical_landmarks"]

_JAW: Final = (
    (-1.10, 0.05), (-1.08, 0.33), (-1.04, 0.61), (-0.97, 0.88), (-0.85, 1.14), (-0.68, 1.37),
    (-0.47, 1.56), (-0.24, 1.69), (0.0, 1.73),
)  # fmt: skip
_BROW: Final = ((-0.87, -0.30), (-0.72, -0.41), (-0.53, -0.44), (-0.35, -0.41), (-0.18, -0.34))
_NOSE_BRIDGE: Final = ((0.0, -0.02), (0.0, 0.18), (0.0, 0.38), (0.0, 0.57))
_NOSTRILS: Final = ((-0.21, 0.70), (-0.11, 0.745), (0.0, 0.77))
_EYE: Final = (
    (-0.70, 0.0), (-0.585, -0.08), (-0.425, -0.085), (-0.30, 0.0), (-0.43, 0.055), (-0.58, 0.055),
)  # fmt: skip
_OUTER_LIP: Final = (
    ((-0.40, 1.10), (-0.25, 1.03), (-0.09, 0.995), (0.0, 1.01)),
    ((-0.25, 1.20), (-0.10, 1.245), (0.0, 1.25)),
)
_INNER_LIP: Final = (((-0.34, 1.105), (-0.10, 1.095), (0.0, 1.10)), ((-0.10, 1.115), (0.0, 1.12)))

Points = tuple[tuple[float, float], ...]


def canonical_landmarks() -> npt.NDArray[np.float64]:
    """Return the template: (68, 2) in dlib's order, eye centres at (-.5, 0) and (.5, 0)."""
    right_eye = _mirrored(_EYE)
    return np.array(
        [
            *_across(_JAW),
            *_BROW,
            *reversed(_mirrored(_BROW)),
            *_NOSE_BRIDGE,
            *_across(_NOSTRILS),
            *_EYE,
            *(right_eye[i] for i in (3, 2, 1, 0, 5, 4)),
            *_around(*_OUTER_LIP),
            *_around(*_INNER_LIP),
        ]
    )


def _mirrored(points: Points) -> Points:
    return tuple((-x, y) for x, y in points)


def _across(left_half: Points) -> Points:
    """Continue a line from its left end to the middle by its mirror image."""
    return left_half + _mirrored(left_half)[-2::-1]


def _around(upper_left: Points, lower_left: Points) -> Points:
    """Close a lip: along the top to the right, back along the bottom.

    The corner belongs to the top; the last point of either half is the middle.
    """
    lower = _across(lower_left)
    return _across(upper_left) + lower[::-1]
