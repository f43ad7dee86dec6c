"""How much the app takes at once, so that no clip and no crowd can stop it for the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from astsvm.errors import InvalidInputError

__all__ = ["Limits", "require_short"]

_ADVICE = "Cut the video, or use `astsvm predict`, which has no such limit."


@dataclass(frozen=True)
class Limits:
    """What is refused.

    Parameters
    ----------
    megabytes : int
        Size of a clip's file, in units of 2**20 bytes.
    seconds : float
        Length of a clip, where its frame rate is known.
    frames : int
        Length of a clip in any case.
    waiting : int
        Clips that may lie here at a time, and questions that may wait for the model.
    minutes : float
        How long a clip may lie here that nobody asks about.
    pause : float
        Seconds in which a clip that is being sent must go on: who sends nothing holds a place.
    sending : float
        Minutes that sending a clip may take in all.
    """

    megabytes: int = 100
    seconds: float = 60.0
    frames: int = 12_000
    waiting: int = 8
    minutes: float = 15.0
    pause: float = 20.0
    sending: float = 5.0

    @property
    def bytes(self) -> int:
        """Size of a clip's file in bytes."""
        return self.megabytes * 2**20

    def describe(self) -> str:
        """Say it to whoever looks for a clip."""
        return (
            f"at most {self.megabytes} MB, {self.seconds:g} seconds and {self.frames} frames. "
            f"{_ADVICE}"
        )


def require_short(frames: Iterable[Any], fps: float | None, limits: Limits) -> int:
    """Count the frames of a clip, and stop where there are too many.

    What a video's header says of its length may be wrong, so that its frames are decoded.

    Parameters
    ----------
    frames : iterable
        Gone through once.
    fps : float or None
        Frames per second; None where it is not known.
    limits : Limits

    Returns
    -------
    int
        Number of frames.

    Raises
    ------
    InvalidInputError
        If there are too many.
    """
    most = limits.frames if fps is None else min(limits.frames, int(limits.seconds * fps))
    count = 0
    for _ in frames:
        count += 1
        if count > most:
            rate = "" if fps is None else f" at {fps:g} frames per second"
            raise InvalidInputError(
                f"the clip is too long: expected at most {most} frames{rate}, received more; the "
                f"app takes {limits.describe()}"
            )
    return count
