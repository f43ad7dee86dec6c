"""Spotting: where in a long video a face may show a micro-expression.

Importing it is cheap; OpenCV and dlib load when a video is searched.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.spotting.block_motion import ShortVideoError as ShortVideoError
    from astsvm.spotting.candidates import Candidate as Candidate
    from astsvm.spotting.candidates import Spotting as Spotting
    from astsvm.spotting.search import RELIABILITY as RELIABILITY
    from astsvm.spotting.search import RELIABILITY_OF_VIDEO as RELIABILITY_OF_VIDEO
    from astsvm.spotting.search import spot as spot
    from astsvm.spotting.spotting_settings import SpottingSettings as SpottingSettings

__all__ = [
    "RELIABILITY",
    "RELIABILITY_OF_VIDEO",
    "Candidate",
    "ShortVideoError",
    "Spotting",
    "SpottingSettings",
    "spot",
]

_LAZY = {
    "Candidate": "candidates",
    "RELIABILITY": "search",
    "RELIABILITY_OF_VIDEO": "search",
    "ShortVideoError": "block_motion",
    "Spotting": "candidates",
    "SpottingSettings": "spotting_settings",
    "spot": "search",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
