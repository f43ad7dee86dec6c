"""Synthetic micro-expressions: faces that do not exist, moved by known amounts.

The corpus stands in for databases that need signed agreements, so that everything can be run and
every algorithm meets a known truth. It is always labelled SYNTHETIC; no accuracy reached on it says
anything about real faces. Importing this package is cheap; OpenCV loads with the first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.datasets.synthetic.action_units import CLASSES as CLASSES
    from astsvm.datasets.synthetic.clip import SyntheticClip as SyntheticClip
    from astsvm.datasets.synthetic.corpus import CorpusSummary as CorpusSummary
    from astsvm.datasets.synthetic.corpus import write_corpus as write_corpus
    from astsvm.datasets.synthetic.difficulty import DIFFICULTIES as DIFFICULTIES
    from astsvm.datasets.synthetic.difficulty import Difficulty as Difficulty
    from astsvm.datasets.synthetic.long_script import PlantedEvent as PlantedEvent
    from astsvm.datasets.synthetic.long_video import LongVideo as LongVideo
    from astsvm.datasets.synthetic.long_writing import write_long_videos as write_long_videos
    from astsvm.datasets.synthetic.subject import SyntheticSubject as SyntheticSubject
    from astsvm.datasets.synthetic.subject import draw_subject as draw_subject

__all__ = [
    "CLASSES",
    "DIFFICULTIES",
    "CorpusSummary",
    "Difficulty",
    "LongVideo",
    "PlantedEvent",
    "SyntheticClip",
    "SyntheticSubject",
    "draw_subject",
    "write_corpus",
    "write_long_videos",
]

_LAZY = {
    "CLASSES": "action_units",
    "SyntheticClip": "clip",
    "CorpusSummary": "corpus",
    "write_corpus": "corpus",
    "DIFFICULTIES": "difficulty",
    "Difficulty": "difficulty",
    "LongVideo": "long_video",
    "PlantedEvent": "long_script",
    "SyntheticSubject": "subject",
    "draw_subject": "subject",
    "write_long_videos": "long_writing",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
