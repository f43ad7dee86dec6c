"""How hard the synthetic corpus is: four measured presets.

The figures beside the presets' names in the project's notes are theirs alone: accuracy on synthetic
clips says nothing about real faces.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from astsvm.errors import SettingsError

__all__ = ["DIFFICULTIES", "PX192", "Difficulty", "find_difficulty"]

PX192 = 2.75 / 192
"""One pixel of the 192-pixel face crop in interocular distances: the crop's side is 2.75 IOD."""

_LIMITS = {
    "amplitude": (0.0, 2.5),
    "amplitude_spread": (0.0, 1.5),
    "noise": (0.0, 20.0),
    "illumination": (0.0, 0.3),
    "head_motion": (0.0, 3.0),
    "confusion": (0.0, 1 / 0.35),
    "tremor": (0.0, 1.0),
}


@dataclass(frozen=True)
class Difficulty:
    """What makes expressions hard to tell apart.

    Parameters
    ----------
    amplitude : float
        Median peak displacement in pixels of a 192-pixel face crop; 0 plants no expression.
    amplitude_spread : float
        Standard deviation of the logarithm of the peak displacement.
    noise : float
        Sensor noise in grey levels (of 255) at a grey of 110.
    illumination : float
        Standard deviation of the slow change of light, relative.
    head_motion : float
        Standard deviation of head translation in pixels of a 640 x 480 frame; rotation, scale
        and turning go with it.
    confusion : float
        Chance, in units of .35, of each action unit that does not belong to the class.
    tremor : float
        Strength of random local motion in pixels of the 192-pixel crop.

    Raises
    ------
    SettingsError
        If a value is not a finite number within its range.
    """

    amplitude: float
    amplitude_spread: float
    noise: float
    illumination: float
    head_motion: float
    confusion: float
    tremor: float

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or not low <= value <= high:
                raise SettingsError(
                    f"difficulty {name}: expected a number from {low:g} to {high:g}, "
                    f"received {value!r}."
                )

    def to_dict(self) -> dict[str, float]:
        """Return the values by name."""
        return asdict(self)


DIFFICULTIES: Mapping[str, Difficulty] = {
    "easy": Difficulty(1.5, 0.25, 1.0, 0.01, 0.10, 0.15, 0.0),
    "medium": Difficulty(0.9, 0.40, 2.0, 0.03, 0.35, 0.45, 0.0),
    "hard": Difficulty(0.5, 0.50, 3.0, 0.05, 0.50, 1.2, 0.32),
    "extreme": Difficulty(0.35, 0.50, 4.0, 0.06, 0.60, 1.6, 0.25),
}
"""Preset name -> values. ``hard`` is the default."""


def find_difficulty(difficulty: str | Difficulty) -> Difficulty:
    """Return a preset by name, or the given difficulty itself.

    Raises
    ------
    SettingsError
        If there is no preset of that name.
    """
    if isinstance(difficulty, Difficulty):
        return difficulty
    if not isinstance(difficulty, str) or difficulty not in DIFFICULTIES:
        raise SettingsError(
            f"difficulty: expected one of {', '.join(DIFFICULTIES)}, received {difficulty!r}."
        )
    return DIFFICULTIES[difficulty]
