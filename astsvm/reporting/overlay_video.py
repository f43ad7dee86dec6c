"""The video that was searched, with a band below it that names each candidate while it lasts."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from astsvm.arrays import to_unit_floats
from astsvm.errors import InvalidInputError, StorageError
from astsvm.reporting.picture import ALARM, INK
from astsvm.reporting.timeline_picture import score_text
from astsvm.storage.atomic import write_atomically

if TYPE_CHECKING:
    from astsvm.recognizer.timeline import Timeline

__all__ = ["write_overlay"]

Bytes = npt.NDArray[np.uint8]

_DPI = 100
_CODEC = "mp4v"


def write_overlay(frames: Iterable[npt.NDArray[Any]], timeline: Timeline, path: Path) -> None:
    """Write an MP4, whole or not at all.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W)
        The grey frames that were searched, from the first one on.
    timeline : Timeline
    path : Path
        Ends in ``.mp4``.

    Raises
    ------
    InvalidInputError
        If the name ends otherwise, or there are no frames.
    StorageError
        If the file cannot be written.
    """
    if path.suffix.lower() != ".mp4":
        raise InvalidInputError(f"{path}: expected a name that ends in .mp4.")

    def write(temporary: Path) -> None:
        # OpenCV tells the container by the end of the name.
        movie = temporary.with_name(temporary.name + ".mp4")
        try:
            _write_movie(frames, timeline, movie, path)
            movie.replace(temporary)
        finally:
            movie.unlink(missing_ok=True)

    write_atomically(path, write)


def _write_movie(
    frames: Iterable[npt.NDArray[Any]], timeline: Timeline, movie: Path, path: Path
) -> None:
    writer: Any = None
    bands: _Bands | None = None
    try:
        for index, frame in enumerate(frames):
            picture = np.rint(np.clip(to_unit_floats(frame, "frame"), 0, 1) * 255).astype(np.uint8)
            if bands is None:
                # Encoders want even sides.
                height, width = (side - side % 2 for side in picture.shape)
                bands = _Bands(timeline, width)
                size = (width, height + bands.height)
                writer = cv2.VideoWriter(
                    str(movie), cv2.VideoWriter.fourcc(*_CODEC), timeline.spotting.fps, size
                )
                if not writer.isOpened():
                    raise StorageError(
                        f"{path}: this OpenCV cannot write an MP4 there. Check the folder."
                    )
            colour = cv2.cvtColor(picture[:height, :width], cv2.COLOR_GRAY2BGR)
            writer.write(np.vstack([colour, bands.at(index)]))
    finally:
        if writer is not None:
            writer.release()
    if writer is None:
        raise InvalidInputError(f"{path}: expected the frames that were searched, received none.")


class _Bands:
    """What stands below each frame; painted once for each candidate."""

    def __init__(self, timeline: Timeline, width: int) -> None:
        self.height = 2 * max(24, width // 24)
        self._timeline = timeline
        self._width = width
        self._rest = self._painted("")
        self._painted_at = -1
        self._current = self._rest

    def at(self, frame: int) -> Bytes:
        for number, timed in enumerate(self._timeline.expressions):
            if timed.candidate.onset <= frame <= timed.candidate.offset:
                if number != self._painted_at:
                    self._current = self._painted(score_text(timed))
                    self._painted_at = number
                return self._current
        return self._rest

    def _painted(self, text: str) -> Bytes:
        """Paint a band (height, width, 3), BGR: the mark of drawn faces, and the text."""
        with rc_context({"font.family": "DejaVu Sans"}), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure = Figure(figsize=(self._width / _DPI, self.height / _DPI), dpi=_DPI)
            canvas = FigureCanvasAgg(figure)
            points = 0.3 * self.height / _DPI * 72
            if self._timeline.synthetic:
                mark = "SYNTHETIC model"
                figure.text(0.01, 0.95, mark, color=ALARM, va="top", fontsize=points, weight="bold")
            figure.text(0.01, 0.08, text, color=INK, va="bottom", fontsize=points, parse_math=False)
            canvas.draw()
            rgba = np.asarray(canvas.buffer_rgba())
        band = cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGR)
        fitted = cv2.resize(band, (self._width, self.height), interpolation=cv2.INTER_AREA)
        return np.asarray(fitted, dtype=np.uint8)
