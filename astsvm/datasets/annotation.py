"""What a sheet says of a clip, in the database's own terms, and known errors of published sheets.

A loader turns rows into annotations; known errors are corrected by clip id, never by row number,
each with its reason, and only where the sheet still says the wrong thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from astsvm.datasets.contract import Problem
from astsvm.datasets.sheet import Sheet, SheetRow, problem_of
from astsvm.errors import DatasetError

__all__ = ["Annotation", "AnnotationList", "Correction", "read_annotations"]

Field = Literal["label", "onset", "apex", "offset"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """One row, before its frames are looked for.

    Parameters
    ----------
    subject, clip : str
        As the database names them.
    label : str
        Emotion, in lower case.
    onset, apex, offset : int or None
        The database's own frame numbers, both ends included; None where not annotated.
    row : int or None
        1-based row of the sheet, as a spreadsheet program shows it.
    objective_class : str
        Objective class by action units, ``"I"`` to ``"VII"``; empty where the sheet has none.
    notes : tuple of str
        What else is worth keeping, for example the action units.
    """

    subject: str
    clip: str
    label: str
    onset: int | None = None
    apex: int | None = None
    offset: int | None = None
    row: int | None = None
    objective_class: str = ""
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``subject/clip``."""
        return f"{self.subject}/{self.clip}"


@dataclass(frozen=True, slots=True)
class Correction:
    """A known error of a published sheet.

    Parameters
    ----------
    clip : str
        ``subject/clip``.
    field : {"label", "onset", "apex", "offset"}
        What is wrong.
    wrong : str, int or None
        What the published sheet says; another value is left alone.
    right : str, int or None
        What takes its place; the same where nobody knows what is right.
    reason : str
        How one knows.
    """

    clip: str
    field: Field
    wrong: str | int | None
    right: str | int | None
    reason: str


@dataclass(frozen=True, slots=True)
class AnnotationList:
    """The annotations of a sheet.

    Parameters
    ----------
    sheet : Path
        The sheet.
    annotations : tuple of Annotation
        In the order of the rows.
    problems : tuple of Problem
        Rows that are left out.
    corrections : tuple of Problem
        Rows that are kept, but were changed or are doubtful.
    """

    sheet: Path
    annotations: tuple[Annotation, ...]
    problems: tuple[Problem, ...] = ()
    corrections: tuple[Problem, ...] = ()


def read_annotations(
    database: str,
    sheet: Sheet,
    read_row: Callable[[SheetRow], Annotation],
    *,
    emotions: Iterable[str],
    known_errors: Sequence[Correction] = (),
) -> AnnotationList:
    """Turn the rows of a sheet into annotations.

    Parameters
    ----------
    database : str
        Name of the database, for messages.
    sheet : Sheet
        The sheet.
    read_row : callable
        Reads one row; raises DatasetError if it cannot.
    emotions : iterable of str
        The labels that the database knows; a row with another one is left out, since a misspelt
        emotion would quietly become a class of its own.
    known_errors : sequence of Correction
        Errors to correct; none with corrections turned off.
    """
    emotions = frozenset(emotions)
    annotations: list[Annotation] = []
    problems: list[Problem] = []
    corrections: list[Problem] = []
    for row in sheet.rows:
        name: str | None = None
        try:
            annotation = read_row(row)
            name = f"{database}/{annotation.name}"
            annotation, remarks = _corrected(annotation, known_errors)
            _require_known(annotation, emotions)
            annotation, doubts = _without_impossible_apex(annotation, "apex" in sheet.columns)
        except DatasetError as error:
            problems.append(problem_of(sheet, row, name or _name_of(database, row), error))
            continue
        annotations.append(annotation)
        corrections += [
            Problem(sheet.path, row.number, name, found, action)
            for found, action in (*remarks, *doubts)
        ]
    return AnnotationList(sheet.path, tuple(annotations), tuple(problems), tuple(corrections))


def _corrected(
    annotation: Annotation, known_errors: Sequence[Correction]
) -> tuple[Annotation, list[tuple[str, str]]]:
    remarks: list[tuple[str, str]] = []
    for known in known_errors:
        if known.clip == annotation.name and getattr(annotation, known.field) == known.wrong:
            annotation = replace(annotation, **{known.field: known.right})  # type: ignore[arg-type]
            found = f"{known.field} {known.wrong} is a known error of the sheet: {known.reason}"
            action = "dropped" if known.right is None else f"read as {known.right}"
            if known.right == known.wrong:
                found = f"{known.field} {known.wrong} is doubtful: {known.reason}"
                action = "kept as it is"
            remarks.append((found, f"{known.field} {action}"))
    return annotation, remarks


def _require_known(annotation: Annotation, emotions: frozenset[str]) -> None:
    if annotation.label not in emotions:
        raise DatasetError(
            f"unknown emotion {annotation.label[:60]!r}; expected one of "
            f"{', '.join(sorted(emotions))}. Correct the sheet."
        )
    onset, offset = annotation.onset, annotation.offset
    for name in ("onset", "apex", "offset"):
        frame = getattr(annotation, name)
        if frame is not None and frame < 0:
            raise DatasetError(f"{name} must be 0 or more, received {frame}. Correct the sheet.")
    if onset is not None and offset is not None and offset < onset:
        raise DatasetError(
            f"offset {offset} lies before onset {onset}; expected onset <= offset. "
            "Correct the sheet."
        )


def _without_impossible_apex(
    annotation: Annotation, has_apexes: bool
) -> tuple[Annotation, list[tuple[str, str]]]:
    """Drop an apex outside the clip, and remark upon doubtful ones."""
    onset, apex, offset = annotation.onset, annotation.apex, annotation.offset
    if apex is None:
        found = [("the apex is not annotated", "kept without an apex")]
        return annotation, found if has_apexes else []
    if onset is None or offset is None:
        return annotation, []
    if not onset <= apex <= offset:
        found = [(f"apex {apex} lies outside onset {onset} to offset {offset}", "apex dropped")]
        return replace(annotation, apex=None), found
    return annotation, [
        (f"apex {apex} is also the {name}", "kept as it is")
        for name, frame in (("onset", onset), ("offset", offset))
        if frame == apex
    ]


def _name_of(database: str, row: SheetRow) -> str | None:
    """Return the key a faulty row would have, as far as its cells can be read."""
    try:
        subject, clip = row.text("subject"), row.text("clip") or row.text("filename")
    except DatasetError:
        return None
    if subject is None or clip is None:
        return clip
    return f"{database}/{subject}/{clip}"
