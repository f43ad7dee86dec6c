"""A question about a clip, and its answer with all that the page shows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from astsvm.app.limits import Limits, require_short
from astsvm.errors import AstsvmError, InvalidInputError
from astsvm.reporting.prediction_output import (
    Answer,
    TimelineAnswer,
    predictions_csv,
    predictions_json,
)

if TYPE_CHECKING:
    from astsvm.app.examples import Example
    from astsvm.recognizer import Recognition, Recognizer

__all__ = ["Answered", "Question", "Shown", "UnusableClipError", "answer_clip", "answer_example"]

MOST_SHOWN = 6
"""Candidates of a long video whose frames are shown, the strongest; the table has them all."""

Frame = npt.NDArray[Any]
Progress = Callable[[int, int], None]
"""Called with the number of frames searched and of all frames."""


class UnusableClipError(AstsvmError):
    """A clip that cannot be answered about; the message names it as its sender does."""


@dataclass(frozen=True)
class Question:
    """What is asked about a clip, as in `astsvm predict`.

    Parameters
    ----------
    onset, offset : int, optional
        0-based frames, both included, of the expression.
    fps : float, optional
        Frames per second; by default what the video states.
    whole : bool
        The whole clip is one expression; without it and without onset, the clip is searched.

    Raises
    ------
    InvalidInputError
        If one of onset and offset is missing, they are no such frames, or contradict `whole`.
    """

    onset: int | None = None
    offset: int | None = None
    fps: float | None = None
    whole: bool = False

    def __post_init__(self) -> None:
        onset, offset = self.onset, self.offset
        if (onset is None) != (offset is None):
            raise InvalidInputError("onset and offset: give both, or neither.")
        if onset is not None and offset is not None:
            if self.whole:
                raise InvalidInputError(
                    "give onset and offset, or take the whole clip as one expression, not both."
                )
            if onset < 0 or offset <= onset:
                raise InvalidInputError(
                    "onset and offset: expected frames counted from 0, offset after onset, "
                    f"received {onset} and {offset}."
                )

    @classmethod
    def of_fields(cls, onset: Any, offset: Any, fps: Any, whole: Any) -> Question:
        """Return the question of a page's fields: numbers as text, but they may hold anything.

        Raises
        ------
        InvalidInputError
            If a field holds no number of its kind.
        """
        return cls(_frame("onset", onset), _frame("offset", offset), _rate(fps), whole is True)


@dataclass(frozen=True, eq=False)
class Shown:
    """A recognition and the frame of the clip in which its face was found."""

    recognition: Recognition
    first_frame: Frame


@dataclass(frozen=True, eq=False)
class Answered:
    """An answer, and all that the page shows and offers of it.

    Parameters
    ----------
    answer : Answer or TimelineAnswer
        As in `astsvm predict`.
    shown : tuple of Shown
        The recognition; of a long video the strongest candidates with a face, in order of time.
    picture : bytes
        PNG; what ``--picture`` writes.
    table, record : str
        CSV and JSON; what ``--csv`` and ``--json`` write.
    planted : str
        Of an example the truth, in a sentence; otherwise empty.
    """

    answer: Answer | TimelineAnswer
    shown: tuple[Shown, ...]
    picture: bytes
    table: str
    record: str
    planted: str = ""


def answer_clip(
    recognizer: Recognizer,
    path: Path,
    name: str,
    question: Question,
    limits: Limits,
    progress: Progress | None = None,
) -> Answered:
    """Answer a question about a video.

    Parameters
    ----------
    recognizer : Recognizer
    path : Path
        Where it lies.
    name : str
        What its sender calls it, and the answer too.
    question : Question
    limits : Limits
    progress : callable, optional

    Raises
    ------
    UnusableClipError
        If it cannot be read, is too long, or shows no face.
    """
    from astsvm.preprocessing import iter_frames

    try:
        stream = iter_frames(path, most=None)
        fps = stream.fps if question.fps is None else question.fps
        count = require_short(stream, fps, limits)
        answer = _ask(recognizer, path, Path(name), question, _counted(progress, count))
        wanted = _worth_showing(answer)
        frames = iter_frames(path, most=None)
        return _complete(recognizer, answer, wanted, _frames_at(frames, wanted))
    except AstsvmError as error:
        # The sender has never heard of the place where we keep it.
        text = " ".join(str(error).split()).replace(str(path), name)
        raise UnusableClipError(text) from error


def answer_example(
    recognizer: Recognizer, example: Example, progress: Progress | None = None
) -> Answered:
    """Answer what a drawn clip shows.

    Raises
    ------
    UnusableClipError
        If the model takes no frames, or finds no face in them.
    """
    count = len(example.frames)
    question = Question(fps=example.fps, whole=not example.long)
    try:
        answer = _ask(
            recognizer, example.frames, Path(example.name), question, _counted(progress, count)
        )
    except AstsvmError as error:
        raise UnusableClipError(f"{example.name}: {error}") from error
    wanted = _worth_showing(answer)
    firsts = [example.frames[said.onset or 0] for said in wanted]
    return _complete(recognizer, answer, wanted, firsts, example.planted)


def _ask(
    recognizer: Recognizer,
    source: Path | npt.NDArray[np.uint8],
    name: Path,
    question: Question,
    progress: Callable[[int], None] | None,
) -> Answer | TimelineAnswer:
    """Ask as `astsvm predict` asks: what is shorter than a window counts as one expression."""
    from astsvm.spotting import ShortVideoError

    if question.onset is None and not question.whole:
        try:
            timeline = recognizer.predict_timeline(
                source, question.fps, maps=True, progress=progress
            )
            return TimelineAnswer(name, timeline)
        except ShortVideoError:
            pass  # The answer says that the whole input was taken as one expression.
    if isinstance(source, Path):
        said = recognizer.predict_source(source, question.onset, question.offset, fps=question.fps)
    else:
        said = recognizer.predict(source, question.fps)
    return Answer(name, said)


def _worth_showing(answer: Answer | TimelineAnswer) -> list[Recognition]:
    if isinstance(answer, Answer):
        return [answer.recognition]
    strongest = sorted(answer.timeline.expressions, key=lambda one: -one.candidate.strength)
    said = [one.recognition for one in strongest if one.recognition is not None][:MOST_SHOWN]
    return sorted(said, key=lambda recognition: recognition.onset or 0)


def _frames_at(frames: Any, wanted: Sequence[Recognition]) -> list[Frame]:
    """Return the first frame of each recognition, going through the video once."""
    firsts = [said.onset or 0 for said in wanted]
    if not firsts:
        return []
    among = itertools.islice(frames, max(firsts) + 1)
    found = {index: frame for index, frame in enumerate(among) if index in set(firsts)}
    return [found[index] for index in firsts]


def _complete(
    recognizer: Recognizer,
    answer: Answer | TimelineAnswer,
    wanted: Sequence[Recognition],
    firsts: Sequence[Frame],
    planted: str = "",
) -> Answered:
    from astsvm.reporting.recognition_picture import recognition_png
    from astsvm.reporting.timeline_picture import timeline_picture

    name = str(answer.source)
    if isinstance(answer, Answer):
        picture = recognition_png(answer.recognition, recognizer.settings.preprocessing, name)
    else:
        picture = timeline_picture(answer.timeline, name).png
    return Answered(
        answer=answer,
        shown=tuple(Shown(*pair) for pair in zip(wanted, firsts, strict=True)),
        picture=picture,
        table=predictions_csv([answer], recognizer.class_names),
        record=predictions_json([answer], [], recognizer.bundle.manifest) + "\n",
        planted=planted,
    )


def _counted(progress: Progress | None, count: int) -> Callable[[int], None] | None:
    return None if progress is None else lambda done: progress(done, count)


def _frame(name: str, value: Any) -> int | None:
    number = _number(value)
    # Not a number is no whole one either, nor is infinity.
    if number is not None and number % 1 != 0:
        raise InvalidInputError(f"{name}: expected a whole number, received {value!r:.40}.")
    return None if number is None else int(number)


def _rate(value: Any) -> float | None:
    number = _number(value)
    if number is not None and not 1 <= number <= 2000:
        raise InvalidInputError(
            f"frames per second: expected a number from 1 to 2000, received {value!r:.40}."
        )
    return number


def _number(value: Any) -> float | None:
    """Return what a field holds; one that was left empty holds nothing, other text no number."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return float(value) if isinstance(value, str | int) else math.nan
    except (ValueError, OverflowError):
        return math.nan
