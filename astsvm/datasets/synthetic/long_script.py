"""What happens in a long synthetic video: expressions, and what may be taken for one.

Micro-expressions (.13 to .5 s), longer expressions (1.3 to 3.2 s), blinks and turns of the head
follow each other in drawn order, with rest between them; they never overlap, which in real videos
they do. Under them the head drifts and trembles and the light changes without a break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from astsvm.datasets.synthetic.action_units import CLASSES, draw_action_units
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
from astsvm.datasets.synthetic.script import draw_amplitude, expression_profile, smoothstep

__all__ = ["EventKind", "LongScript", "PlantedEvent", "draw_long_script"]

EventKind = Literal["micro", "long", "blink", "head"]

_SCRIPT_TAG = 23
_LONG_STRENGTH = 2.5
"""A long expression moves so much further than a micro-expression of the same difficulty."""
_DRIFT_SECONDS, _DRIFT = 1.5, 4.0
"""Smoothing of the slow drift of the head, and its size beside that of the fast part."""
_TURN = 10.0
"""Size of a turn of the head beside the fast part of its motion."""


@dataclass(frozen=True)
class PlantedEvent:
    """Something that happens in a long video.

    Parameters
    ----------
    kind : {"micro", "long", "blink", "head"}
        A micro-expression, a longer one, a blink, or a turn of the head.
    onset, apex, offset : int
        0-based frames: the last one at rest, the first one of full strength, the first one at
        rest again. A turn is complete at its apex, which is its offset.
    label : str or None
        Class of an expression.
    action_units : dict of int to float
        Of an expression: action unit -> relative strength.
    amplitude : float
        Of an expression: peak displacement in pixels of the 192-pixel crop.
    profile : ndarray of shape (length of the video,)
        Share that is shown in each frame, 0 to 1; a turn keeps it.
    """

    kind: EventKind
    onset: int
    apex: int
    offset: int
    label: str | None = None
    action_units: dict[int, float] = field(default_factory=dict)
    amplitude: float = 0.0
    profile: Array = field(default_factory=lambda: np.zeros(0), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return the truth about the event, as JSON takes it."""
        told: dict[str, Any] = {
            "kind": self.kind,
            "onset": self.onset,
            "apex": self.apex,
            "offset": self.offset,
        }
        if self.label is not None:
            told |= {
                "label": self.label,
                "action_units": {str(unit): round(w, 4) for unit, w in self.action_units.items()},
                "amplitude_px_at_192": round(self.amplitude, 4),
            }
        return told


@dataclass(frozen=True, kw_only=True)
class LongScript(Scene):
    """Everything that is drawn for one long video; the scene as in :class:`Scene`.

    Parameters
    ----------
    events : tuple of PlantedEvent
        In the order of time.
    """

    events: tuple[PlantedEvent, ...]


def draw_long_script(
    seed: int,
    subject: int,
    video: int,
    labels: Sequence[str],
    difficulty: Difficulty,
    fps: float,
) -> LongScript:
    """Draw what happens in a long video.

    For n micro-expressions there are n blinks, n / 3 longer expressions and n / 2 turns of the
    head, rounded up, in drawn order, with .5 to 1.5 s of rest between any two.

    Parameters
    ----------
    seed : int
        Of the corpus.
    subject, video : int
        1-based numbers.
    labels : sequence of str
        Classes of the micro-expressions, in the order of time.
    difficulty : Difficulty
    fps : float
        Frames per second.
    """
    rng = np.random.default_rng([seed, subject, video, _SCRIPT_TAG])
    count = len(labels)
    counts: dict[EventKind, int] = {
        "micro": count,
        "blink": count,
        "long": -(-count // 3),
        "head": -(-count // 2),
    }
    kinds = [kind for kind, often in counts.items() for _ in range(often)]
    order = [kinds[i] for i in rng.permutation(len(kinds))]
    timed, frame = [], 0
    for kind in order:
        onset = frame + round(rng.uniform(0.5, 1.5) * fps)
        steps = [max(3, round(seconds * fps)) for seconds in _durations(kind, rng)]
        marks = tuple(onset + int(total) for total in np.cumsum([0, *steps]))
        timed.append((kind, marks))
        frame = marks[-1]
    length = frame + 1 + round(rng.uniform(0.5, 1.5) * fps)
    ahead = iter(labels)
    events = tuple(
        _draw_event(kind, marks, length, ahead, difficulty, rng) for kind, marks in timed
    )
    head = slow_noise(length, 6, 0.10 * fps, rng)
    head += _DRIFT * slow_noise(length, 6, _DRIFT_SECONDS * fps, rng)
    for event in events:
        if event.kind == "head":
            head += _TURN * event.profile[:, None] * rng.normal(size=6)
    return LongScript(
        length=length,
        events=events,
        head=head * head_sizes(difficulty),
        tremors=draw_tremors(length, fps, difficulty, rng),
        light=draw_light(length, fps, difficulty.illumination, rng),
        spot=draw_spot(rng),
    )


def _durations(kind: EventKind, rng: np.random.Generator) -> tuple[float, ...]:
    """Draw the seconds from onset to apex, where it stays from there, and back to the offset."""
    if kind == "micro":
        rise = rng.uniform(0.07, 0.19)
        return rise, min(rise * rng.uniform(1.0, 1.6), 0.48 - rise)
    if kind == "long":
        return rng.uniform(0.4, 0.9), rng.uniform(0.4, 1.2), rng.uniform(0.5, 1.1)
    if kind == "blink":
        return rng.uniform(0.07, 0.11), rng.uniform(0.10, 0.20)
    return (rng.uniform(0.3, 1.0),)


def _draw_event(
    kind: EventKind,
    marks: tuple[int, ...],
    length: int,
    labels: Any,
    difficulty: Difficulty,
    rng: np.random.Generator,
) -> PlantedEvent:
    onset, apex, offset = marks[0], marks[1], marks[-1]
    if kind == "head":
        share = np.clip((np.arange(length) - onset) / (apex - onset), 0, 1)
        return PlantedEvent(kind, onset, apex, offset, profile=smoothstep(share))
    if kind == "blink":
        profile = expression_profile(length, onset, apex, offset)
        return PlantedEvent(kind, onset, apex, offset, profile=profile)
    micro = kind == "micro"
    label = next(labels) if micro else CLASSES[int(rng.integers(len(CLASSES)))]
    amplitude = draw_amplitude(difficulty, rng) * (1 if micro else _LONG_STRENGTH)
    return PlantedEvent(
        kind,
        onset,
        apex,
        offset,
        label=label,
        action_units=draw_action_units(label, difficulty.confusion, rng),
        amplitude=amplitude,
        profile=_held_profile(length, marks),
    )


def _held_profile(length: int, marks: tuple[int, ...]) -> Array:
    """Rise to the apex, stay for as long as there is a frame between, and fall to the offset."""
    onset, apex, last, offset = marks[0], marks[1], marks[-2], marks[-1]
    shortened = expression_profile(length, onset, apex, offset - (last - apex))
    held = np.ones(length)
    held[: apex + 1] = shortened[: apex + 1]
    held[last:] = shortened[apex : length - (last - apex)]
    return held
