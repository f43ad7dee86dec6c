"""One synthetic clip: frames to look at and the exact motion they show."""

from __future__ import annotations

from astsvm.datasets.synthetic.action_units import check_label
from astsvm.datasets.synthetic.difficulty import Difficulty, find_difficulty
from astsvm.datasets.synthetic.motion import place_script
from astsvm.datasets.synthetic.moving_face import MovingFace
from astsvm.datasets.synthetic.naming import check_integer, clip_name
from astsvm.datasets.synthetic.script import check_fps, draw_script
from astsvm.datasets.synthetic.subject import SyntheticSubject

__all__ = ["SyntheticClip"]


class SyntheticClip(MovingFace):
    """A micro-expression planted on a synthetic subject.

    Equal arguments give equal bytes. Frames are rendered when asked for.

    Parameters
    ----------
    subject : SyntheticSubject
    number : int
        1-based number of the clip within its subject.
    label : str
        ``"negative"``, ``"positive"`` or ``"surprise"``.
    difficulty : str or Difficulty
    fps : float
        Frames per second.

    Attributes
    ----------
    name : str
        ``s01_c03``: unique within the corpus.
    script : Script
        What was drawn for this clip.
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
        label: str,
        *,
        difficulty: str | Difficulty = "hard",
        fps: float = 100,
    ) -> None:
        self.number = check_integer("clip", number)
        self.label = check_label(label)
        self.difficulty = find_difficulty(difficulty)
        self.fps = check_fps(fps)
        self.script = draw_script(
            subject.seed, subject.number, self.number, self.label, self.difficulty, self.fps
        )
        super().__init__(
            subject,
            clip_name(subject.number, self.number),
            self.script,
            place_script(self.script, subject),
            (subject.seed, subject.number, self.number),
            self.difficulty.noise,
        )

    @property
    def onset(self) -> int:
        """0-based frame before the expression begins."""
        return self.script.onset

    @property
    def apex(self) -> int:
        """0-based frame of the full expression."""
        return self.script.apex

    @property
    def offset(self) -> int:
        """0-based frame in which the expression is gone."""
        return self.script.offset

    @property
    def action_units(self) -> dict[int, float]:
        """Planted action units and their relative strength."""
        return dict(self.script.action_units)
