"""One subject's picture at rest: the texture that every frame of the subject is warped from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from astsvm.datasets.synthetic.backdrop import paint_ears, paint_neck_and_shirt, paint_wall
from astsvm.datasets.synthetic.canvas import Canvas, Image, blend, full_canvas
from astsvm.datasets.synthetic.eyes import paint_brows, paint_eyes
from astsvm.datasets.synthetic.hair import Hair, grow_hair
from astsvm.datasets.synthetic.identity import Identity, face_shape
from astsvm.datasets.synthetic.relief import head_outline, head_relief, light_relief
from astsvm.datasets.synthetic.skin import paint_skin
from astsvm.datasets.synthetic.template import Points
from astsvm.errors import SettingsError

__all__ = ["OVERSAMPLING", "FaceTexture", "check_size", "render_face"]

OVERSAMPLING = 2
"""Texture pixels per frame pixel. Bilinear sampling of a texture at the frames' own size would
lose motion and cubic sampling would overstate it; at twice the size bilinear is within 2 %."""

_SMALLEST, _LARGEST = (320, 240), (640, 480)
_HEAD = (-1.45, 1.45, -1.70, 1.98)
_BUST = (-1.95, 1.95, -2.10, 3.30)


@dataclass(frozen=True)
class FaceTexture:
    """A rendered face at rest.

    Parameters
    ----------
    colour : ndarray of shape (2 H, 2 W, 3), float32
        BGR in 0..255, twice the size of a frame.
    landmarks : ndarray of shape (68, 2), float64
        In frame pixels.
    origin : (float, float)
        The point between the eyes in frame pixels.
    iod : float
        Interocular distance in frame pixels.
    size : (int, int)
        Width and height of a frame.
    """

    colour: Image
    landmarks: Points
    origin: tuple[float, float]
    iod: float
    size: tuple[int, int]


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return `size` as (width, height), refusing what the generator cannot draw.

    Raises
    ------
    SettingsError
        Unless both are integers from 320 x 240 to 640 x 480.
    """
    expected = "expected two integers (width, height) from 320 x 240 to 640 x 480"
    try:
        width, height = size
    except (TypeError, ValueError):
        raise SettingsError(f"size: {expected}, received {size!r}.") from None
    for value, low, high in zip((width, height), _SMALLEST, _LARGEST, strict=True):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or not low <= value <= high:
            raise SettingsError(f"size: {expected}, received {size!r}.")
    return int(width), int(height)


def render_face(identity: Identity, size: tuple[int, int] = (640, 480)) -> FaceTexture:
    """Render a subject's face.

    Parameters
    ----------
    identity : Identity
    size : (int, int)
        Width and height of a frame, 320 x 240 to 640 x 480. Every length scales with it.

    Raises
    ------
    SettingsError
        If `size` is out of range.
    """
    width, height = check_size(size)
    scale = min(width / 640, height / 480)
    iod = identity.iod_at_640 * scale
    shift_x, shift_y = identity.shift_at_640
    origin = (
        (width - 1) / 2 + shift_x * scale,
        (height - 1) / 2 + (shift_y - 37) * scale,
    )
    canvas = full_canvas((width, height), origin, iod, OVERSAMPLING)
    shape = face_shape(identity)
    rng = np.random.default_rng(identity.texture_seed)
    picture = paint_wall(identity, canvas, rng)
    bust = canvas.crop(*_BUST)
    hair = grow_hair(identity, bust, rng)
    _lay(picture, hair.colour * np.float32(0.62), hair.back, canvas, bust)
    outline = head_outline(shape)
    head_mask = canvas.fill(outline, 0.008)
    paint_neck_and_shirt(picture, head_mask, identity, shape, canvas, rng)
    if not hair.covers_ears:
        paint_ears(picture, identity, shape, canvas)
    head = canvas.crop(*_HEAD)
    face = _paint_face(identity, shape, head, rng)
    _lay(picture, face, head_mask[canvas.within(head)], canvas, head)
    _lay_hair(picture, hair, head_mask, canvas, bust)
    # The lens: a point spreads over about a third of a frame pixel.
    picture = cv2.GaussianBlur(picture, (0, 0), 0.55 * OVERSAMPLING)
    return FaceTexture(
        np.clip(picture, 0, 250),
        shape * iod + origin,
        origin,
        iod,
        (width, height),
    )


def _lay(picture: Image, over: Image, mask: Image, canvas: Canvas, place: Canvas) -> None:
    blend(picture[canvas.within(place)], over, mask)


def _paint_face(
    identity: Identity, shape: Points, canvas: Canvas, rng: np.random.Generator
) -> Image:
    lighting = light_relief(head_relief(identity, shape, canvas, rng), identity, canvas)
    face = paint_skin(identity, shape, canvas, rng)
    face *= lighting.shade[..., None]
    gloss = np.float32(24 * (1 - 0.2 * identity.darkness))
    face += (gloss * lighting.highlight)[..., None]
    paint_eyes(face, lighting.shade, identity, shape, canvas, rng)
    paint_brows(face, identity, shape, canvas, rng)
    return face


def _lay_hair(picture: Image, hair: Hair, head_mask: Image, canvas: Canvas, bust: Canvas) -> None:
    """Lay the front hair over the head, with the soft shadow it casts on the forehead."""
    part = picture[bust.place]
    fallen = np.roll(hair.front, int(0.05 * canvas.unit), axis=0)
    shadow = bust.soften(fallen, 0.045) * head_mask[bust.place] * (1 - hair.front)
    part *= (1 - np.float32(0.30) * shadow)[..., None]
    blend(part, hair.colour, hair.front)
