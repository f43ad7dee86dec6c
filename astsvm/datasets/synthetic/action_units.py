"""Action units as planted motion, and which of them make up a class.

The table is ours; it follows where the facial action coding system (Ekman and Friesen, 1978) puts
each movement. A unit is a sum of Gaussian displacements anchored at landmarks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from astsvm.datasets.synthetic.template import MIRROR, Points
from astsvm.errors import SettingsError

__all__ = [
    "ACTION_UNITS",
    "CLASSES",
    "Gaussian",
    "Pull",
    "check_label",
    "draw_action_units",
    "place_pull",
    "place_pulls",
]

CLASSES = ("negative", "positive", "surprise")
"""Names of the classes, the three of MEGC2019."""

_CONFOUNDERS = (7, 14, 17, 24, 4, 12, 1)


@dataclass(frozen=True)
class Pull:
    """One Gaussian displacement of an action unit, for the left half of the picture.

    Parameters
    ----------
    anchors : tuple of int
        Landmarks whose mean the Gaussian is centred at.
    offset : (float, float)
        From that mean, in IOD.
    direction : (float, float)
        Displacement at the centre for a unit of strength (x right, y down).
    sigma : (float, float)
        Width and height of the Gaussian in IOD.
    central : bool
        True when it is not repeated, mirrored, in the right half.
    """

    anchors: tuple[int, ...]
    offset: tuple[float, float]
    direction: tuple[float, float]
    sigma: tuple[float, float]
    central: bool = False


ACTION_UNITS: Mapping[int, tuple[Pull, ...]] = {
    1: (Pull((20, 21), (-0.02, -0.05), (0.05, -1.0), (0.15, 0.20)),),
    2: (Pull((17, 18, 19), (0, -0.05), (0, -0.9), (0.22, 0.20)),),
    4: (Pull((19, 20, 21), (0, 0), (0.40, 0.85), (0.24, 0.18)),),
    5: (Pull((37, 38), (0, 0), (0, -0.6), (0.15, 0.06)),),
    6: (Pull((40, 41), (-0.08, 0.30), (0.05, -0.65), (0.26, 0.15)),),
    7: (Pull((40, 41), (0, 0.02), (0, -0.45), (0.15, 0.06)),),
    9: (Pull((31,), (0.04, -0.18), (0.03, -0.8), (0.13, 0.15)),),
    10: (Pull((50,), (-0.06, -0.05), (0, -0.7), (0.16, 0.10)),),
    12: (
        Pull((48,), (-0.02, 0), (-0.7, -0.7), (0.20, 0.17)),
        Pull((48,), (-0.22, -0.28), (-0.2, -0.45), (0.24, 0.20)),
    ),
    14: (Pull((48,), (0, 0), (-0.75, 0), (0.13, 0.11)),),
    15: (Pull((48,), (-0.01, 0.03), (-0.10, 0.95), (0.15, 0.16)),),
    17: (Pull((57, 8), (0, 0), (0, -0.8), (0.24, 0.15), central=True),),
    24: (
        Pull((51,), (0, 0), (0, 0.5), (0.22, 0.05), central=True),
        Pull((57,), (0, 0), (0, -0.5), (0.22, 0.05), central=True),
    ),
    26: (Pull((57,), (0, 0.22), (0, 1.0), (0.42, 0.22), central=True),),
}
"""Action unit -> its pulls at unit strength (1 px of displacement at the centre, about)."""


@dataclass(frozen=True)
class Gaussian:
    """A displacement in pixels: `vector` at `centre`, falling off with `sigma` along each axis."""

    centre: tuple[float, float]
    sigma: tuple[float, float]
    vector: tuple[float, float]


def check_label(label: str) -> str:
    """Return `label`, refusing what is no class.

    Raises
    ------
    SettingsError
        Unless it is ``"negative"``, ``"positive"`` or ``"surprise"``.
    """
    if label not in CLASSES:
        raise SettingsError(f"label: expected one of {', '.join(CLASSES)}, received {label!r}.")
    return label


def draw_action_units(label: str, confusion: float, rng: np.random.Generator) -> dict[int, float]:
    """Draw the action units of one expression.

    Parameters
    ----------
    label : str
        The class.
    confusion : float
        How often units that speak for no class, or for another one, come along.
    rng : numpy.random.Generator

    Returns
    -------
    dict of int to float
        Action unit -> relative strength; the class's own units first.
    """
    recipe = {"negative": _negative, "positive": _positive, "surprise": _surprise}
    units = recipe[check_label(label)](rng)
    for unit in _CONFOUNDERS:
        chance, strength = rng.uniform(), 0.45 * rng.uniform(0.4, 1.2)
        if unit not in units and chance < 0.35 * confusion:
            units[unit] = strength
    return units


def _negative(rng: np.random.Generator) -> dict[int, float]:
    kind = rng.uniform()
    if kind < 0.55:
        units = {4: 1.0}
    elif kind < 0.80:
        units = {4: 0.7, (9, 10)[int(rng.integers(2))]: 0.8}
    else:
        units = {15: 1.0}
    if rng.uniform() < 0.3:
        units[7] = 0.6
    if 15 not in units and rng.uniform() < 0.2:
        units[15] = 0.6
    if rng.uniform() < 0.2:
        units[17] = 0.5
    return units


def _positive(rng: np.random.Generator) -> dict[int, float]:
    units = {12: 1.0}
    if rng.uniform() < 0.45:
        units[6] = 0.7
    if rng.uniform() < 0.15:
        units[14] = 0.4
    return units


def _surprise(rng: np.random.Generator) -> dict[int, float]:
    kind = rng.uniform()
    if kind < 0.65:
        units = {1: 1.0, 2: 0.9}
    elif kind < 0.85:
        units = {1: 1.0}
    else:
        units = {26: 0.9, 5: 0.7}
    if 5 not in units and rng.uniform() < 0.4:
        units[5] = 0.7
    if 26 not in units and rng.uniform() < 0.3:
        units[26] = 0.6
    return units


def place_pulls(
    unit: int, landmarks: Points, iod: float, strength: float, imbalance: float = 0.0
) -> list[Gaussian]:
    """Put an action unit on a face.

    Parameters
    ----------
    unit : int
        A key of :data:`ACTION_UNITS`.
    landmarks : ndarray of shape (68, 2)
        In pixels.
    iod : float
        Interocular distance in pixels.
    strength : float
        Pixels of displacement for a direction of length 1.
    imbalance : float
        Left half times ``1 - imbalance``, right half times ``1 + imbalance``.

    Returns
    -------
    list of Gaussian
    """
    return [
        gaussian
        for pull in ACTION_UNITS[unit]
        for gaussian in place_pull(pull, landmarks, iod, strength, imbalance)
    ]


def place_pull(
    pull: Pull, landmarks: Points, iod: float, strength: float, imbalance: float = 0.0
) -> list[Gaussian]:
    """Put one pull on a face, and its mirror image unless it is central."""
    placed = []
    sigma = (pull.sigma[0] * iod, pull.sigma[1] * iod)
    sides = ((1, 1.0),) if pull.central else ((1, 1 - imbalance), (-1, 1 + imbalance))
    for side, share in sides:
        anchors = pull.anchors if side == 1 else tuple(MIRROR[i] for i in pull.anchors)
        centre = landmarks[list(anchors)].mean(axis=0)
        centre = centre + np.multiply(pull.offset, (side * iod, iod))
        vector = np.multiply(pull.direction, (side, 1)) * (strength * share)
        placed.append(
            Gaussian(
                (float(centre[0]), float(centre[1])), sigma, (float(vector[0]), float(vector[1]))
            )
        )
    return placed
