"""The head as a height field, and the light that falls on it.

A dome over the head's outline carries Gaussian bumps and hollows for nose, sockets, cheeks, lips
and chin; a Lambert term, a soft highlight and a crease darkening turn heights into grey.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from astsvm.datasets.synthetic.canvas import Canvas, Image, curve, moved
from astsvm.datasets.synthetic.identity import Identity
from astsvm.datasets.synthetic.template import Points

__all__ = ["Lighting", "head_outline", "head_relief", "light_relief", "smile_folds"]

_TOP = -1.32
_DOME_CENTRE = (0.0, 0.25)


@dataclass(frozen=True)
class Lighting:
    """What light makes of a relief.

    Parameters
    ----------
    shade : ndarray of shape (H, W), float32
        Factor for the skin's colour, about .3 to 1.2.
    highlight : ndarray of shape (H, W), float32
        Glossy reflection in [0, 1], to be added.
    """

    shade: Image
    highlight: Image


def head_outline(landmarks: Points) -> Points:
    """Return the closed outline of jaw and skull in IOD."""
    half_width = landmarks[16, 0]
    angle = np.linspace(0, np.pi, 13)[1:-1]
    temple = landmarks[16, 1]
    skull = np.column_stack(
        [half_width * np.cos(angle), temple + (_TOP - temple) * np.sin(angle) ** 0.92]
    )
    return curve(np.vstack([landmarks[:17], skull]), closed=True)


def smile_folds(identity: Identity, landmarks: Points) -> tuple[Points, Points]:
    """Return the left and right curve from the nose wing to beside the mouth's corner."""
    wing, corner = landmarks[35], landmarks[54]
    points = np.array(
        [
            (0.24 * identity.nose_width, wing[1] - 0.03),
            (0.36, wing[1] + 0.13),
            (0.48 * identity.mouth_width, corner[1] - 0.07),
            (0.53 * identity.mouth_width, corner[1] + 0.10),
        ]
    )
    return curve(points * (-1, 1)), curve(points)


def head_relief(
    identity: Identity, landmarks: Points, canvas: Canvas, rng: np.random.Generator
) -> Image:
    """Return the heights of the head in IOD, (H, W) float32; the dome's rim lies near 0."""
    height = _dome(landmarks, canvas)
    _add_nose(height, identity, landmarks, canvas)
    _add_eyes_and_brows(height, landmarks, canvas)
    _add_mouth_and_chin(height, landmarks, canvas)
    for side in (-1, 1):
        height += 0.06 * canvas.bump((side * 0.63, 0.52), 0.26, 0.22)
        height -= 0.03 * canvas.bump((side * 0.72, 1.02), 0.16, 0.24)
        height -= 0.03 * canvas.bump((side * 0.95, -0.35), 0.14, 0.25)
    height += 0.05 * canvas.bump((0, -0.75), 0.55, 0.35)
    depth = 0.006 + 0.016 * identity.wrinkles
    for fold in smile_folds(identity, landmarks):
        height -= depth * 2 * canvas.stroke(fold, 0.02, 0.035)
    height += canvas.noise(rng, (0.016, 0.035, 0.08, 0.22), (0.0003, 0.0006, 0.0012, 0.0035))
    return canvas.soften(height, 0.0075)


def _dome(landmarks: Points, canvas: Canvas) -> Image:
    outline = head_outline(landmarks) - _DOME_CENTRE
    angle = np.arctan2(outline[:, 1], outline[:, 0])
    radius = np.hypot(outline[:, 0], outline[:, 1])
    order = np.argsort(angle)
    x, y = np.broadcast_arrays(canvas.x - _DOME_CENTRE[0], canvas.y - np.float32(_DOME_CENTRE[1]))
    distance, direction = cv2.cartToPolar(np.ascontiguousarray(x), np.ascontiguousarray(y))
    # One table lookup per pixel: the outline's radius for 2048 directions.
    table_angle = np.linspace(0, 2 * np.pi, 2048, endpoint=False)
    wrapped = np.where(table_angle > np.pi, table_angle - 2 * np.pi, table_angle)
    table = np.interp(wrapped, angle[order], radius[order], period=2 * np.pi).astype(np.float32)
    index = (direction * np.float32(2048 / (2 * np.pi))).astype(np.int32) & 2047
    relative = np.minimum(distance / table[index], 1)
    return np.asarray(np.sqrt(1 - relative**2.6 + np.float32(1e-3)), dtype=np.float32)


