"""Hair of the synthetic face: silhouette, hairline and strands for each style."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from astsvm.datasets.synthetic.canvas import Canvas, Image, curve
from astsvm.datasets.synthetic.identity import Identity
from astsvm.datasets.synthetic.template import Points

__all__ = ["Hair", "grow_hair"]


@dataclass(frozen=True)
class Hair:
    """Hair on a canvas of shape (H, W).

    Parameters
    ----------
    colour : ndarray of shape (H, W, 3), float32
        Lit colour of the strands, BGR.
    back : ndarray of shape (H, W), float32
        Mask of what hangs behind neck and ears.
    front : ndarray of shape (H, W), float32
        Mask of what lies before the head.
    covers_ears : bool
    """

    colour: Image
    back: Image
    front: Image
    covers_ears: bool


@dataclass(frozen=True)
class _Cut:
    """Left halves of silhouette and hairline in IOD, from the lowest point up to the middle."""

    silhouette: tuple[tuple[float, float], ...]
    hairline: tuple[tuple[float, float], ...]
    covers_ears: bool


def _cut(identity: Identity) -> _Cut:
    """Return the cut of the subject's style; the head's half width is about 1.1 IOD."""
    volume, length = 0.10 * identity.hair_volume, identity.hair_length
    long_end = 1.3 + 1.3 * length
    cap = (
        (-1.09, 0.16),
        (-1.15 - volume, -0.20),
        (-1.14 - volume, -0.70),
        (-0.96 - volume, -1.12),
        (-0.58 - volume, -1.44 - volume),
        (0.0, -1.57 - volume),
    )
    curtain = (
        (-1.12, long_end),
        (-1.40 - volume, long_end - 0.1),
        (-1.38 - volume, 0.75),
        (-1.27 - volume, -0.10),
        (-1.17 - volume, -0.80),
        (-0.72 - volume, -1.40 - volume),
        (0.0, -1.60 - volume),
    )
    sides = ((-1.045, 0.24), (-1.03, -0.05), (-0.99, -0.38))
    framed = ((-1.06, long_end), (-1.00, 1.15), (-1.06, 0.60), (-1.04, 0.10), (-0.99, -0.35))
    return {
        "short": _Cut(cap, (*sides, (-0.90, -0.72), (-0.62, -0.93), (0.0, -0.99)), False),
        "parted": _Cut(cap, (*sides, (-0.88, -0.66), (-0.55, -0.86), (0.0, -1.00)), False),
        "receding": _Cut(cap, (*sides, (-0.93, -0.80), (-0.60, -1.13), (0.0, -1.06)), False),
        "tied": _Cut(cap, ((-1.08, 0.02), (-1.02, -0.30), (-0.93, -0.62), (-0.60, -0.98),
                           (0.0, -1.08)), False),
        "fringe": _Cut(curtain, (*framed, (-0.88, -0.60), (-0.50, -0.69), (0.0, -0.71)), True),
        "long": _Cut(curtain, (*framed, (-0.86, -0.70), (-0.45, -1.00), (0.0, -1.14)), True),
    }[identity.hair_style]  # fmt: skip


def _both_sides(half: Points, parting: float, width: float) -> Points:
    """Join a left half with its mirror image; the middle moves to the parting."""
    moved = half.copy()
    moved[:, 0] *= width
    other = moved[-2::-1] * (-1, 1)
    moved[-1, 0] = parting
    return curve(np.vstack([moved, other]))


def grow_hair(identity: Identity, canvas: Canvas, rng: np.random.Generator) -> Hair:
    """Draw a subject's hair on a canvas that holds head and shoulders."""
    cut = _cut(identity)
    parting = identity.hair_parting if identity.hair_style in ("parted", "long") else 0.0
    silhouette = _both_sides(np.array(cut.silhouette), 0.0, identity.width)
    hairline = np.array(cut.hairline)
    hairline[:-1] += 0.012 * rng.normal(size=hairline[:-1].shape)
    opening = _both_sides(hairline, parting, identity.width)
    strand = _strands(identity, canvas, parting, rng)
    back = canvas.fill(silhouette, 0.012)
    if identity.hair_style == "tied":
        bun = np.linspace(0, 2 * np.pi, 40)
        knot = np.column_stack([0.34 * np.cos(bun), -1.66 + 0.26 * np.sin(bun)])
        back = np.maximum(back, canvas.fill(knot, 0.02))
    opened = np.vstack([opening, [(1.0, 9.0), (-1.0, 9.0)]])
    softness = 0.045 if identity.hair_style in ("fringe", "receding") else 0.030
    front = back * (1 - canvas.fill(opened, softness))
    # Strands fray both edges.
    fray = 0.55 * (4 * front * (1 - front)) * strand
    front = np.clip((front + fray - 0.12) / 0.76, 0, 1)
    back = np.clip(back + 0.4 * (4 * back * (1 - back)) * strand, 0, 1)
    if identity.hair_style == "receding":
        front *= 0.80
    colour = _lit_strands(identity, canvas, strand, opening, rng)
    return Hair(
        colour.astype(np.float32),
        back.astype(np.float32),
        front.astype(np.float32),
        cut.covers_ears,
    )


def _strands(identity: Identity, canvas: Canvas, parting: float, rng: np.random.Generator) -> Image:
    """Return noise of unit size drawn out along the strands, which fan out from above the crown."""
    pole_y = -2.7 if identity.hair_style in ("long", "fringe") else -2.05
    dx, dy = np.broadcast_arrays(canvas.x - np.float32(parting), canvas.y - np.float32(pole_y))
    wave = np.float32(0.02) * np.sin(3.1 * canvas.y + 2.0 * np.abs(canvas.x) + parting * 9)
    distance, angle = cv2.cartToPolar(
        np.ascontiguousarray(dx + wave * np.sign(dx)), np.ascontiguousarray(dy)
    )
    total = canvas.blank()
    for across, along, weight in ((420.0, 1.6, 0.6), (150.0, 1.1, 0.6), (38.0, 0.7, 0.5)):
        grid = rng.standard_normal((16, 2048), dtype=np.float32)
        columns = angle * np.float32(across / np.pi) + np.float32(600)
        total += np.float32(weight) * cv2.remap(
            grid, columns, distance * np.float32(along) + 2, cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )  # fmt: skip
    return total


def _lit_strands(
    identity: Identity,
    canvas: Canvas,
    strand: Image,
    opening: Points,
    rng: np.random.Generator,
) -> Image:
    relative = 1 + 0.20 * strand + canvas.noise(rng, (0.3, 0.7), (0.07, 0.08))
    crown = np.abs(canvas.x) * 0.35
    sheen = np.exp(-0.5 * np.square((canvas.y + 1.22 - 0.6 * crown) / 0.16))
    light = 0.78 + 0.50 * sheen * (1 + 0.3 * strand)
    light *= 1 - 0.35 * np.clip(np.abs(canvas.x) - 0.95, 0, 0.6)
    light *= 1 - 0.22 * np.clip(canvas.y, 0, 1.5)
    roots = canvas.stroke(opening, 0.10, 0.05)
    shade = np.clip(relative, 0.35, 2.0) * light * (1 - 0.18 * roots)
    base = np.array(identity.hair, dtype=np.float32)
    return np.asarray(base * shade[..., None] + (9 * sheen)[..., None], dtype=np.float32)
