"""A trained model in one file: trained on all clips, saved, loaded without trust, and asked.

Importing this package is cheap; TensorFlow and scikit-learn load when a model is trained or loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.recognizer.bundle import Bundle as Bundle
    from astsvm.recognizer.recognition import Decisions as Decisions
    from astsvm.recognizer.recognition import Recognition as Recognition
    from astsvm.recognizer.recognizer import Recognizer as Recognizer
    from astsvm.recognizer.shipped import default_model as default_model
    from astsvm.recognizer.timeline import Timeline as Timeline

__all__ = ["Bundle", "Decisions", "Recognition", "Recognizer", "Timeline", "default_model"]

_LAZY = {
    "Bundle": "bundle",
    "Decisions": "recognition",
    "Recognition": "recognition",
    "Recognizer": "recognizer",
    "Timeline": "timeline",
    "default_model": "shipped",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"astsvm.recognizer.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'astsvm.recognizer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
