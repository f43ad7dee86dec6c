"""Micro-expression recognition from video to an evaluated model.

astsvm implements AST+SVMNet (Xue et al., IEEE Access 2024, doi 10.1109/ACCESS.2024.3395116).
Importing the package is cheap; TensorFlow, dlib and OpenCV load where they are used.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.evaluation.loso import run_loso as run_loso
    from astsvm.recognizer.recognizer import Recognizer as Recognizer
    from astsvm.storage.reader import open_clips as open_clips

__all__ = ["Recognizer", "__version__", "open_clips", "run_loso"]

__version__ = version("astsvm")

_LAZY = {
    "Recognizer": "astsvm.recognizer.recognizer",
    "open_clips": "astsvm.storage.reader",
    "run_loso": "astsvm.evaluation.loso",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'astsvm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
