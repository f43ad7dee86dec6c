"""The face every subject is bent from: 68 landmarks in units of the interocular distance.

The numbering is the 68-point one of iBUG 300-W (0-16 jaw from the image's left to its right, 17-26
brows, 27-35 nose, 36-47 eyes, 48-67 mouth). The origin lies between the eyes, x points right, y
down. The point positions are ours.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["MIRROR", "Points", "landmark_template", "mirrored"]

Points = npt.NDArray[np.float64]

_JAW = (
    (-1.10, 0.05),
    (-1.08, 0.33),
    (-1.04, 0.61),
    (-0.97, 0.88),
    (-0.85, 1.14),
    (-0.68, 1.37),
    (-0.47, 1.56),
    (-0.24, 1.69),
    (0.0, 1.73),
)
_BROW = ((-0.87, -0.30), (-0.72, -0.41), (-0.53, -0.44), (-0.35, -0.41), (-0.18, -0.34))
_NOSE = (
    (0.0, -0.02),
    (0.0, 0.18),
    (0.0, 0.38),
    (0.0, 0.57),
    (-0.21, 0.70),
    (-0.11, 0.745),
    (0.0, 0.77),
)
_EYE = (
    (-0.70, 0.02),
    (-0.585, -0.065),
    (-0.425, -0.07),
    (-0.30, 0.035),
    (-0.43, 0.075),
    (-0.58, 0.075),
)
_OUTER_LIP_TOP = ((-0.40, 1.10), (-0.25, 1.03), (-0.09, 0.995), (0.0, 1.01))
_OUTER_LIP_BOTTOM = ((0.0, 1.25), (-0.10, 1.245), (-0.25, 1.20))
_INNER_LIP = ((-0.34, 1.105), (-0.10, 1.095), (0.0, 1.10), (0.0, 1.12), (-0.10, 1.115))


def _mirror_order() -> tuple[int, ...]:
    """Give for each landmark the one it turns into when the face is mirrored."""
    order = [16 - i for i in range(17)] + [43 - i for i in range(17, 27)]
    order += [27, 28, 29, 30, 35, 34, 33, 32, 31]
    order += [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    order += [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55]
    order += [64, 63, 62, 61, 60, 67, 66, 65]
    return tuple(order)


MIRROR: tuple[int, ...] = _mirror_order()
"""``MIRROR[i]`` is the landmark that lies opposite landmark ``i``."""


def landmark_template() -> Points:
    """Return the 68 landmarks of the average face.

    Returns
    -------
    ndarray of shape (68, 2), float64
        x (right) and y (down) in interocular distances; symmetric about x = 0.
    """
    points = np.full((68, 2), np.nan)
    points[0:9] = _JAW
    points[17:22] = _BROW
    points[27:34] = _NOSE
    points[36:42] = _EYE
    points[48:52] = _OUTER_LIP_TOP
    points[57:60] = _OUTER_LIP_BOTTOM
    points[[60, 61, 62, 66, 67]] = _INNER_LIP
    missing = np.flatnonzero(np.isnan(points[:, 0]))
    points[missing] = points[np.array(MIRROR)[missing]] * (-1.0, 1.0)
    return points


def mirrored(points: Points) -> Points:
    """Mirror 68 landmarks about x = 0, renumbering them so that they name the same parts."""
    return points[list(MIRROR)] * (-1.0, 1.0)
