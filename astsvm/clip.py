"""The record that travels from the annotation sheet to the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from astsvm.errors import DatasetError

__all__ = ["OBJECTIVE_CLASSES", "Clip"]

OBJECTIVE_CLASSES = ("I", "II", "III", "IV", "V", "VI", "VII")
"""Classes of action units instead of emotions (Davison et al. 2018)."""

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Clip:
    """One annotated clip, before any frame is decoded.

    Frame numbers are the 0-based positions within `source` (a video's frames in order, or a
    folder's frames sorted naturally by name), both ends included. Loaders translate a database's
    own numbering.

    Parameters
    ----------
    database : str
        Name of the database, for example ``"casme2"`` or ``"folder"``.
    subject : str
        Subject as the database names it. Subjects are told apart by :attr:`subject_key`.
    clip : str
        Clip id, unique within the subject.
    label : str
        Emotion or class as labelled; protocols map it to a class.
    source : Path
        A video file, an image file, or a folder of frames.
    onset, apex, offset : int or None
        0-based frame positions; None where not annotated. A missing onset means the first frame
        and a missing offset the last one.
    fps : float or None
        Frames per second; None when the source has to tell.
    row : int or None
        1-based row of the sheet this clip came from (the header is row 1), for messages.
    objective_class : str
        Class by the action units alone, ``"I"`` to ``"VII"`` (Davison et al. 2018); empty where
        the database does not tell.
    notes : tuple of str
        What the loader corrected or assumed, for people to read.

    Raises
    ------
    DatasetError
        If a name is empty, longer than 200 characters, or holds a path separator or control
        character, if frame numbers are
        negative or out of order, if `fps` is not a positive finite number, or if the objective
        class is none.
    """

    database: str
    subject: str
    clip: str
    label: str
    source: Path
    onset: int | None = None
    apex: int | None = None
    offset: int | None = None
    fps: float | None = None
    row: int | None = None
    objective_class: str = ""
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for name in ("database", "subject", "clip", "label"):
            _check_name(name, getattr(self, name), self.row)
        self._check_frame_numbers()
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise DatasetError(
                f"{self.place}: fps must be a positive number, received {self.fps!r}. "
                "Correct the sheet, or leave the cell empty to read it from the video."
            )
        if self.objective_class not in ("", *OBJECTIVE_CLASSES):
            raise DatasetError(
                f"{self.place}: the objective class must be I to VII or empty, received "
                f"{str(self.objective_class)[:60]!r}. Correct the sheet."
            )

    def _check_frame_numbers(self) -> None:
        for name in ("onset", "apex", "offset"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise DatasetError(
                    f"{self.place}: {name} must be 0 or more, received {value}. Correct the sheet."
                )
        if self.onset is not None and self.offset is not None and self.offset < self.onset:
            raise DatasetError(
                f"{self.place}: offset {self.offset} lies before onset {self.onset}; "
                "expected onset <= offset. Correct the sheet."
            )

    @property
    def subject_key(self) -> str:
        """``database/subject``: the unit that leave-one-subject-out leaves out."""
        return f"{self.database}/{self.subject}"

    @property
    def key(self) -> str:
        """``database/subject/clip``: unique across databases; predictions are joined by it."""
        return f"{self.database}/{self.subject}/{self.clip}"

    @property
    def place(self) -> str:
        """Where the clip stands, for error messages: its key and its row in the sheet."""
        return f"clip {self.key}" + (f" (row {self.row})" if self.row is not None else "")


def _check_name(name: str, value: str, row: int | None) -> None:
    where = f" in row {row}" if row is not None else ""
    if not isinstance(value, str) or not value.strip():
        raise DatasetError(f"{name}{where} must be a non-empty text, received {value!r}.")
    if len(value) > _LONGEST_NAME:
        raise DatasetError(
            f"{name}{where} must have at most {_LONGEST_NAME} characters, received {len(value)}: "
            f"{value[:40]!r}... Shorten it in the sheet."
        )
    separators = "" if name == "label" else "/\\"
    if value in {".", ".."} or any(c in separators or not c.isprintable() for c in value):
        raise DatasetError(
            f"{name}{where} must not hold path separators or control characters, "
            f"received {value!r}. Rename it in the sheet."
        )
