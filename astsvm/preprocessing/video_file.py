"""A video file as grey frames, one at a time."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2

from astsvm.errors import FrameReadError
from astsvm.preprocessing.image_file import Frame, grey_frame, require_sane_size
from astsvm.preprocessing.opencv_log import silent_opencv

__all__ = ["VIDEO_SUFFIXES", "open_video"]

VIDEO_SUFFIXES: Final = frozenset(
    {
        ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts",
        ".ogv", ".ts", ".webm", ".wmv",
    }
)  # fmt: skip

SLOWEST, FASTEST = 1.0, 2000.0
"""Frames per second; what a file states beyond that is a container's clock, not its rate."""

COMPLETE: Final = 0.9
"""A header may count some frames too many; a tenth missing means a truncated file."""

_PLAYLISTS: Final = (b"ffconcat version", b"#EXTM3U")
"""How the texts begin that make FFmpeg read other files instead."""

# FFmpeg writes to stderr by itself; the library says in its own words what is wrong. It reads the
# variable when the first video is opened, and a user's own setting stays.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


def open_video(path: Path, onset: int, offset: int | None) -> tuple[Iterator[Frame], float | None]:
    """Open a video and return its frames from `onset` to `offset`, and its frame rate.

    Parameters
    ----------
    path : Path
        The file; read through FFmpeg only, as a file only. A playlist that leads to other files
        is refused.
    onset, offset : int, int or None
        0-based positions, both included; None reads to the end. Frames before `onset` have to be
        decoded too, since videos store differences, but are not converted.

    Returns
    -------
    iterator of ndarray (H, W) uint8, and float or None
        The rate is None where the file states none or an absurd one.

    Raises
    ------
    FrameReadError
        At once if the file is no video; while iterating if the video ends before `offset`, or,
        without an offset, far before the number of frames its header states.
    """
    _refuse_playlist(path)
    with silent_opencv():
        capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise FrameReadError(
            f"{path}: expected a video, but it cannot be opened; it is empty, truncated, damaged "
            "or of an unknown kind. Convert it, for example to AVI or MP4."
        )
    require_sane_size(
        path,
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
    )
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    sane = math.isfinite(rate) and SLOWEST <= rate <= FASTEST
    return _video_frames(capture, path, onset, offset), rate if sane else None


def _refuse_playlist(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            start = stream.read(max(map(len, _PLAYLISTS)))
    except OSError as error:
        raise FrameReadError(
            f"{path}: the video cannot be read: {error.strerror}. Check the path and its rights."
        ) from error
    if start.startswith(_PLAYLISTS):
        raise FrameReadError(
            f"{path}: expected a video, received a playlist of other files. Name the video itself."
        )


def _video_frames(
    capture: cv2.VideoCapture, path: Path, onset: int, offset: int | None
) -> Iterator[Frame]:
    stated = float(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    position = 0
    try:
        while (offset is None or position <= offset) and capture.grab():
            if position >= onset:
                decoded, pixels = capture.retrieve()
                if not decoded:
                    raise FrameReadError(
                        f"{path}: frame {position} cannot be decoded; the video is damaged. "
                        "Convert it again."
                    )
                yield grey_frame(pixels, path)
            position += 1
    finally:
        capture.release()
    _require_all_frames(path, position, onset, offset, stated)


def _require_all_frames(
    path: Path, found: int, onset: int, offset: int | None, stated: float
) -> None:
    last_needed = onset if offset is None else offset
    if found <= last_needed:
        raise FrameReadError(
            f"{path}: expected frames {onset} to {'the end' if offset is None else offset} "
            f"(0-based), but the video holds {found} frame(s). Correct onset and offset, or "
            "replace the file if it is truncated."
        )
    if offset is None and found < COMPLETE * stated:
        raise FrameReadError(
            f"{path}: its header states {stated:.0f} frames, but only {found} can be decoded; the "
            "video is truncated. Replace it, or give an offset within what is left."
        )
