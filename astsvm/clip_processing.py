"""One clip from its frames on disk to its features; whatever machine does it.

The order is the paper's (METHOD 1): decode onset..offset, find the face in the onset frame, warp
every frame with that one transform, magnify, interpolate, then optical flow and image differences.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.clip import Clip
from astsvm.config import PreprocessingSettings
from astsvm.errors import AstsvmError, FrameReadError
from astsvm.preprocessing.source_digest import digest_beforehand, unchanged_digest
from astsvm.storage.encoding import ProcessedClip

__all__ = [
    "Landmarks",
    "ProcessedFrames",
    "failure_reason",
    "process_clip",
    "process_frames",
    "stream_features",
]

Landmarks = npt.NDArray[np.float32]
"""Of the onset frame, (68, 2) or (5, 2), in source pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class ProcessedFrames:
    """What becomes of the frames of a clip.

    Parameters
    ----------
    streams : dict of str to ndarray of shape (steps, H, W, C), float32
        Features.
    frames : ndarray of shape (length, size, size), uint8
        Aligned, magnified, interpolated frames to look at.
    landmarks : ndarray of shape (68 or 5, 2), float32, or None
        Of the onset frame, in source pixels.
    transform : ndarray of shape (2, 3), float64
        From source pixels to aligned pixels.
    decoded : int
        Number of source frames.
    """

    streams: dict[str, npt.NDArray[np.float32]]
    frames: npt.NDArray[np.uint8]
    landmarks: Landmarks | None
    transform: npt.NDArray[np.float64]
    decoded: int


def process_clip(
    clip: Clip,
    settings: PreprocessingSettings,
    *,
    landmarks: Landmarks | None = None,
    precomputed_flow: bool = False,
) -> ProcessedClip:
    """Turn one clip into what is stored of it.

    Parameters
    ----------
    clip : Clip
        The annotated clip.
    settings : PreprocessingSettings
        How frames become features.
    landmarks : ndarray of shape (68, 2) or (5, 2), optional
        Landmarks of the onset frame in source pixels.
    precomputed_flow : bool
        The source is a flow image (STSTNet layout), stored as it is.

    Returns
    -------
    ProcessedClip
        Streams of shape (steps, H, W, C), float32; aligned frames; transform and landmarks.

    Raises
    ------
    FrameReadError
        If the frames cannot be read, are fewer than two, or change meanwhile, or if their frame
        rate is unknown.
    FaceNotFoundError
        If the onset frame holds no face.
    """
    if precomputed_flow:
        from astsvm.datasets.flow_images import read_flow_image

        before = digest_beforehand(clip.source)
        return ProcessedClip(
            clip=clip,
            streams={"flow": read_flow_image(clip.source)[None]},
            source_sha256=unchanged_digest(clip.source, before),
        )
    from astsvm.preprocessing import iter_frames

    before = digest_beforehand(clip.source, clip.onset, clip.offset)
    source = iter_frames(clip.source, clip.onset, clip.offset)
    fps = clip.fps if clip.fps is not None else source.fps
    if fps is None:
        raise FrameReadError(
            f"{clip.source}: the frame rate is unknown and the magnification depends on it; "
            "expected an fps column, or a video that states it. Add the column."
        )
    done = process_frames(source, fps, settings, landmarks=landmarks, name=str(clip.source))
    return ProcessedClip(
        clip=clip,
        streams=done.streams,
        frames=done.frames,
        landmarks=done.landmarks,
        transform=done.transform,
        fps=fps,
        source_sha256=unchanged_digest(clip.source, before, clip.onset, clip.offset),
    )


def process_frames(
    frames: Iterable[npt.NDArray[Any]],
    fps: float,
    settings: PreprocessingSettings,
    *,
    landmarks: Landmarks | None = None,
    name: str = "frames",
) -> ProcessedFrames:
    """Align, magnify and interpolate the frames of a clip, and compute its features.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W)
        Grey, from onset to offset: uint8, uint16 or floats in [0, 1].
    fps : float
        Frames per second, by which the magnification is chosen.
    settings : PreprocessingSettings
        How frames become features.
    landmarks : ndarray of shape (68, 2) or (5, 2), optional
        Landmarks of the first frame in source pixels; None searches for them.
    name : str
        What messages call the frames.

    Raises
    ------
    FrameReadError
        If there are fewer than two frames, or they cannot be read.
    FaceNotFoundError
        If the first frame holds no face.
    """
    from astsvm.preprocessing import FaceAligner, interpolate_frames, magnify_motion

    aligned = FaceAligner(
        size=settings.size, method=settings.alignment, landmark_model=settings.landmark_model
    ).align(frames, landmarks=landmarks)
    if len(aligned.frames) < 2:
        raise FrameReadError(
            f"{name}: 1 frame from onset to offset; expected at least 2, since features "
            "are changes between frames. Correct onset and offset, or leave the clip out."
        )
    band = settings.magnification
    chips = aligned.frames
    magnified = magnify_motion(
        chips, alpha=band.alpha_at(fps), r1=band.r1, r2=band.r2, lambda_c=band.lambda_c, out=chips
    )
    points = interpolate_frames(magnified, settings.length, settings.interpolation)
    return ProcessedFrames(
        streams=stream_features(points, settings),
        frames=np.rint(np.clip(points, 0, 1) * 255).astype(np.uint8),
        landmarks=aligned.landmarks,
        transform=aligned.transform,
        decoded=len(aligned.frames),
    )


def failure_reason(error: Exception) -> str:
    """Say in one line why a clip was left out; an unforeseen error also by its type."""
    if isinstance(error, AstsvmError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def stream_features(
    frames: npt.NDArray[np.float32], settings: PreprocessingSettings
) -> dict[str, npt.NDArray[np.float32]]:
    """Return optical flow and image differences of interpolated frames (length, H, W)."""
    from astsvm.features import idsf, optical_flow, without_head_motion

    streams = {}
    if "flow" in settings.streams:
        flow = optical_flow(frames, **settings.flow.model_dump(exclude={"head_motion"}))
        steady = settings.flow.head_motion == "median"
        streams["flow"] = without_head_motion(flow) if steady else flow
    if "idsf" in settings.streams:
        # With a zero field first, the onset's difference from itself keeps the paths equally long.
        streams["idsf"] = idsf(frames, settings.illumination, zero_first=settings.flow.zero_first)
    return streams
