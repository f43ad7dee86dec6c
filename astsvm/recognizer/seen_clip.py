"""A clip on its way to the model: from frames, a source, aligned frames or a clip file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from astsvm.arrays import as_grey_stack
from astsvm.clip_processing import Landmarks, process_frames, stream_features
from astsvm.config import PreprocessingSettings
from astsvm.errors import InvalidInputError
from astsvm.recognizer.bundle import Bundle
from astsvm.recognizer.input_frames import checked_fps
from astsvm.storage.differences import describe_differences

if TYPE_CHECKING:
    from astsvm.storage.reader import ClipCollection

__all__ = [
    "DARKEST",
    "LIGHTEST",
    "SeenClip",
    "frame_settings",
    "see_aligned",
    "see_frames",
    "see_source",
    "see_stored",
]

_LONG_CLIP_SECONDS = 2.0
_ANY_FPS = 100.0
"""Stands for a frame rate that nothing depends on."""
DARKEST, LIGHTEST = -1.0, 2.0
"""Bounds of aligned frames. Magnified and interpolated ones go beyond [0, 1], by .2 in the
synthetic corpus; frames of 0 to 255, which are a mistake, go far beyond."""


@dataclass(frozen=True, eq=False)
class SeenClip:
    """What is known of a clip before the model is asked; see the same names of `Recognition`."""

    streams: Mapping[str, npt.NDArray[Any]]
    frames: npt.NDArray[np.uint8] | None = None
    landmarks: Landmarks | None = None
    transform: npt.NDArray[np.float64] | None = None
    onset: int | None = None
    offset: int | None = None
    fps: float | None = None
    notices: tuple[str, ...] = ()


def see_frames(
    frames: Iterable[npt.NDArray[Any]],
    fps: float | None,
    settings: PreprocessingSettings,
    landmarks: npt.ArrayLike | None = None,
    name: str = "frames",
) -> SeenClip:
    """Process grey frames from onset to offset.

    `onset` and `offset` of the result count from the first frame given.

    Raises
    ------
    InvalidInputError
        If the frame rate is needed and unknown, or frames or landmarks are unusable.
    FaceNotFoundError, FrameReadError
        As :func:`astsvm.clip_processing.process_frames`.
    """
    rate = checked_fps(fps)
    if rate is None and settings.magnification.alpha is None:
        raise InvalidInputError(
            f"{name}: the frame rate is unknown, and the magnification depends on it. Give the "
            "frames per second (fps; on the command line --fps)."
        )
    given = None if landmarks is None else np.asarray(landmarks, dtype=np.float32)
    done = process_frames(frames, rate or _ANY_FPS, settings, landmarks=given, name=name)
    return SeenClip(
        streams=done.streams,
        frames=done.frames,
        landmarks=done.landmarks,
        transform=done.transform,
        onset=0,
        offset=done.decoded - 1,
        fps=rate,
    )


def see_source(
    source: Path,
    onset: int | None,
    offset: int | None,
    settings: PreprocessingSettings,
    *,
    fps: float | None = None,
    landmarks: npt.ArrayLike | None = None,
) -> SeenClip:
    """Decode and process a clip in a video or a folder of frames; notices tell what is odd."""
    from astsvm.preprocessing import iter_frames

    stream = iter_frames(source, onset, offset)
    rate = stream.fps if fps is None else fps
    seen = see_frames(stream, rate, settings, landmarks, str(source))
    first, count = onset or 0, (seen.offset or 0) + 1
    notices = []
    if onset is None and offset is None:
        notices.append(
            f"The whole input, {count} frames, was taken as one expression: no onset and offset "
            "were given."
        )
    if seen.fps and count / seen.fps > _LONG_CLIP_SECONDS:
        notices.append(
            f"The clip lasts {count / seen.fps:.1f} s, and all of it is squeezed into one "
            "expression; a micro-expression lasts half a second or less. Give its onset and offset."
        )
    return replace(seen, onset=first, offset=first + count - 1, notices=tuple(notices))


def see_aligned(frames: npt.ArrayLike, settings: PreprocessingSettings) -> SeenClip:
    """Compute the features of frames that are aligned, magnified and interpolated already.

    Raises
    ------
    InvalidInputError
        If they are of another shape than the settings', not finite, or far beyond [0, 1].
    """
    grey = as_grey_stack(frames)
    expected = (settings.length, settings.size, settings.size)
    if grey.shape != expected:
        raise InvalidInputError(
            f"frames: expected aligned frames of shape {expected}, received {grey.shape}. Give "
            "frames that are not aligned to predict()."
        )
    low, high = float(grey.min()), float(grey.max())
    if low < DARKEST or high > LIGHTEST:
        raise InvalidInputError(
            f"frames: expected grey values of about 0 to 1, received {low:g} to {high:g}. Divide "
            "by the largest grey level, or give uint8."
        )
    shown = np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)
    return SeenClip(streams=stream_features(grey, settings), frames=shown)


def see_stored(clips: ClipCollection, index: int, bundle: Bundle) -> SeenClip:
    """Read a clip of a clip file that was preprocessed as a model's training clips were.

    Raises
    ------
    InvalidInputError
        If it was preprocessed otherwise, or there is no such clip.
    """
    ours: dict[str, Any] = bundle.settings.preprocessing.model_dump(mode="json")
    if elsewhere := bundle.manifest.data.precomputed_flow:
        ours = {"precomputed_flow": elsewhere}
    if differences := describe_differences(clips.settings, ours):
        raise InvalidInputError(
            f"the clips were preprocessed otherwise than those of the model: {differences}."
        )
    streams = {name: clips.read_batch(name, [index])[0] for name in bundle.manifest.data.streams}
    record = clips.records[index]
    return SeenClip(
        streams=streams,
        frames=clips.frames(index),
        landmarks=clips.landmarks(index),
        transform=clips.transform(index),
        onset=record.onset,
        offset=record.offset,
        fps=record.fps,
    )


def frame_settings(bundle: Bundle) -> PreprocessingSettings:
    """Return a model's preprocessing, of the streams that its network takes.

    Raises
    ------
    InvalidInputError
        If the model was trained on flow images made elsewhere: it takes no frames.
    """
    if made_elsewhere := bundle.manifest.data.precomputed_flow:
        raise InvalidInputError(
            f"the model was trained on flow images made elsewhere ({made_elsewhere}): it takes "
            "such images (predict_features), no frames."
        )
    return bundle.settings.preprocessing.replace(streams=bundle.settings.network.streams)
