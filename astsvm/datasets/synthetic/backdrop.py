"""What surrounds the synthetic face: wall, neck, shirt and ears."""

from __future__ import annotations

import numpy as np

from astsvm.datasets.synthetic.canvas import Canvas, Image, blend, curve, moved
from astsvm.datasets.synthetic.identity import Identity
from astsvm.datasets.synthetic.skin import skin_grain
from astsvm.datasets.synthetic.template import Points

__all__ = ["paint_ears", "paint_neck_and_shirt", "paint_wall"]

_NECK = ((-0.60, 0.8), (-0.60, 1.7), (-0.64, 2.0), (-0.86, 2.22), (-1.5, 2.45), (-1.6, 40.0))
_SHIRT = ((-40.0, 40.0), (-2.75, 40.0), (-2.6, 3.1), (-2.35, 2.72), (-1.6, 2.42), (-0.86, 2.16))
_COLLAR = ((-0.86, 2.16), (-0.60, 2.36), (-0.30, 2.47), (0.0, 2.50))


def _closed(left_half: tuple[tuple[float, float], ...]) -> Points:
    half = np.array(left_half)
    return np.vstack([half, half[::-1] * (-1, 1)])


def paint_wall(identity: Identity, canvas: Canvas, rng: np.random.Generator) -> Image:
    """Return a plain, unevenly lit wall, (H, W, 3) float32 BGR."""
    light = 1 + canvas.noise(rng, (1.1, 2.2), (0.025, 0.035))
    light -= 0.07 * np.clip((canvas.y + 1) / 3, 0, 2)
    light += np.float32(0.05 * np.sign(identity.light[0])) * canvas.x / 3
    return np.asarray(
        np.array(identity.background, dtype=np.float32) * light[..., None], dtype=np.float32
    )


def paint_neck_and_shirt(
    picture: Image,
    head: Image,
    identity: Identity,
    landmarks: Points,
    canvas: Canvas,
    rng: np.random.Generator,
) -> None:
    """Paint neck and shirt on `picture` in place; `head` is the head's mask, which casts shadow."""
    place = canvas.crop(-9.0, 9.0, 0.7, 99.0)
    part = picture[canvas.within(place)]
    neck = place.fill(_closed(_NECK) * (identity.width, 1), 0.012)
    round_off = np.sqrt(np.clip(1 - np.square(place.x / (0.72 * identity.width)), 0.08, 1))
    side_light = 1 + np.float32(0.25 * identity.light[0]) * np.clip(place.x, -1, 1)
    shade = np.float32(0.36) + np.float32(0.36) * round_off * side_light
    # The chin's shadow is the head's mask, moved down and blurred.
    lowered = np.roll(head, int(0.16 * canvas.unit), axis=0)
    shadow = canvas.soften(lowered, 0.11)[canvas.within(place)]
    shade = shade * (1 - np.float32(0.48) * shadow)
    tendon = place.bump((-0.26, 2.05), 0.05, 0.25) + place.bump((0.26, 2.05), 0.05, 0.25)
    shade = shade * (1 + np.float32(0.07) * tendon) * (1 + 0.7 * skin_grain(place, rng))
    blend(part, np.array(identity.skin, dtype=np.float32) * shade[..., None], neck)
    outline = curve(_SHIRT[2:] + _COLLAR[1:])
    left = np.vstack([_SHIRT[:2], outline])
    shirt = place.fill(np.vstack([left, left[::-1] * (-1, 1)]), 0.010)
    cloth = 0.72 + place.noise(rng, (0.016, 0.16, 0.55), (0.025, 0.03, 0.06))
    cloth *= 1 - np.float32(0.14) * np.clip(np.abs(place.x) - 1.4, 0, 2)
    collar = curve(np.vstack([_COLLAR, np.array(_COLLAR[-2::-1]) * (-1, 1)]))
    cloth *= 1 - np.float32(0.30) * place.stroke(moved(collar, 0, 0.09), 0.02, 0.012)
    blend(part, np.array(identity.shirt, dtype=np.float32) * cloth[..., None], shirt)


def paint_ears(picture: Image, identity: Identity, landmarks: Points, canvas: Canvas) -> None:
    """Paint both ears on `picture` in place; the head is laid over their inner edge later."""
    for side, edge in ((-1, landmarks[0, 0]), (1, landmarks[16, 0])):
        x = edge + side * np.array([-0.06, -0.02, 0.07, 0.125, 0.12, 0.075, 0.03, -0.06])
        y = np.array([0.02, -0.10, -0.15, -0.06, 0.12, 0.32, 0.47, 0.46])
        place = canvas.crop(edge - 0.35, edge + 0.35, -0.35, 0.7)
        part = picture[canvas.within(place)]
        outline = np.column_stack([x, y])
        ear = place.fill(curve(outline, closed=True), 0.008)
        shade = 0.66 + 0.05 * side * np.sign(identity.light[0]) * np.ones(place.shape)
        shade -= 0.25 * place.bump((edge + side * 0.035, 0.13), 0.035, 0.13)
        rim = curve(
            np.column_stack(
                [edge + side * np.array([0.0, 0.06, 0.085, 0.06]), [-0.06, -0.07, 0.10, 0.28]]
            )
        )
        shade -= 0.16 * place.stroke(rim, 0.016, 0.012)
        colour = np.array(identity.skin, dtype=np.float32) * (0.94, 0.95, 1.03)
        blend(part, colour * shade[..., None], ear)
