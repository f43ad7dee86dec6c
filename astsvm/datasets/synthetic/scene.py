"""What surrounds the expressions of a synthetic recording: head motion, tremor and light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from astsvm.datasets.synthetic.difficulty import PX192, Difficulty

__all__ = [
    "Array",
    "Scene",
    "Tremor",
    "draw_light",
    "draw_spot",
    "draw_tremors",
    "head_sizes",
    "slow_noise",
]

Array = npt.NDArray[np.float64]

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


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything that is drawn for a recording but its expressions; lengths in IOD.

    Parameters
    ----------
    length : int
        Frames.
    head : ndarray of shape (length, 6)
        Shift x and y (IOD), scale, roll (radians), yaw and pitch (IOD per IOD of depth).
    tremors : tuple of Tremor
    light : ndarray of shape (length, 4)
        Relative change of light: all over, per IOD to the right, per IOD down, and of a spot.
    spot : (float, float, float)
        The spot's centre and sigma in IOD.
    """

    length: int
    head: Array
    tremors: tuple[Tremor, ...]
    light: Array
    spot: tuple[float, float, float]


def head_sizes(difficulty: Difficulty) -> Array:
    """Return the standard deviation of each column of the head's motion, shape (6,)."""
    shift = difficulty.head_motion * _HEAD_SHIFT_IOD
    return np.array([1.0, 1.0, 0.35 / 1.1, 0.35 / 1.1, 0.45, 0.45]) * shift


def draw_spot(rng: np.random.Generator) -> tuple[float, float, float]:
    """Draw where a spot of light falls: its centre and sigma in IOD."""
    return (
        float(rng.uniform(-0.7, 0.7)),
        float(rng.uniform(-0.3, 1.3)),
        float(rng.uniform(0.4, 0.8)),
    )


def slow_noise(length: int, series: int, smoothing: float, rng: np.random.Generator) -> Array:
    """Return (length, series) of unit-variance noise, smoothed over frames, 0 in frame 0."""
    reach = max(1, math.ceil(4 * smoothing))
    kernel = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / smoothing))
    kernel /= np.sqrt(np.square(kernel).sum())
    white = rng.normal(size=(series, length + 2 * reach))
    smooth = np.stack([np.convolve(row, kernel, "valid") for row in white], axis=1)
    return np.asarray(smooth - smooth[0])


def draw_tremors(
    length: int, fps: float, difficulty: Difficulty, rng: np.random.Generator
) -> tuple[Tremor, ...]:
    """Draw local movements without meaning; none where the difficulty has none."""
    size = difficulty.tremor * PX192
    course = slow_noise(length, _TREMORS, 0.12 * fps, rng) * size
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


def draw_light(length: int, fps: float, strength: float, rng: np.random.Generator) -> Array:
    """Draw the changes of light, (length, 4) as in :class:`Scene`, with the flicker of lamps."""
    light = slow_noise(length, 4, 0.15 * fps, rng) * (strength * np.array([1.0, 0.6, 0.6, 0.8]))
    # Lamps on 50 Hz mains flicker at 100 Hz, which a 100 fps camera sees as a constant.
    phase = 2 * np.pi * (100 / fps * np.arange(length)) + rng.uniform(0, 2 * np.pi)
    light[:, 0] += 0.15 * strength * np.cos(phase)
    return np.asarray(light)
