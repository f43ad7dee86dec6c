"""What a model says of a long video: a timeline of candidates, each with its recognition.

The video is searched first (:mod:`astsvm.spotting`), from its beginning to its end and one frame at
a time. Then it is gone through once more, and the model is asked about the frames of each
candidate, from onset to offset, as it is asked about any clip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.config import PreprocessingSettings
from astsvm.errors import FaceNotFoundError, InvalidInputError
from astsvm.recognizer.input_frames import checked_fps, grey_frames
from astsvm.recognizer.recognition import Recognition
from astsvm.recognizer.seen_clip import SeenClip, see_frames
from astsvm.spotting import (
    RELIABILITY,
    RELIABILITY_OF_VIDEO,
    Candidate,
    Spotting,
    SpottingSettings,
    spot,
)

__all__ = [
    "TimedExpression",
    "Timeline",
    "search_settings",
    "search_video",
    "timeline_notices",
]

Frames = Iterable[npt.NDArray[Any]]
Recognise = Callable[[SeenClip], Recognition]
Source = str | Path | npt.ArrayLike


@dataclass(frozen=True, eq=False)
class TimedExpression:
    """A candidate and what the model says of it.

    Parameters
    ----------
    candidate : Candidate
    recognition : Recognition or None
        None where the candidate's first frame shows no face.
    """

    candidate: Candidate
    recognition: Recognition | None


@dataclass(frozen=True, eq=False)
class Timeline:
    """What a model says of a long video.

    Parameters
    ----------
    expressions : tuple of TimedExpression
        In the order of time; no two overlap.
    spotting : Spotting
        The whole search: signal, thresholds, blinks.
    class_names : tuple of str
        All classes of the model.
    synthetic : bool
        Whether the model was trained on drawn faces.
    notices : tuple of str
        What must not be overlooked, in whole sentences; how reliable the search is, always.
    """

    expressions: tuple[TimedExpression, ...]
    spotting: Spotting
    class_names: tuple[str, ...]
    synthetic: bool
    notices: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what was said, without the signal, as JSON values.

        Each clip is a :meth:`Recognition.as_dict` (null values where there was no face) with
        ``apex``, ``region``, ``motion``, ``strength`` and ``cut`` of the candidate.
        """
        found = self.spotting
        return {
            "frames": found.length,
            "fps": found.fps,
            "synthetic": self.synthetic,
            "notices": list(self.notices),
            "thresholds": [float(f"{value:.6g}") for value in found.thresholds],
            "blinks": [[blink.onset, blink.apex, blink.offset] for blink in found.blinks],
            "clips": [self._clip(timed) for timed in self.expressions],
        }

    def _clip(self, timed: TimedExpression) -> dict[str, Any]:
        candidate, said = timed.candidate, timed.recognition
        nothing = dict.fromkeys(("label", "most_probable", "scores", "probabilities", "softmax"))
        told = nothing if said is None else said.as_dict()
        return {
            **told,
            "onset": candidate.onset,
            "apex": candidate.apex,
            "offset": candidate.offset,
            "fps": self.spotting.fps,
            "region": candidate.region,
            "motion": float(f"{candidate.motion:.6g}"),
            "strength": float(f"{candidate.strength:.6g}"),
            "cut": list(candidate.cut),
        }


def search_settings(settings: PreprocessingSettings, **changes: Any) -> SpottingSettings:
    """Return settings of a search that finds faces as a model's preprocessing does.

    Raises
    ------
    SettingsError
        If a change names no setting or is out of range.
    """
    whole = settings.alignment == "none"
    return SpottingSettings(
        alignment="none" if whole else "similarity",
        landmark_model=settings.landmark_model,
        **changes,
    )


def search_video(
    source: Source,
    fps: float | None,
    settings: SpottingSettings,
    preprocessing: PreprocessingSettings,
    recognise: Recognise,
    *,
    landmarks: npt.ArrayLike | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[Spotting, tuple[TimedExpression, ...]]:
    """Search a video, and ask about what was found; see :meth:`Recognizer.predict_timeline`."""
    name = str(source) if isinstance(source, str | Path) else "frames"
    frames, stated = _opened(source)
    rate = checked_fps(stated if fps is None else fps)
    if rate is None:
        raise InvalidInputError(
            f"{name}: the frame rate is unknown, and the length of a window depends on it. Give "
            "the frames per second (fps; on the command line --fps)."
        )
    found = spot(frames, rate, settings, landmarks=landmarks, progress=progress)
    timed = []
    again = _intervals(_opened(source)[0], found.candidates) if found.candidates else iter(())
    for candidate, own in zip(found.candidates, again, strict=True):
        try:
            seen = see_frames(own, rate, preprocessing, landmarks, name)
        except FaceNotFoundError:
            timed.append(TimedExpression(candidate, None))
            continue
        placed = replace(seen, onset=candidate.onset, offset=candidate.offset)
        timed.append(TimedExpression(candidate, recognise(placed)))
    return found, tuple(timed)


def timeline_notices(
    source: Source, found: Spotting, timed: Sequence[TimedExpression], always: Sequence[str]
) -> tuple[str, ...]:
    """Return what must not be overlooked about a timeline."""
    is_video = isinstance(source, str | Path) and Path(source).is_file()
    notices = [*always, RELIABILITY_OF_VIDEO if is_video else RELIABILITY]
    unseen = int(np.count_nonzero(~found.seen))
    if unseen:
        notices.append(
            f"No face was found for {unseen / len(found.seen):.0%} of the video; nothing was "
            "searched there."
        )
    faceless = sum(one.recognition is None for one in timed)
    if faceless:
        notices.append(f"The face was not found in the first frame of {faceless} candidate(s).")
    cut = sum(bool(one.candidate.cut) for one in timed)
    if cut:
        notices.append(
            f"{cut} candidate(s) did not come to rest at one end, told as cut: the movement begins "
            "before the onset that is given, or ends after the offset."
        )
    return tuple(notices)


def _opened(source: Source) -> tuple[Frames, float | None]:
    if isinstance(source, str | Path):
        from astsvm.preprocessing import iter_frames

        stream = iter_frames(Path(source), most=None)
        return stream, stream.fps
    return grey_frames(source), None


def _intervals(frames: Frames, candidates: Sequence[Candidate]) -> Iterator[list[npt.NDArray[Any]]]:
    """Yield the frames of each candidate, going through the video once."""
    ahead = iter(enumerate(frames))
    for candidate in candidates:
        own = []
        for index, frame in ahead:
            if index >= candidate.onset:
                own.append(frame)
            if index == candidate.offset:
                break
        yield own