def _add_nose(height: Image, identity: Identity, landmarks: Points, canvas: Canvas) -> None:
    bridge, tip, base = landmarks[27], landmarks[30], landmarks[33]
    width = identity.nose_width
    height += 0.125 * canvas.bump((bridge[0], 0.32 + identity.nose_length / 2), 0.10 * width, 0.28)
    height += 0.19 * canvas.bump(moved(tip, 0, 0.04), 0.13 * width, 0.13)
    for wing, inward in ((landmarks[31], 0.05), (landmarks[35], -0.05)):
        height += 0.07 * canvas.bump(moved(wing, inward, -0.01), 0.07, 0.08)
    height -= 0.05 * canvas.bump(moved(base, 0, 0.06), 0.22, 0.05)
    for side in (-1, 1):
        height -= 0.05 * canvas.bump(moved(bridge, side * 0.17, 0.02), 0.07, 0.12)


def _add_eyes_and_brows(height: Image, landmarks: Points, canvas: Canvas) -> None:
    for eye, brow in ((slice(36, 42), slice(17, 22)), (slice(42, 48), slice(22, 27))):
        centre = landmarks[eye].mean(axis=0)
        height -= 0.105 * canvas.bump(moved(centre, 0, -0.03), 0.25, 0.14)
        height += 0.055 * canvas.bump(centre, 0.15, 0.09)
        height -= 0.012 * canvas.bump(moved(centre, 0, 0.19), 0.20, 0.035)
        height += 0.055 * canvas.bump(moved(landmarks[brow].mean(axis=0), 0, 0.05), 0.32, 0.09)


def _add_mouth_and_chin(height: Image, landmarks: Points, canvas: Canvas) -> None:
    upper, lower, chin = landmarks[51, 1], landmarks[57, 1], landmarks[8, 1]
    height += 0.05 * canvas.bump((0, 1.05), 0.42, 0.30)
    height += 0.040 * canvas.bump((0, upper + 0.035), 0.24, 0.035)
    height += 0.055 * canvas.bump((0, lower - 0.07), 0.20, 0.05)
    height -= 0.05 * canvas.bump((0, lower + 0.10), 0.22, 0.06)
    height -= 0.028 * canvas.bump((0, (landmarks[33, 1] + upper) / 2), 0.035, 0.08)
    for corner in (landmarks[48], landmarks[54]):
        height -= 0.025 * canvas.bump(corner, 0.06, 0.05)
    height += 0.08 * canvas.bump((0, chin - 0.2), 0.22, 0.15)


def light_relief(height: Image, identity: Identity, canvas: Canvas) -> Lighting:
    """Shade a relief with the subject's key light.

    Parameters
    ----------
    height : ndarray of shape (H, W), float32
        Heights in IOD.
    """
    slope_y, slope_x = (np.asarray(g * canvas.unit) for g in np.gradient(height))
    upright = 1 / np.sqrt(1 + np.square(slope_x) + np.square(slope_y))
    light = np.array([*identity.light, 0.85])
    light /= np.linalg.norm(light)
    half_way = light + np.array([0, 0, 1])
    half_way /= np.linalg.norm(half_way)

    def facing(direction: np.ndarray) -> Image:
        lx, ly, lz = (np.float32(part) for part in direction)
        return np.asarray(np.clip((lz - slope_x * lx - slope_y * ly) * upright, 0, 1))

    lambert = facing(light)
    gloss = np.square(np.square(np.square(np.square(facing(half_way)))))
    crease = np.clip(canvas.soften(height, 0.10) - height, 0, 0.25)
    ambient = np.float32(identity.ambient)
    shade = ambient + (1 - ambient) * np.float32(1.15) * lambert
    shade *= np.clip(1 - np.float32(1.2) * crease, 0.4, 1)
    shade *= np.float32(0.42) + np.float32(0.58) * np.minimum(upright * np.float32(1.7), 1)
    return Lighting(shade.astype(np.float32), gloss.astype(np.float32))
