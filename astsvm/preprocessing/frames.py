"""Reading the frames of a clip from a video, an image, or a folder of images.

Frames come one at a time, as grey, so that a long clip is never whole in memory in colour.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from astsvm.arrays import to_unit_floats
from astsvm.datasets.frame_folder import IMAGE_SUFFIXES, frame_names
from astsvm.errors import FrameReadError, InvalidInputError
from astsvm.preprocessing.image_file import Frame, read_image
from astsvm.preprocessing.video_file import VIDEO_SUFFIXES, open_video

__all__ = ["FrameStream", "SourceFrames", "iter_frames", "read_frames"]

MOST_FRAMES: Final = 20_000
"""More is a recording, not a clip."""

MOST_BYTES: Final = 4 * 2**30
"""What :func:`read_frames` holds at once."""


@dataclass(frozen=True)
class SourceFrames:
    """The decoded frames of a clip.

    Parameters
    ----------
    frames : ndarray of shape (n, H, W), uint8, or float32 in [0, 1]
        Grey; float32 where any frame is deeper than 8 bits.
    fps : float or None
        Frames per second as a video states it; None for images.
    """

    frames: Frame
    fps: float | None


class FrameStream(Iterator[Frame]):
    """Grey frames (H, W), uint8 or float32 in [0, 1], decoded as they are asked for.

    Attributes
    ----------
    fps : float or None
        Frames per second as a video states it; None for images.
    """

    def __init__(self, frames: Iterator[Frame], fps: float | None) -> None:
        self._frames = frames
        self.fps = fps

    def __next__(self) -> Frame:
        return next(self._frames)


def read_frames(source: Path, onset: int | None = None, offset: int | None = None) -> SourceFrames:
    """Read the frames of a clip as grey.

    Parameters
    ----------
    source : Path
        A video file, an image file, or a folder of images. In a folder, hidden files and files
        that are no images by their suffix are ignored, subfolders too; the rest is taken in
        natural order of the names (``img2`` before ``img10``).
    onset, offset : int or None
        0-based positions within the source, both included; None means the first and the last.
        Nothing after the offset is decoded.

    Returns
    -------
    SourceFrames

    Raises
    ------
    FrameReadError
        If the source is missing, empty, no video or image, damaged, shorter than `offset`, of
        frames of different sizes, or larger than 4 GiB in memory (see :func:`iter_frames`).
    InvalidInputError
        If `onset` or `offset` is negative, no whole number, or out of order.

    Notes
    -----
    What becomes of colour, palettes, transparency and 16 bits:
    :func:`astsvm.preprocessing.image_file.read_image`.
    """
    stream = iter_frames(source, onset, offset)
    frames: list[Frame] = []
    size = 0
    for frame in stream:
        frames.append(frame)
        size += frame.nbytes
        if size > MOST_BYTES:
            raise FrameReadError(
                f"{source}: expected a clip below {MOST_BYTES >> 30} GiB in memory, received more "
                f"after {len(frames)} frames. Give onset and offset, or use iter_frames."
            )
    if any(frame.dtype != np.uint8 for frame in frames):
        frames = [to_unit_floats(frame, "frame") for frame in frames]
    stack: npt.NDArray[Any] = np.stack(frames)
    return SourceFrames(stack, stream.fps)


def iter_frames(
    source: Path,
    onset: int | None = None,
    offset: int | None = None,
    *,
    most: int | None = MOST_FRAMES,
) -> FrameStream:
    """Open a clip and decode its frames one at a time.

    Parameters
    ----------
    source, onset, offset
        As for :func:`read_frames`.
    most : int or None
        More frames are refused; None takes recordings of any length.

    Returns
    -------
    FrameStream
        At least one frame. Holds one frame at a time in memory; can be gone through once.

    Raises
    ------
    FrameReadError, InvalidInputError
        As :func:`read_frames`: what can be known beforehand at once, the rest while iterating.
    """
    source = Path(source)
    _require_range(source, onset, offset)
    first = 0 if onset is None else int(onset)
    last = None if offset is None else int(offset)
    fps: float | None = None
    if source.is_dir():
        frames = _folder_frames(source, first, last)
    elif not source.is_file():
        raise FrameReadError(
            f"{source}: expected a video, an image or a folder of images, but there is "
            f"{'no regular file' if source.exists() else 'nothing'}. Check the path."
        )
    elif source.suffix.lower() in IMAGE_SUFFIXES:
        frames = _image_frames(source, [source], first, last)
    elif source.suffix.lower() in VIDEO_SUFFIXES:
        frames, fps = open_video(source, first, last)
    else:
        raise FrameReadError(
            f"{source}: expected a video or an image, received a file with the suffix "
            f"{source.suffix!r}. Known are {', '.join(sorted(VIDEO_SUFFIXES | IMAGE_SUFFIXES))}."
        )
    return FrameStream(frames if most is None else _limited(frames, source, most), fps)


def _folder_frames(folder: Path, first: int, last: int | None) -> Iterator[Frame]:
    try:
        images = [folder / name for name in frame_names(folder)]
    except OSError as error:
        raise FrameReadError(
            f"{folder}: the folder cannot be read: {error.strerror}. Check its rights."
        ) from error
    if not images:
        raise FrameReadError(
            f"{folder}: expected a folder of images, but it holds none "
            f"({', '.join(sorted(IMAGE_SUFFIXES))}). Check the path."
        )
    return _image_frames(folder, images, first, last)


def _image_frames(
    source: Path, images: list[Path], first: int, last: int | None
) -> Iterator[Frame]:
    needed = first if last is None else last
    if needed >= len(images):
        raise FrameReadError(
            f"{source}: expected frames {first} to {'the end' if last is None else last} (0-based),"
            f" but there are {len(images)} image(s). Correct onset and offset."
        )
    return _same_sized(images[first : None if last is None else last + 1])


def _same_sized(images: list[Path]) -> Iterator[Frame]:
    shape: tuple[int, ...] | None = None
    for path in images:
        frame = read_image(path)
        shape = shape or frame.shape
        if frame.shape != shape:
            raise FrameReadError(
                f"{path}: expected {shape[1]} x {shape[0]} pixels as in {images[0].name}, received "
                f"{frame.shape[1]} x {frame.shape[0]}. Bring all frames of a clip to one size."
            )
        yield frame


def _limited(frames: Iterator[Frame], source: Path, most: int) -> Iterator[Frame]:
    yield from itertools.islice(frames, most)
    if next(frames, None) is not None:
        raise FrameReadError(
            f"{source}: expected a clip of at most {most} frames, received more. "
            "Give its onset and offset."
        )


def _require_range(source: Path, onset: int | None, offset: int | None) -> None:
    for name, value in (("onset", onset), ("offset", offset)):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if value is not None and (not whole or value < 0):
            raise InvalidInputError(
                f"{source}: {name}: expected a whole number of 0 or more, received {value!r}."
            )
    if offset is not None and offset < (onset or 0):
        raise InvalidInputError(
            f"{source}: expected onset <= offset, received onset {onset} and offset {offset}. "
            "Correct them."
        )
