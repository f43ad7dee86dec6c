"""Eyes and brows of the synthetic face."""

from __future__ import annotations

import cv2
import numpy as np

from astsvm.datasets.synthetic.canvas import Canvas, Image, blend, curve, moved
from astsvm.datasets.synthetic.identity import Identity
from astsvm.datasets.synthetic.template import Points

__all__ = ["paint_brows", "paint_eyes"]

_IRIS_RADIUS = 0.094
_PUPIL_RADIUS = 0.040
_BROW_HAIRS = 380


def paint_eyes(
    face: Image,
    shade: Image,
    identity: Identity,
    landmarks: Points,
    canvas: Canvas,
    rng: np.random.Generator,
) -> None:
    """Paint both eyes with their lids on the lit face `face` (H, W, 3) in place."""
    towards_light = float(np.sign(identity.light[0]))
    phase = float(rng.uniform(0, 2 * np.pi))
    for first in (36, 42):
        eye = landmarks[first : first + 6]
        centre = eye.mean(axis=0)
        place = canvas.crop(centre[0] - 0.42, centre[0] + 0.42, centre[1] - 0.30, centre[1] + 0.30)
        part = face[canvas.within(place)]
        upper, lower = curve(eye[:4]), curve(eye[[3, 4, 5, 0]])
        lid_strength = np.float32(0.30)
        part *= 1 - lid_strength * place.stroke(moved(upper, 0, -0.058), 0.016, 0.011)[..., None]
        part *= 1 - np.float32(0.16) * place.stroke(moved(upper, 0, -0.02), 0.05, 0.03)[..., None]
        part *= 1 - np.float32(0.13) * place.stroke(moved(lower, 0, 0.06), 0.03, 0.026)[..., None]
        opening = place.fill(np.vstack([upper, lower]), 0.005)
        ball = _eyeball(identity, centre, place, phase)
        ball *= 0.5 + 0.5 * np.clip(shade[canvas.within(place)], 0, 1.1)[..., None]
        ball *= 1 - np.float32(0.42) * place.stroke(upper, 0.05, 0.018)[..., None]
        blend(part, ball, opening)
        glint = place.bump(moved(centre, 0.03 * towards_light, -0.035), 0.012, 0.012)
        blend(part, 235.0, glint * opening)
        part *= 1 - np.float32(0.78) * place.stroke(upper, 0.026, 0.006)[..., None]
        part *= 1 - np.float32(0.26) * place.stroke(lower, 0.012, 0.006)[..., None]


def _eyeball(identity: Identity, centre: Points, place: Canvas, phase: float) -> Image:
    x, y = place.x - np.float32(centre[0]), place.y - np.float32(centre[1])
    white = np.array([206, 211, 216], dtype=np.float32)
    roundness = 0.74 + 0.26 * np.clip(1 - np.square(x / 0.21), 0, 1)
    ball = white * (roundness * np.ones_like(y))[..., None]
    dx, dy = np.broadcast_arrays(x, y + np.float32(0.008))
    distance, angle = cv2.cartToPolar(np.ascontiguousarray(dx), np.ascontiguousarray(dy))
    fibres = 1 + 0.16 * np.sin(23 * angle + phase) + 0.10 * np.sin(41 * angle)
    fibres *= 1 - 0.50 * np.clip((distance - 0.070) / 0.024, 0, 1)
    fibres *= 1 + 0.35 * np.clip(y / _IRIS_RADIUS, -0.6, 1)
    iris = np.array(identity.iris, dtype=np.float32) * fibres[..., None]
    blend(ball, iris, np.clip((_IRIS_RADIUS - distance) / 0.010 + 0.5, 0, 1))
    blend(ball, 10.0, np.clip((_PUPIL_RADIUS - distance) / 0.008 + 0.5, 0, 1))
    return np.asarray(ball, dtype=np.float32)


def paint_brows(
    face: Image, identity: Identity, landmarks: Points, canvas: Canvas, rng: np.random.Generator
) -> None:
    """Paint both brows, hair by hair over a soft base, on `face` (H, W, 3) in place."""
    colour = np.minimum(np.array(identity.hair), 78) * 0.8
    for side, brow in ((-1, landmarks[17:22]), (1, landmarks[26:21:-1])):
        place = canvas.crop(
            brow[:, 0].min() - 0.2, brow[:, 0].max() + 0.2, brow[:, 1].min() - 0.25, 0.05
        )
        ridge = curve(brow)
        hairs = _brow_hairs(ridge, side, identity, place, rng)
        base = place.stroke(ridge[4:-3], 0.070 * identity.brow_thickness, 0.020)
        mask = np.clip(0.72 * hairs + 0.42 * base, 0, 1) * np.float32(identity.brow_darkness)
        blend(face[canvas.within(place)], colour, mask)


def _brow_hairs(
    ridge: Points, side: int, identity: Identity, place: Canvas, rng: np.random.Generator
) -> Image:
    """Draw hairs that start along the brow's ridge (outer to inner) and sweep outwards."""
    along = rng.uniform(0, 1, _BROW_HAIRS)
    thickness = 0.055 * identity.brow_thickness * (0.40 + 0.75 * np.sin((along + 0.05) * 1.95))
    start = ridge[(along * (len(ridge) - 1)).astype(int)]
    start[:, 1] += 0.45 * thickness * rng.normal(size=_BROW_HAIRS)
    length = rng.uniform(0.05, 0.10, _BROW_HAIRS)
    # Near the nose hairs stand up, towards the temple they lie along the brow.
    lift = -0.15 - 0.85 * along + 0.15 * rng.normal(size=_BROW_HAIRS)
    sweep = np.column_stack([side * np.cos(lift), np.sin(lift)]) * length[:, None]
    paths = np.stack([start, start + 0.6 * sweep + (0, -0.003), start + sweep], axis=1)
    level = rng.integers(110, 255, _BROW_HAIRS)
    broad = rng.uniform(size=_BROW_HAIRS) < 0.5
    drawn = np.zeros(place.shape, dtype=np.uint8)
    widths = np.maximum(1, np.round((0.006 + 0.005 * broad) * place.unit)).astype(int)
    for path, grey, width in zip(place.pixels(paths), level, widths, strict=True):
        cv2.polylines(drawn, [path], False, int(grey), int(width), cv2.LINE_AA, 4)
    return place.soften(drawn.astype(np.float32) / np.float32(255), 0.005)
