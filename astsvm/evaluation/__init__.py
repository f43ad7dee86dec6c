"""Leave-one-subject-out: splits, folds, pooled scores, intervals, and the run folder.

Importing this package is cheap; TensorFlow and scikit-learn load inside a fold.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.evaluation.loso import run_loso as run_loso
    from astsvm.evaluation.metrics import Scores as Scores
    from astsvm.evaluation.metrics import score as score
    from astsvm.evaluation.run_folder import RunFolder as RunFolder
    from astsvm.evaluation.splits import leave_one_subject_out as leave_one_subject_out
    from astsvm.evaluation.summary import summarise as summarise

__all__ = ["RunFolder", "Scores", "leave_one_subject_out", "run_loso", "score", "summarise"]

_LAZY = {
    "RunFolder": "run_folder",
    "Scores": "metrics",
    "leave_one_subject_out": "splits",
    "run_loso": "loso",
    "score": "metrics",
    "summarise": "summary",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"astsvm.evaluation.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'astsvm.evaluation' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
