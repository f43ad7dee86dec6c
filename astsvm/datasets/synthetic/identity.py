"""What makes one synthetic subject differ from another, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from astsvm.datasets.synthetic.template import Points, landmark_template

__all__ = ["HAIR_STYLES", "Identity", "draw_identity", "face_shape"]

Colour = tuple[float, float, float]

HAIR_STYLES = ("short", "parted", "fringe", "long", "tied", "receding")

_LIGHT_SKIN = np.array([184.0, 202.0, 240.0])
_DARK_SKIN = np.array([60.0, 84.0, 124.0])
_HAIR_COLOURS = (
    (24, 26, 30),
    (34, 46, 66),
    (48, 76, 108),
    (96, 146, 186),
    (138, 141, 144),
    (36, 62, 122),
)
_HAIR_CHANCES = (0.34, 0.27, 0.16, 0.09, 0.07, 0.07)
_IRIS_COLOURS = ((34, 50, 76), (52, 82, 112), (128, 112, 84), (84, 112, 94), (24, 34, 52))


@dataclass(frozen=True)
class Identity:
    """Parameters of one face. Lengths in IOD, factors around 1, colours BGR in 0..255."""

    width: float
    jaw: float
    chin: float
    eye_shift: float
    eye_height: float
    eye_width: float
    eye_tilt: float
    brow_height: float
    brow_thickness: float
    brow_arch: float
    brow_tilt: float
    brow_darkness: float
    nose_length: float
    nose_width: float
    mouth_width: float
    mouth_height: float
    lip_thickness: float
    lip_redness: float
    asymmetry: float
    darkness: float
    skin: Colour
    hair: Colour
    iris: Colour
    hair_style: str
    hair_parting: float
    hair_length: float
    hair_volume: float
    stubble: float
    freckles: float
    moles: int
    wrinkles: float
    light: tuple[float, float]
    ambient: float
    background: Colour
    shirt: Colour
    iod_at_640: float
    """Interocular distance in pixels of a 640 x 480 frame."""
    shift_at_640: tuple[float, float]
    """Offset of the point between the eyes from (320, 203) in pixels of a 640 x 480 frame."""
    texture_seed: int


def _colour(values: np.ndarray) -> Colour:
    blue, green, red = (float(value) for value in np.clip(values, 0, 255))
    return blue, green, red


def draw_identity(rng: np.random.Generator) -> Identity:
    """Draw a face.

    Parameters
    ----------
    rng : numpy.random.Generator
        The only source of chance: equal generators give equal faces.
    """

    def spread(scale: float) -> float:
        return float(np.clip(rng.normal(), -2, 2) * scale)

    darkness = float(rng.uniform(0, 1))
    tint = 1 + 0.04 * np.clip(rng.normal(size=3), -1.5, 1.5) * np.array([1.0, 0.4, 0.3])
    skin = (_LIGHT_SKIN * (1 - darkness) + _DARK_SKIN * darkness) * tint
    hair = np.array(_HAIR_COLOURS[int(rng.choice(len(_HAIR_COLOURS), p=_HAIR_CHANCES))])
    if darkness > 0.6:
        hair = np.array(_HAIR_COLOURS[int(rng.integers(2))])
    iris = _IRIS_COLOURS[int(rng.integers(5)) if darkness < 0.6 else (0, 4)[int(rng.integers(2))]]
    style = HAIR_STYLES[int(rng.integers(len(HAIR_STYLES)))]
    bearded = style in ("short", "parted", "receding")
    return Identity(
        width=1 + spread(0.05),
        jaw=1 + spread(0.08),
        chin=spread(0.06),
        eye_shift=spread(0.03),
        eye_height=1 + spread(0.13),
        eye_width=1 + spread(0.06),
        eye_tilt=spread(0.025),
        brow_height=spread(0.03),
        brow_thickness=1 + spread(0.25),
        brow_arch=spread(0.03),
        brow_tilt=spread(0.03),
        brow_darkness=float(rng.uniform(0.6, 0.95)),
        nose_length=spread(0.05),
        nose_width=1 + spread(0.10),
        mouth_width=1 + spread(0.09),
        mouth_height=spread(0.03),
        lip_thickness=1 + spread(0.18),
        lip_redness=float(rng.uniform(0.1, 1) if not bearded else rng.uniform(0, 0.4)),
        asymmetry=spread(0.012),
        darkness=darkness,
        skin=_colour(skin),
        hair=_colour(hair * rng.uniform(0.85, 1.15)),
        iris=_colour(np.array(iris, dtype=float)),
        hair_style=style,
        hair_parting=float(rng.uniform(-0.45, 0.45)),
        hair_length=float(rng.uniform(0.0, 1.0)),
        hair_volume=float(rng.uniform(0.0, 1.0)),
        stubble=float(rng.choice([0.0, 0.12, 0.25, 0.4])) if bearded else 0.0,
        freckles=float(rng.choice([0.0, 0.0, 0.5, 1.0])) if darkness < 0.6 else 0.0,
        moles=int(rng.integers(0, 4)),
        wrinkles=float(rng.uniform(0, 1) ** 2),
        light=(float(rng.uniform(-0.40, 0.40)), float(rng.uniform(-0.60, -0.30))),
        ambient=float(rng.uniform(0.42, 0.56)),
        background=_colour(rng.uniform(80, 185) * (1 + 0.05 * rng.normal(size=3))),
        shirt=_colour(rng.uniform(25, 190) * (1 + 0.25 * np.clip(rng.normal(size=3), -2, 2))),
        iod_at_640=float(rng.uniform(88, 98)),
        shift_at_640=(float(rng.uniform(-18, 18)), float(rng.uniform(-10, 12))),
        texture_seed=int(rng.integers(1, 2**31)),
    )


def face_shape(identity: Identity) -> Points:
    """Bend the landmark template into one subject's face.

    Returns
    -------
    ndarray of shape (68, 2), float64
        Landmarks in IOD, origin between the (average) eyes. The two halves mirror each other when
        `identity.asymmetry` is 0.
    """
    points = landmark_template()
    height = points[:, 1].copy()
    points[:, 0] *= identity.width
    points[:17, 0] *= 1 + (identity.jaw - 1) * np.clip((height[:17] - 0.4) / 1.3, 0, 1)
    points[:, 1] += identity.chin * np.clip((height - 1.25) / 0.5, 0, 1)
    for side, brow, eye in (
        (-1, slice(17, 22), slice(36, 42)),
        (1, slice(22, 27), slice(42, 48)),
    ):
        points[brow] = _bent_brow(points[brow], identity, side)
        points[eye] = _bent_eye(points[eye], identity, side)
    points[27:36, 1] += identity.nose_length * np.clip(height[27:36] / 0.7, 0, 1)
    points[31:36, 0] *= identity.nose_width
    mouth = points[48:68] - (0.0, 1.1)
    mouth *= (identity.mouth_width / identity.width, identity.lip_thickness)
    points[48:68] = mouth
    points[48:68, 1] += 1.1 + identity.mouth_height
    points[:, 1] += identity.asymmetry * points[:, 0]
    return points


def _bent_eye(eye: Points, identity: Identity, side: int) -> Points:
    centre = eye.mean(axis=0)
    local = (eye - centre) * (identity.eye_width, identity.eye_height)
    local[:, 1] -= 4 * side * identity.eye_tilt * local[:, 0]
    return np.asarray(centre + local + (side * identity.eye_shift, 0.0))


def _bent_brow(brow: Points, identity: Identity, side: int) -> Points:
    centre = brow.mean(axis=0)
    local = brow - centre
    arch = 1 - np.square(local[:, 0] / 0.36)
    local[:, 1] += 3 * side * identity.brow_tilt * local[:, 0] - 1.5 * identity.brow_arch * arch
    return np.asarray(centre + local + (side * identity.eye_shift, identity.brow_height))
