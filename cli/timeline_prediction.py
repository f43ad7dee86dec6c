"""The part of `astsvm predict` that searches long videos."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import numpy.typing as npt

from astsvm.reporting.prediction_output import TimelineAnswer

if TYPE_CHECKING:
    from astsvm import Recognizer

__all__ = ["Search", "draw_timeline_answer", "search_options", "search_source"]

_DEFAULT_SECONDS = 10.0
_UNEVEN = 2.0
"""A webcam whose longest gap is this many times the mean one has dropped frames."""


@dataclass(eq=False)
class Search:
    """How inputs are to be searched, and what is kept of a webcam for the overlay."""

    whole: bool
    stride: float | None
    window: float | None
    overlay: Path | None
    webcam: int | None
    seconds: float
    recorded: npt.NDArray[np.uint8] | None = field(default=None, repr=False)


def search_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a search; the command receives them as ``search``."""

    @click.option("--whole", is_flag=True, help="Take each input as one expression; no search.")
    @click.option(
        "--window",
        type=float,
        help="Seconds of the window that slides over the input; about the longest expression to "
        "be found.  [default: 0.5]",
    )
    @click.option(
        "--stride", type=float, help="Seconds from one window to the next.  [default: 0.02]"
    )
    @click.option(
        "--overlay",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the video, in grey, with label and score of each candidate to this MP4; for "
        "one input.",
    )
    @click.option(
        "--webcam",
        type=click.IntRange(0),
        help="Record from this device, 0 for the first, instead of INPUTS. Nothing is stored but "
        "what --overlay names.",
    )
    @click.option(
        "--seconds",
        type=click.FloatRange(0, 600, min_open=True),
        default=_DEFAULT_SECONDS,
        show_default=True,
        help="How long to record, with --webcam.",
    )
    @functools.wraps(command)
    def with_search(
        *arguments: Any,
        whole: bool,
        window: float | None,
        stride: float | None,
        overlay: Path | None,
        webcam: int | None,
        seconds: float,
        **options: Any,
    ) -> Any:
        search = Search(whole, stride, window, overlay, webcam, seconds)
        return command(*arguments, search=search, **options)

    return with_search


def search_source(
    recognizer: Recognizer,
    source: Path,
    search: Search,
    fps: float | None,
    landmarks: npt.ArrayLike | None,
    progress: Callable[[int], None] | None = None,
) -> TimelineAnswer | None:
    """Search one input; None if it is shorter than a window.

    `progress` is called with the number of frames searched.

    Raises
    ------
    AstsvmError
        As :meth:`Recognizer.predict_timeline`; a recording that is too short is an error too.
    """
    from dataclasses import replace

    from astsvm.recognizer.seen_clip import frame_settings
    from astsvm.recognizer.timeline import search_settings
    from astsvm.spotting import ShortVideoError

    times = {"window": search.window, "stride": search.stride}
    given = {name: value for name, value in times.items() if value is not None}
    settings = search_settings(frame_settings(recognizer.bundle), **given)
    notices: tuple[str, ...] = ()
    if search.webcam is not None:
        from astsvm.preprocessing.webcam import record_webcam

        recording = record_webcam(search.webcam, search.seconds)
        search.recorded, fps = recording.frames, fps or recording.fps
        if recording.unevenness > _UNEVEN:
            notices = (
                "The webcam's frames came unevenly, the longest gap being "
                f"{recording.unevenness:.1f} times the mean one: candidates may be gaps.",
            )
    try:
        timeline = recognizer.predict_timeline(
            source if search.recorded is None else search.recorded,
            fps,
            settings=settings,
            landmarks=landmarks,
            progress=progress,
        )
    except ShortVideoError:
        if search.recorded is not None or search.overlay is not None:
            raise
        return None
    return TimelineAnswer(source, replace(timeline, notices=(*timeline.notices, *notices)))


def draw_timeline_answer(answer: TimelineAnswer, picture: Path | None, search: Search) -> None:
    """Write the picture and the overlay, as far as they are asked for."""
    if picture is not None:
        from astsvm.reporting.timeline_picture import timeline_picture
        from astsvm.storage.atomic import write_bytes_atomically

        drawn = timeline_picture(answer.timeline, str(answer.source))
        write_bytes_atomically(picture, drawn.png)
    if search.overlay is not None:
        from astsvm.preprocessing import iter_frames
        from astsvm.reporting.overlay_video import write_overlay

        recorded = search.recorded
        frames = iter_frames(answer.source, most=None) if recorded is None else recorded
        write_overlay(frames, answer.timeline, search.overlay)
