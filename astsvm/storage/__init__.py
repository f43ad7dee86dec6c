"""The clip file: features of every clip, with everything needed to trust and trace them.

The format is drawn in :mod:`astsvm.storage.schema`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.storage.clip_arrays import ClipArrays as ClipArrays
    from astsvm.storage.entry import ClipRecord as ClipRecord
    from astsvm.storage.reader import ClipCollection as ClipCollection
    from astsvm.storage.reader import open_clips as open_clips
    from astsvm.storage.schema import is_clip_file as is_clip_file
    from astsvm.storage.schema import validate as validate
    from astsvm.storage.writer import PartsFolder as PartsFolder
    from astsvm.storage.writer import ProcessedClip as ProcessedClip

__all__ = [
    "ClipArrays",
    "ClipCollection",
    "ClipRecord",
    "PartsFolder",
    "ProcessedClip",
    "is_clip_file",
    "open_clips",
    "validate",
]

_LAZY = {
    "ClipArrays": "astsvm.storage.clip_arrays",
    "ClipCollection": "astsvm.storage.reader",
    "ClipRecord": "astsvm.storage.entry",
    "PartsFolder": "astsvm.storage.writer",
    "ProcessedClip": "astsvm.storage.encoding",
    "is_clip_file": "astsvm.storage.schema",
    "open_clips": "astsvm.storage.reader",
    "validate": "astsvm.storage.schema",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'astsvm.storage' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
