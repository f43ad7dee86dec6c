"""The colour of the skin before light falls on it: tone, blotches, freckles, beard, lips, lines."""

from __future__ import annotations

import cv2
import numpy as np

from astsvm.datasets.synthetic.canvas import Canvas, Image, blend, curve, moved
from astsvm.datasets.synthetic.identity import Identity
from astsvm.datasets.synthetic.relief import smile_folds
from astsvm.datasets.synthetic.template import Points

__all__ = ["paint_skin", "skin_grain"]

_BLUSH = np.array([0.13, 0.12, 0.0], dtype=np.float32)
_PALE_LIP = np.array([0.82, 0.76, 0.92])
_RED_LIP = np.array([0.66, 0.56, 0.88])


def skin_grain(canvas: Canvas, rng: np.random.Generator) -> Image:
    """Return the relative unevenness of skin, (H, W) float32 around 0."""
    return canvas.noise(rng, (0.022, 0.05, 0.12, 0.32, 0.86), (0.016, 0.015, 0.014, 0.018, 0.025))


def paint_skin(
    identity: Identity, landmarks: Points, canvas: Canvas, rng: np.random.Generator
) -> Image:
    """Return the unlit colour of the face, (H, W, 3) float32 BGR."""
    skin = np.array(identity.skin, dtype=np.float32)
    colour = skin * (1 + skin_grain(canvas, rng))[..., None]
    colour *= 1 - _blush(identity, landmarks, canvas)[..., None] * _BLUSH
    darkening = np.ones(canvas.shape, dtype=np.float32)
    darkening *= _freckles_and_moles(identity, canvas, rng)
    darkening *= _stubble(identity, landmarks, canvas, rng)
    darkening *= _wrinkles(identity, landmarks, canvas, rng)
    colour *= darkening[..., None]
    _paint_lips(colour, identity, landmarks, canvas, rng)
    _paint_nostrils(colour, identity, landmarks, canvas)
    return colour


def _blush(identity: Identity, landmarks: Points, canvas: Canvas) -> Image:
    blush = 0.5 * canvas.bump(landmarks[30], 0.16, 0.14)
    for side, eye in ((-1, slice(36, 42)), (1, slice(42, 48))):
        blush += 0.55 * canvas.bump((side * 0.62, 0.55), 0.26, 0.2)
        blush += 0.3 * canvas.bump(moved(landmarks[eye].mean(axis=0), 0, 0.05), 0.2, 0.14)
    return np.asarray(blush * np.float32(1 - 0.4 * identity.darkness), dtype=np.float32)


def _freckles_and_moles(identity: Identity, canvas: Canvas, rng: np.random.Generator) -> Image:
    spots = canvas.blank()
    for _ in range(int(150 * identity.freckles)):
        middle = canvas.pixels((0.55 * rng.normal(), 0.42 + 0.22 * rng.normal()))
        pixels = round(rng.uniform(0.006, 0.016) * canvas.unit * 16)
        strength = float(rng.uniform(0.08, 0.30))
        cv2.circle(spots, middle.tolist(), pixels, strength, -1, cv2.LINE_AA, 4)
    spots = canvas.soften(spots, 0.006)
    for _ in range(identity.moles):
        centre = (rng.uniform(-0.8, 0.8), rng.uniform(0.3, 1.4))
        radius = rng.uniform(0.010, 0.020)
        spots += np.float32(0.5) * canvas.bump(centre, radius, radius)
    return np.asarray(1 - np.clip(spots, 0, 0.7), dtype=np.float32)


def _stubble(
    identity: Identity, landmarks: Points, canvas: Canvas, rng: np.random.Generator
) -> Image:
    if identity.stubble == 0:
        return np.ones((1, 1), dtype=np.float32)
    mouth = landmarks[[51, 57]].mean(axis=0)
    region = canvas.bump((0, 1.42), 0.62, 0.30) + 0.8 * canvas.bump((0, 0.93), 0.34, 0.07)
    for side in (-1, 1):
        region += 0.5 * canvas.bump((side * 0.86, 0.95), 0.16, 0.40)
    region -= 1.1 * canvas.bump(mouth, 0.30, 0.10)
    hairs = 1 + 0.55 * canvas.noise(rng, (0.011, 0.018), (0.6, 0.6))
    strength = np.float32(identity.stubble) * np.clip(region, 0, 1) * np.clip(hairs, 0.2, 2)
    return np.asarray(1 - np.clip(strength, 0, 0.8), dtype=np.float32)


