"""The desk: takes the fields of the page, asks the model, and hands back HTML."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from astsvm.app.answer_page import answer_html, refusal_html
from astsvm.app.answering import (
    Answered,
    Progress,
    Question,
    UnusableClipError,
    answer_clip,
    answer_example,
)
from astsvm.app.examples import EXAMPLES, draw_example
from astsvm.errors import AstsvmError, FaceNotFoundError, InvalidInputError

if TYPE_CHECKING:
    from astsvm.app.intake import Intake
    from astsvm.recognizer import Recognizer

__all__ = ["Desk"]

_LONGEST_REASON = 400
_NO_FACE = (
    "The model needs one face, from the front, upright, well lit and not covered, from the first "
    "frame on. Cut the clip to where it is seen so, or film it anew."
)


@dataclass(frozen=True)
class Desk:
    """Answers one question at a time.

    Parameters
    ----------
    recognizer : Recognizer
    model_name : str
        What the model's file is called.
    intake : Intake
        Where the clips lie; its limits hold here too.
    ending : threading.Event
        Set when the app ends: a long search is then given up.
    """

    recognizer: Recognizer
    model_name: str
    intake: Intake = field(repr=False)
    ending: threading.Event = field(default_factory=threading.Event, repr=False)

    def answer_sent(
        self,
        ticket: Any,
        problem: Any,
        fields: tuple[Any, Any, Any, Any],
        progress: Progress | None = None,
    ) -> str:
        """Answer a question about a clip that was sent, and delete the clip.

        Parameters
        ----------
        ticket : str
            Of the clip; anything else is told to be none.
        problem : str
            Why the page got no ticket; empty where it has one.
        fields : tuple
            Onset, offset, frames per second, and whether the clip is one expression.
        progress : callable, optional

        Returns
        -------
        str
            HTML, of a refusal too.
        """
        if problem:
            return refusal_html("This clip was not sent", str(problem)[:_LONGEST_REASON])
        try:
            with self.intake.taken(str(ticket)) as clip:
                answered = answer_clip(
                    self.recognizer,
                    clip.path,
                    clip.name,
                    Question.of_fields(*fields),
                    self.intake.limits,
                    self._watched(progress),
                )
            return self._shown(answered)
        except AstsvmError as error:
            return self._refused(error)

    def answer_example(self, name: Any, progress: Progress | None = None) -> str:
        """Draw an example and answer what it shows, as HTML."""
        try:
            if name not in EXAMPLES:
                raise InvalidInputError(f"there is no example {str(name)[:80]!r}. Choose one.")
            return self._shown(
                answer_example(self.recognizer, draw_example(name), self._watched(progress))
            )
        except AstsvmError as error:
            return self._refused(error)

    def _watched(self, progress: Progress | None) -> Progress:
        def step(done: int, count: int) -> None:
            if self.ending.is_set():
                raise InvalidInputError("the app has ended before the answer was there.")
            if progress is not None:
                progress(done, count)

        return step

    def _shown(self, answered: Answered) -> str:
        return answer_html(answered, self.recognizer.settings.preprocessing)

    def _refused(self, error: AstsvmError) -> str:
        cause = error.__cause__ if isinstance(error, UnusableClipError) else error
        if isinstance(cause, FaceNotFoundError):
            return refusal_html("No face was found", _NO_FACE)
        return refusal_html("There is no answer for this clip", str(error))
