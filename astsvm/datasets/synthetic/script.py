"""What happens in one synthetic clip, drawn from a seed before any pixel is painted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from astsvm.datasets.synthetic.action_units import draw_action_units
from astsvm.datasets.synthetic.difficulty import PX192, Difficulty
from astsvm.errors import SettingsError

__all__ = ["Script", "Tremor", "check_fps", "draw_script"]

Array = npt.NDArray[np.float64]

# Non-zero tags keep streams apart: numpy takes [1, 3] and [1, 3, 0] for the same seed.
_SCRIPT_TAG = 21
_AMPLITUDE_RANGE = (0.2, 2.5)
_HEAD_SHIFT_IOD = 1 / 93
"""One pixel of a 640 x 480 frame in IOD, for the median face."""
_TREMORS = 10


@dataclass(frozen=True)
class Tremor:
    """A local movement without meaning.

    Parameters
    ----------
    landmark : int
        Where it sits, and `offset` (x, y) in IOD from there.
    angle : float
        Its direction in radians.
    sigma : float
        Its extent in IOD.
    course : ndarray of shape (n,)
        Displacement per frame in IOD.
    """

    landmark: int
    offset: tuple[float, float]
    angle: float
    sigma: float
    course: Array


@dataclass(frozen=True)
class Script:
    """Everything that is drawn for one clip; lengths in IOD, so it fits every frame size.

    Parameters
    ----------
    length : int
        Frames.
    onset, apex, offset : int
        0-based frames; the expression is nil at onset and offset and full at the apex.
    profile : ndarray of shape (length,)
        Share of the expression shown, 0 to 1.
    action_units : dict of int to float
        Action unit -> relative strength.
    amplitude : float
        Peak displacement in pixels of the 192-pixel crop for a unit of strength 1.
    head : ndarray of shape (length, 6)
        Shift x and y (IOD), scale, roll (radians), yaw and pitch (IOD per IOD of depth).
    tremors : tuple of Tremor
    light : ndarray of shape (length, 4)
        Relative change of light: all over, per IOD to the right, per IOD down, and of a spot.
    spot : (float, float, float)
        The spot's centre and sigma in IOD.
    """

    length: int
    onset: int
    apex: int
    offset: int
    profile: Array
    action_units: dict[int, float]
    amplitude: float
    head: Array
    tremors: tuple[Tremor, ...]
    light: Array
    spot: tuple[float, float, float]


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
    amplitude = difficulty.amplitude * math.exp(difficulty.amplitude_spread * rng.normal())
    if difficulty.amplitude > 0:
        amplitude = float(np.clip(amplitude, *_AMPLITUDE_RANGE))
    shift = difficulty.head_motion * _HEAD_SHIFT_IOD
    head_sizes = np.array([1.0, 1.0, 0.35 / 1.1, 0.35 / 1.1, 0.45, 0.45]) * shift
    return Script(
        length=length,
        onset=onset,
        apex=apex,
        offset=offset,
        profile=_profile(length, onset, apex, offset),
        action_units=draw_action_units(label, difficulty.confusion, rng),
        amplitude=amplitude,
        head=_slow_noise(length, 6, 0.10 * fps, rng) * head_sizes,
        tremors=_draw_tremors(length, fps, difficulty.tremor * PX192, rng),
        light=_draw_light(length, fps, difficulty.illumination, rng),
        spot=(
            float(rng.uniform(-0.7, 0.7)),
            float(rng.uniform(-0.3, 1.3)),
            float(rng.uniform(0.4, 0.8)),
        ),
    )


def _draw_timing(fps: float, rng: np.random.Generator) -> tuple[int, int, int, int]:
    rise = rng.uniform(0.07, 0.20)
    fall = rise * rng.uniform(1.0, 1.6)
    before, after = rng.uniform(0.03, 0.08), rng.uniform(0.02, 0.06)
    onset = round(before * fps)
    apex = onset + max(3, round(rise * fps))
    offset = apex + max(3, round(fall * fps))
    return offset + 1 + round(after * fps), onset, apex, offset


def _profile(length: int, onset: int, apex: int, offset: int) -> Array:
    frame = np.arange(length)
    rise = np.clip((frame - onset) / (apex - onset), 0, 1)
    fall = np.clip((frame - apex) / (offset - apex), 0, 1) ** 0.8
    return np.asarray(_smoothstep(rise) * (1 - _smoothstep(fall)))


def _smoothstep(share: Array) -> Array:
    return np.asarray(share * share * (3 - 2 * share))


def _slow_noise(length: int, series: int, smoothing: float, rng: np.random.Generator) -> Array:
    """Return (length, series) of unit-variance noise, smoothed over frames, 0 in frame 0."""
    reach = max(1, math.ceil(4 * smoothing))
    kernel = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / smoothing))
    kernel /= np.sqrt(np.square(kernel).sum())
    white = rng.normal(size=(series, length + 2 * reach))
    smooth = np.stack([np.convolve(row, kernel, "valid") for row in white], axis=1)
    return np.asarray(smooth - smooth[0])


def _draw_tremors(
    length: int, fps: float, size: float, rng: np.random.Generator
) -> tuple[Tremor, ...]:
    course = _slow_noise(length, _TREMORS, 0.12 * fps, rng) * size
    landmark = rng.integers(0, 68, _TREMORS)
    shift = 0.12 * rng.normal(size=(_TREMORS, 2))
    angle = rng.uniform(0, 2 * np.pi, _TREMORS)
    sigma = rng.uniform(0.14, 0.32, _TREMORS)
    if size == 0:
        return ()
    return tuple(
        Tremor(
            int(landmark[i]),
            (float(shift[i, 0]), float(shift[i, 1])),
            float(angle[i]),
            float(sigma[i]),
            course[:, i],
        )
        for i in range(_TREMORS)
    )


def _draw_light(length: int, fps: float, strength: float, rng: np.random.Generator) -> Array:
    light = _slow_noise(length, 4, 0.15 * fps, rng) * (strength * np.array([1.0, 0.6, 0.6, 0.8]))
    # Lamps on 50 Hz mains flicker at 100 Hz, which a 100 fps camera sees as a constant.
    phase = 2 * np.pi * (100 / fps * np.arange(length)) + rng.uniform(0, 2 * np.pi)
    light[:, 0] += 0.15 * strength * np.cos(phase)
    return np.asarray(light)
