"""From a source on disk to aligned, magnified, interpolated frames.

Importing it is cheap: OpenCV and dlib load when a function is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.preprocessing.alignment import AlignedFrames as AlignedFrames
    from astsvm.preprocessing.alignment import FaceAligner as FaceAligner
    from astsvm.preprocessing.frames import FrameStream as FrameStream
    from astsvm.preprocessing.frames import SourceFrames as SourceFrames
    from astsvm.preprocessing.frames import iter_frames as iter_frames
    from astsvm.preprocessing.frames import read_frames as read_frames
    from astsvm.preprocessing.interpolation import interpolate_frames as interpolate_frames
    from astsvm.preprocessing.interpolation import tim_matrix as tim_matrix
    from astsvm.preprocessing.landmarks_file import read_landmarks as read_landmarks
    from astsvm.preprocessing.magnification import level_gains as level_gains
    from astsvm.preprocessing.magnification import magnify_motion as magnify_motion
    from astsvm.preprocessing.magnification import r_from_hz as r_from_hz
    from astsvm.preprocessing.magnification import temporal_response as temporal_response
    from astsvm.preprocessing.tracked_landmarks import landmarks_of_clips as landmarks_of_clips

_LAZY = {
    "AlignedFrames": "alignment",
    "FaceAligner": "alignment",
    "FrameStream": "frames",
    "SourceFrames": "frames",
    "interpolate_frames": "interpolation",
    "iter_frames": "frames",
    "landmarks_of_clips": "tracked_landmarks",
    "level_gains": "magnification",
    "magnify_motion": "magnification",
    "r_from_hz": "magnification",
    "read_frames": "frames",
    "read_landmarks": "landmarks_file",
    "temporal_response": "magnification",
    "tim_matrix": "interpolation",
}

__all__ = [
    "AlignedFrames",
    "FaceAligner",
    "FrameStream",
    "SourceFrames",
    "interpolate_frames",
    "iter_frames",
    "landmarks_of_clips",
    "level_gains",
    "magnify_motion",
    "r_from_hz",
    "read_frames",
    "read_landmarks",
    "temporal_response",
    "tim_matrix",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"astsvm.preprocessing.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
