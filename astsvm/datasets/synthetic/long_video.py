"""One long synthetic video: expressions, what may be taken for one, and the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from astsvm.datasets.synthetic.action_units import Gaussian, Pull, check_label, place_pull
from astsvm.datasets.synthetic.difficulty import Difficulty, find_difficulty
from astsvm.datasets.synthetic.long_script import (
    LongScript,
    PlantedEvent,
    draw_long_script,
)
from astsvm.datasets.synthetic.motion import MotionField, place_expression, place_scene
from astsvm.datasets.synthetic.moving_face import MovingFace
from astsvm.datasets.synthetic.naming import check_integer, subject_name
from astsvm.datasets.synthetic.script import check_fps
from astsvm.datasets.synthetic.subject import SyntheticSubject
from astsvm.errors import SettingsError

__all__ = ["MOST_EXPRESSIONS", "LongVideo", "video_name"]

_LID = Pull((37, 38), (0, 0.03), (0, 1.0), (0.16, 0.09))
_LID_DROP = 0.11
"""How far a lid comes down in IOD: three quarters of the opening of an eye."""
_NOISE_TAG = 24
MOST_EXPRESSIONS = 99


class LongVideo(MovingFace):
    """A long video of a synthetic subject: micro-expressions among blinks and other movement.

    Equal arguments give equal bytes. Frames are rendered when asked for. A blink pulls the upper
    lids down by three quarters of the opening of the eyes; no skin appears from under the brow.

    Parameters
    ----------
    subject : SyntheticSubject
    number : int
        1-based number of the video within its subject.
    labels : sequence of str
        Classes of its micro-expressions in the order of time, 1 to 99: ``"negative"``,
        ``"positive"`` or ``"surprise"``.
    difficulty : str or Difficulty
    fps : float
        Frames per second.

    Attributes
    ----------
    events : tuple of PlantedEvent
        All that happens, in the order of time; see :func:`draw_long_script`.
    script : LongScript
    motion : MotionField
        The displacement of every point in every frame.

    Raises
    ------
    SettingsError
        If an argument is out of range.
    """

    def __init__(
        self,
        subject: SyntheticSubject,
        number: int,
        labels: Sequence[str],
        *,
        difficulty: str | Difficulty = "hard",
        fps: float = 100,
    ) -> None:
        self.number = check_integer("video", number)
        if isinstance(labels, str) or not 1 <= len(labels) <= MOST_EXPRESSIONS:
            raise SettingsError(
                f"labels: expected 1 to {MOST_EXPRESSIONS} classes, received {labels!r:.80}."
            )
        self.labels = tuple(check_label(label) for label in labels)
        self.difficulty = find_difficulty(difficulty)
        self.fps = check_fps(fps)
        self.script = draw_long_script(
            subject.seed, subject.number, self.number, self.labels, self.difficulty, self.fps
        )
        super().__init__(
            subject,
            video_name(subject.number, self.number),
            self.script,
            _place_long_script(self.script, subject),
            (subject.seed, subject.number, self.number, _NOISE_TAG),
            self.difficulty.noise,
        )

    @property
    def events(self) -> tuple[PlantedEvent, ...]:
        """All that happens, in the order of time."""
        return self.script.events

    @property
    def expressions(self) -> tuple[PlantedEvent, ...]:
        """The micro-expressions, in the order of time."""
        return tuple(event for event in self.events if event.kind == "micro")


def video_name(subject: int, video: int) -> str:
    """Return the name of a video: ``s01_v02`` for the second one of the first subject."""
    return f"{subject_name(subject)}_v{video:02d}"


def _place_long_script(script: LongScript, subject: SyntheticSubject) -> MotionField:
    face = subject.face
    placed: list[Gaussian] = []
    shares = []
    for event in script.events:
        if event.kind == "blink":
            own = place_pull(_LID, face.landmarks, face.iod, _LID_DROP * face.iod)
        else:
            own = place_expression(event.action_units, event.amplitude, subject)
        placed += own
        shares += [event.profile] * len(own)
    return place_scene(script, placed, np.stack(shares, axis=1), subject)
