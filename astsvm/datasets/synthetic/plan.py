"""What a synthetic corpus will hold, whatever layout it is written in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from astsvm.datasets.synthetic.action_units import CLASSES
from astsvm.datasets.synthetic.difficulty import Difficulty
from astsvm.datasets.synthetic.script import Script, draw_script

__all__ = [
    "GENERATOR_VERSION",
    "STATEMENT",
    "CorpusPlan",
    "plan_labels",
]

GENERATOR_VERSION = 1
"""Raised whenever equal arguments no longer give equal clips."""

STATEMENT = (
    "SYNTHETIC data: every face and every movement in this folder was drawn by a program. "
    "No person is shown, and no accuracy reached on it says anything about real faces."
)

_SHARES = {"negative": 0.50, "positive": 0.27, "surprise": 0.23}
_LABEL_TAG = 31


@dataclass(frozen=True)
class CorpusPlan:
    """Everything a corpus depends on but its layout; validated by :func:`write_corpus`.

    `first_subject` is added to the numbers of subjects: layouts draw different faces.
    """

    subjects: int
    clips: int
    difficulty: Difficulty
    seed: int
    size: tuple[int, int]
    fps: float
    first_subject: int = 0

    def script(self, subject: int, clip: int, label: str) -> Script:
        """Return what happens in one clip, without painting it."""
        number = self.first_subject + subject
        return draw_script(self.seed, number, clip, label, self.difficulty, self.fps)


def plan_labels(subjects: int, clips: int, seed: int) -> list[list[str]]:
    """Return the class of every clip, a list per subject.

    The classes occur about .50, .27 and .23 of the time, negative, positive, surprise, spread
    evenly over subjects and shuffled within each; every class occurs in a corpus of three clips.
    """
    counts = dict.fromkeys(CLASSES, 0)
    plan = []
    for subject in range(1, subjects + 1):
        labels = []
        for _ in range(clips):
            drawn = sum(counts.values()) + 1
            label = max(CLASSES, key=lambda name: _SHARES[name] * drawn - counts[name])
            counts[label] += 1
            labels.append(label)
        order = np.random.default_rng([seed, subject, _LABEL_TAG]).permutation(clips)
        plan.append([labels[i] for i in order])
    return plan