def _wrinkles(
    identity: Identity, landmarks: Points, canvas: Canvas, rng: np.random.Generator
) -> Image:
    factor = np.ones(canvas.shape, dtype=np.float32)
    columns = np.linspace(-0.5, 0.5, 9)
    for line in range(3):
        rows = -0.60 - 0.11 * line + 0.03 * np.cos(3 * columns) + 0.006 * rng.normal(size=9)
        path = curve(np.column_stack([columns, rows]))
        factor *= 1 - np.float32(0.13 * identity.wrinkles) * canvas.stroke(path, 0.012, 0.012)
    strength = np.float32(0.05 + 0.13 * identity.wrinkles)
    for fold in smile_folds(identity, landmarks):
        factor *= 1 - strength * canvas.stroke(fold, 0.02, 0.025)
    for corner, side in ((landmarks[36], -1), (landmarks[45], 1)):
        for slant in (-0.35, 0.0, 0.35):
            start = moved(corner, side * 0.06, 0.06 * slant)
            path = np.vstack([start, moved(corner, side * 0.20, 0.20 * slant)])
            factor *= 1 - np.float32(0.10 * identity.wrinkles) * canvas.stroke(path, 0.010, 0.012)
    return factor


def _paint_lips(
    colour: Image, identity: Identity, landmarks: Points, canvas: Canvas, rng: np.random.Generator
) -> None:
    place = canvas.crop(-0.75, 0.75, 0.8, 1.5)
    part = colour[canvas.within(place)]
    lips = place.fill(curve(landmarks[48:60], closed=True), 0.013)
    tint = _PALE_LIP * (1 - identity.lip_redness) + _RED_LIP * identity.lip_redness
    grooves = rng.standard_normal((5, max(2, int(place.shape[1] / (0.022 * place.unit)))))
    streaks = cv2.resize(
        grooves.astype(np.float32), place.shape[::-1], interpolation=cv2.INTER_CUBIC
    )
    middle = np.float32((landmarks[62, 1] + landmarks[66, 1]) / 2)
    # The upper lip turns away from the light, the lower one towards it.
    turn = 1 + np.float32(0.09) * np.tanh((place.y - middle) / np.float32(0.03))
    painted = part * tint.astype(np.float32) * ((1 + np.float32(0.045) * streaks) * turn)[..., None]
    blend(part, painted, lips)
    gloss = place.bump((0.02, landmarks[57, 1] - 0.06), 0.11, 0.022)
    part += (np.float32(14 + 10 * identity.lip_redness) * gloss * lips)[..., None]
    seam = np.vstack(
        [
            landmarks[48],
            landmarks[60],
            landmarks[[61, 67]].mean(axis=0),
            landmarks[[62, 66]].mean(axis=0),
            landmarks[[63, 65]].mean(axis=0),
            landmarks[64],
            landmarks[54],
        ]
    )
    part *= 1 - np.float32(0.70) * place.stroke(curve(seam), 0.020, 0.007)[..., None]
    part *= 1 - np.float32(0.25) * place.stroke(curve(seam), 0.05, 0.025)[..., None]


def _paint_nostrils(colour: Image, identity: Identity, landmarks: Points, canvas: Canvas) -> None:
    width = identity.nose_width
    factor = np.ones(canvas.shape, dtype=np.float32)
    for index, side in ((32, -1), (34, 1)):
        nostril = landmarks[index] + (side * 0.015, -0.005)
        factor *= 1 - np.float32(0.72) * canvas.bump(nostril, 0.048 * width, 0.021)
    for index, side in ((31, -1), (35, 1)):
        wing = curve(
            landmarks[index] + np.array([(0.02, -0.10), (0.035, -0.03), (0, 0.03)]) * (side, 1)
        )
        factor *= 1 - np.float32(0.26) * canvas.stroke(wing, 0.016, 0.014)
    base = curve(landmarks[[31, 32, 33, 34, 35]] + (0, 0.015))
    factor *= 1 - np.float32(0.18) * canvas.stroke(base, 0.025, 0.022)
    colour *= factor[..., None]
