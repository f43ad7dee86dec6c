"""What happens in one synthetic clip, drawn from a seed before any pixel is painted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from astsvm.datasets.synthetic.action_units import draw_action_units
from astsvm.datasets.synthetic.difficulty import Difficulty
from astsvm.datasets.synthetic.scene import (
    Array,
    Scene,
    draw_light,
    draw_spot,
    draw_tremors,
    head_sizes,
    slow_noise,
)
from astsvm.errors import SettingsError

__all__ = [
    "Script",
    "check_fps",
    "draw_amplitude",
    "draw_script",
    "expression_profile",
    "smoothstep",
]

# Non-zero tags keep streams apart: numpy takes [1, 3] and [1, 3, 0] for the same seed.
_SCRIPT_TAG = 21
_AMPLITUDE_RANGE = (0.2, 2.5)


@dataclass(frozen=True, kw_only=True)
class Script(Scene):
    """Everything that is drawn for one clip; lengths in IOD, so it fits every frame size.

    Parameters of the scene: see :class:`Scene`.

    Parameters
    ----------
    onset, apex, offset : int
        0-based frames; the expression is nil at onset and offset and full at the apex.
    profile : ndarray of shape (length,)
        Share of the expression shown, 0 to 1.
    action_units : dict of int to float
        Action unit -> relative strength.
    amplitude : float
        Peak displacement in pixels of the 192-pixel crop for a unit of strength 1.
    """

    onset: int
    apex: int
    offset: int
    profile: Array
    action_units: dict[int, float]
    amplitude: float


def check_fps(fps: float) -> float:
    """Return `fps` as a float, refusing what the generator cannot time.

    Raises
    ------
    SettingsError
        Unless it is a finite number from 25 to 1000.
    """
    number = isinstance(fps, int | float) and not isinstance(fps, bool)
    if not number or not math.isfinite(fps) or not 25 <= fps <= 1000:
        raise SettingsError(f"fps: expected a number from 25 to 1000, received {fps!r}.")
    return float(fps)


def draw_script(
    seed: int, subject: int, clip: int, label: str, difficulty: Difficulty, fps: float
) -> Script:
    """Draw what happens in a clip.

    Parameters
    ----------
    seed : int
        Of the corpus.
    subject, clip : int
        1-based numbers.
    label : str
        ``"negative"``, ``"positive"`` or ``"surprise"``.
    difficulty : Difficulty
    fps : float
        Frames per second.
    """
    rng = np.random.default_rng([seed, subject, clip, _SCRIPT_TAG])
    length, onset, apex, offset = _draw_timing(fps, rng)
    amplitude = draw_amplitude(difficulty, rng)
    return Script(
        length=length,
        onset=onset,
        apex=apex,
        offset=offset,
        profile=expression_profile(length, onset, apex, offset),
        action_units=draw_action_units(label, difficulty.confusion, rng),
        amplitude=amplitude,
        head=slow_noise(length, 6, 0.10 * fps, rng) * head_sizes(difficulty),
        tremors=draw_tremors(length, fps, difficulty, rng),
        light=draw_light(length, fps, difficulty.illumination, rng),
        spot=draw_spot(rng),
    )


def draw_amplitude(difficulty: Difficulty, rng: np.random.Generator) -> float:
    """Draw the peak displacement of an expression, in pixels of the 192-pixel crop."""
    amplitude = difficulty.amplitude * math.exp(difficulty.amplitude_spread * rng.normal())
    return float(np.clip(amplitude, *_AMPLITUDE_RANGE)) if difficulty.amplitude > 0 else amplitude


def _draw_timing(fps: float, rng: np.random.Generator) -> tuple[int, int, int, int]:
    rise = rng.uniform(0.07, 0.20)
    fall = rise * rng.uniform(1.0, 1.6)
    before, after = rng.uniform(0.03, 0.08), rng.uniform(0.02, 0.06)
    onset = round(before * fps)
    apex = onset + max(3, round(rise * fps))
    offset = apex + max(3, round(fall * fps))
    return offset + 1 + round(after * fps), onset, apex, offset


def expression_profile(length: int, onset: int, apex: int, offset: int) -> Array:
    """Return the share of an expression shown in each frame, 0 to 1, shape (length,)."""
    frame = np.arange(length)
    rise = np.clip((frame - onset) / (apex - onset), 0, 1)
    fall = np.clip((frame - apex) / (offset - apex), 0, 1) ** 0.8
    return np.asarray(smoothstep(rise) * (1 - smoothstep(fall)))


def smoothstep(share: Array) -> Array:
    """Rise from 0 to 1 with level ends, for shares from 0 to 1."""
    return np.asarray(share * share * (3 - 2 * share))
