"""What a synthetic corpus will hold: its classes, its sheet, and the mark that tells what it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from astsvm.datasets.synthetic.action_units import CLASSES
from astsvm.datasets.synthetic.difficulty import DIFFICULTIES, Difficulty
from astsvm.datasets.synthetic.naming import clip_name, subject_name
from astsvm.datasets.synthetic.script import Script, draw_script

__all__ = [
    "GENERATOR_VERSION",
    "STATEMENT",
    "CorpusPlan",
    "each_clip",
    "folder_of",
    "mark_of",
    "plan_labels",
    "sheet_of",
]

GENERATOR_VERSION = 1
"""Raised whenever equal arguments no longer give equal clips."""

STATEMENT = (
    "SYNTHETIC data: every face and every movement in this folder was drawn by a program. "
    "No person is shown, and no accuracy reached on it says anything about real faces."
)

_SHARES = {"negative": 0.50, "positive": 0.27, "surprise": 0.23}
_LABEL_TAG = 31
_COLUMNS = ("clip", "subject", "label", "path", "database", "onset", "apex", "offset", "fps")


@dataclass(frozen=True)
class CorpusPlan:
    """Everything a corpus depends on; validated by :func:`write_corpus`."""

    subjects: int
    clips: int
    difficulty: Difficulty
    seed: int
    size: tuple[int, int]
    fps: float

    def script(self, subject: int, clip: int, label: str) -> Script:
        """Return what happens in one clip, without painting it."""
        return draw_script(self.seed, subject, clip, label, self.difficulty, self.fps)


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


def each_clip(labels: list[list[str]]) -> Iterator[tuple[int, int, str]]:
    """Yield subject number, clip number and class of every clip, in the order of the sheet."""
    for subject, own in enumerate(labels, start=1):
        for clip, label in enumerate(own, start=1):
            yield subject, clip, label


def mark_of(plan: CorpusPlan, labels: list[list[str]]) -> dict[str, Any]:
    """Describe the corpus: that it is synthetic, how it was made, what is planted in each clip."""
    presets = [name for name, values in DIFFICULTIES.items() if values == plan.difficulty]
    planted = {}
    for subject, clip, label in each_clip(labels):
        script = plan.script(subject, clip, label)
        units = {str(unit): round(weight, 4) for unit, weight in script.action_units.items()}
        planted[clip_name(subject, clip)] = {
            "label": label,
            "action_units": units,
            "amplitude_px_at_192": round(script.amplitude, 4),
        }
    return {
        "synthetic": True,
        "statement": STATEMENT,
        "generator": "astsvm.datasets.synthetic",
        "generator_version": GENERATOR_VERSION,
        "seed": plan.seed,
        "settings": {
            "subjects": plan.subjects,
            "clips": plan.clips,
            "size": list(plan.size),
            "fps": plan.fps,
            "preset": presets[0] if presets else None,
            "difficulty": plan.difficulty.to_dict(),
        },
        "planted": planted,
    }


def folder_of(subject: int, clip: int) -> str:
    """Return the folder of a clip's frames, relative to the corpus."""
    return f"frames/{subject_name(subject)}/{clip_name(subject, clip)}"


def sheet_of(plan: CorpusPlan, labels: list[list[str]]) -> str:
    """Return the text of ``clips.csv``: frame numbers are 0-based positions in the folder."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for subject, clip, label in each_clip(labels):
        script = plan.script(subject, clip, label)
        names = (clip_name(subject, clip), subject_name(subject), label, folder_of(subject, clip))
        times = (script.onset, script.apex, script.offset, f"{plan.fps:g}")
        writer.writerow((*names, "synthetic", *times))
    return text.getvalue()
