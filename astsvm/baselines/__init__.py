"""The method's rivals: hand-crafted descriptors and small networks, judged by the same engine.

A baseline is a pure function of one clip that makes its input, and a Keras model that the same
leave-one-subject-out run trains on these inputs, with the same two heads. Importing this package is
cheap; TensorFlow, OpenCV and scikit-image load where they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.baselines.registry import Baseline as Baseline
    from astsvm.baselines.registry import all_baselines as all_baselines
    from astsvm.baselines.registry import find_baseline as find_baseline

__all__ = ["DERIVED", "Baseline", "all_baselines", "find_baseline"]

DERIVED = "derived"
"""Key of a clip file's settings that says which baseline its stream was made for, and of what."""

_LAZY = ("Baseline", "all_baselines", "find_baseline")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module("astsvm.baselines.registry"), name)
    raise AttributeError(f"module 'astsvm.baselines' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
