"""Examples for whoever has no clip: faces that the generator draws when they are asked for."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["EXAMPLES", "Example", "draw_example"]

_SIZE = (480, 360)
_SEED = 20
"""Draws other faces than the corpus that the shipped model was trained on, whose seed is 1."""
_drawing = threading.Lock()


@dataclass(frozen=True, eq=False)
class Example:
    """A drawn clip and what was planted in it.

    Parameters
    ----------
    name : str
        ``SYNTHETIC ...``, as everything made of drawn faces is called.
    frames : ndarray of shape (n, H, W), uint8
    fps : float
        Frames per second.
    planted : str
        The truth, in a sentence.
    long : bool
        Whether it is to be searched, rather than taken as one expression.
    """

    name: str
    frames: npt.NDArray[np.uint8]
    fps: float
    planted: str
    long: bool


@dataclass(frozen=True)
class _Script:
    labels: tuple[str, ...]
    subject: int
    fps: float
    long: bool = False


EXAMPLES = {
    "SYNTHETIC clip: negative": _Script(("negative",), 1, 100),
    "SYNTHETIC clip: positive": _Script(("positive",), 2, 100),
    "SYNTHETIC clip: surprise": _Script(("surprise",), 3, 100),
    "SYNTHETIC long video: two expressions": _Script(("surprise", "positive"), 4, 50, long=True),
}
"""What can be chosen, by name."""


def draw_example(name: str) -> Example:
    """Draw an example, or return the one drawn before.

    Raises
    ------
    KeyError
        If there is none of this name.
    """
    with _drawing:
        return _draw(name)


@cache
def _draw(name: str) -> Example:
    from astsvm.datasets.synthetic import LongVideo, SyntheticClip, draw_subject

    script = EXAMPLES[name]
    subject = draw_subject(script.subject, seed=_SEED, size=_SIZE)
    if script.long:
        video = LongVideo(subject, 1, script.labels, difficulty="easy", fps=script.fps)
        planted = ", ".join(
            f"{event.label} from {event.onset / video.fps:.2f} to {event.offset / video.fps:.2f} s"
            for event in video.expressions
        )
        told = f"Planted: {planted}; besides blinks and slow movements, which are none."
        return Example(name, video.frames(), video.fps, told, long=True)
    clip = SyntheticClip(subject, 1, script.labels[0], difficulty="easy", fps=script.fps)
    # As for a clip of a database, the model gets what lies between onset and offset.
    frames = np.stack([clip.frame(index) for index in range(clip.onset, clip.offset + 1)])
    return Example(name, frames, clip.fps, f"Planted: {clip.label}.", long=False)
