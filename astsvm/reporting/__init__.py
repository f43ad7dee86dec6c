"""Pictures and pages for people: confusion matrices, the report of a run, the look of a clip."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.reporting.clip_picture import draw_clip as draw_clip
    from astsvm.reporting.confusion_matrix import confusion_picture as confusion_picture
    from astsvm.reporting.report import write_report as write_report

__all__ = ["confusion_picture", "draw_clip", "write_report"]

_LAZY = {
    "confusion_picture": "confusion_matrix",
    "draw_clip": "clip_picture",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"astsvm.reporting.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'astsvm.reporting' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
