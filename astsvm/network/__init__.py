"""The network of AST+SVMNet: fusion attention, inception modules, and the batches that feed it.

Importing this package does not import TensorFlow; the first use of a name does. The environment is
set here because TensorFlow reads it once, when it is imported: oneDNN makes a training step about
ten times faster where TensorFlow leaves it off. Its log is silenced because a machine without a
GPU would be told of an error; errors still arrive as exceptions.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.network.attention import ChannelAttention as ChannelAttention
    from astsvm.network.attention import FusionAttention as FusionAttention
    from astsvm.network.attention import SpatialAttention as SpatialAttention
    from astsvm.network.model import build_network as build_network
    from astsvm.network.model import feature_extractor as feature_extractor

__all__ = [
    "ChannelAttention",
    "FusionAttention",
    "SpatialAttention",
    "build_network",
    "feature_extractor",
]

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# Several workers may share a GPU; by default the first would take all of its memory.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

_LAZY = {
    "ChannelAttention": "astsvm.network.attention",
    "FusionAttention": "astsvm.network.attention",
    "SpatialAttention": "astsvm.network.attention",
    "build_network": "astsvm.network.model",
    "feature_extractor": "astsvm.network.model",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'astsvm.network' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
