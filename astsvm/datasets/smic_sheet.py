"""The annotation sheet of SMIC and the names of its clips; the loader is in ``smic``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from astsvm.datasets.annotation import Annotation, AnnotationList, read_annotations
from astsvm.datasets.contract import Problem
from astsvm.datasets.sheet import Sheet, SheetRow, read_sheet
from astsvm.errors import DatasetError

__all__ = ["DATABASE", "EXAMPLE", "ClipName", "read_smic_sheet", "sheet_names"]

DATABASE = "smic"
LABELS = {"ne": "negative", "po": "positive", "sur": "surprise"}
"""What the letters in a clip's name say."""

WORKSHEETS = {"HS": ("HS",), "VIS": ("VIS",), "NIR": ("NIR", "VIS")}
REQUIRED = ("subject", "clip", "onset", "offset", "emotion")
EXAMPLE = "Subject,Filename,OnsetF,OffsetF,Onset2F,Offset2F,FirstF,LastF,TotalMF1,Emotion"
SPELLINGS = {
    "clip": ("Filename",),
    "onset": ("OnsetF", "OnsetF NIR"),
    "offset": ("OffsetF", "OffsetF NIR"),
    "second onset": ("Onset2F",),
    "second offset": ("Offset2F",),
    "first": ("FirstF",),
    "last": ("LastF",),
    "frames": ("TotalMF1",),
}

_NAME = re.compile(r"s0*([0-9]{1,3})_(ne|po|sur)_0*([0-9]{1,3})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class ClipName:
    """What a clip's name tells, such as ``s1_ne_01`` or ``s01_ne_01``.

    Parameters
    ----------
    subject : str
        For example ``"s01"``.
    clip : str
        For example ``"s01_ne_01"``.
    label : str
        For example ``"negative"``.
    """

    subject: str
    clip: str
    label: str

    @classmethod
    def find(cls, text: str) -> ClipName | None:
        """Take a name apart; None if it is not the name of a clip."""
        match = _NAME.fullmatch(text)
        if match is None:
            return None
        subject, letters, number = f"s{int(match[1]):02d}", match[2].lower(), int(match[3])
        return cls(subject, f"{subject}_{letters}_{number:02d}", LABELS[letters])

    @classmethod
    def read(cls, text: str) -> ClipName:
        """Take a name apart; anything but the name of a clip is a DatasetError."""
        name = cls.find(text)
        if name is None:
            raise DatasetError(
                f"expected the name of a clip such as s01_ne_01, s01_po_01 or s01_sur_01, received "
                f"{text[:60]!r}. Correct the cell."
            )
        return name


def sheet_names(camera: str) -> tuple[str, ...]:
    """Return the patterns of the sheet's name: the published one first, then edited copies."""
    own = f"SMIC-{camera}-E_annotation"
    names = (f"{own}.xls*", f"{own}.csv", f"{own}*.xls*", f"{own}*.csv")
    # The workbook of HS holds a worksheet of VIS; a text file holds one table only.
    return names if camera == "HS" else (*names, *sheet_names("HS")[::2])


def read_smic_sheet(path: Path, camera: str = "HS", *, corrections: bool = True) -> AnnotationList:
    """Read the sheet alone; frame numbers are the sheet's own.

    Parameters
    ----------
    path : Path
        The sheet.
    camera : str
        ``"HS"``, ``"VIS"`` or ``"NIR"``.
    corrections : bool
        Whether the label in a clip's name takes the place of another one in the sheet.

    Raises
    ------
    DatasetError
        If it cannot be understood, or speaks of another camera.
    """
    sheet = _worksheet_of(path, camera)
    listed = read_annotations(DATABASE, sheet, _read_row, emotions=LABELS.values())
    listed = replace(listed, problems=tuple(map(_with_usual_name, listed.problems)))
    by_row = {annotation.row: annotation for annotation in listed.annotations}
    doubts = [
        Problem(path, row.number, f"{DATABASE}/{by_row[row.number].name}", found, "kept as it is")
        for row in sheet.rows
        if row.number in by_row
        for found in _doubts(row, by_row[row.number])
    ]
    if camera == "NIR" and sheet.worksheet.casefold() == "vis":
        doubts += _numbers_of_vis(path, listed.annotations)
    listed = replace(listed, corrections=(*listed.corrections, *doubts))
    return _labelled_by_name(listed, corrections)


def _worksheet_of(path: Path, camera: str) -> Sheet:
    names = WORKSHEETS[camera]
    sheet = read_sheet(path, REQUIRED, EXAMPLE, spellings=SPELLINGS, worksheet=names)
    # A worksheet of another name is that of the camera, if it is not called after another one.
    if sheet.worksheet.upper() in names or sheet.worksheet.upper() not in WORKSHEETS:
        return sheet
    raise DatasetError(
        f"{path}: expected a worksheet called {' or '.join(names)} with the clips of {camera}, "
        f"found only {sheet.worksheet}. Add the sheet of {camera}."
    )


def _read_row(row: SheetRow) -> Annotation:
    name = ClipName.read(row.required("clip"))
    subject = row.required("subject")
    if subject.casefold().lstrip("s").lstrip("0") != name.subject.lstrip("s").lstrip("0"):
        raise DatasetError(
            f"the subject is {subject[:60]!r}, but the clip is called {name.clip}. "
            "Correct the one or the other."
        )
    onset, offset = row.frame_number("onset"), row.frame_number("offset")
    frames = row.frame_number("frames")
    if offset is None and onset is not None and frames is not None:
        # The published cell is the formula onset + frames - 1; some programs keep no value of it.
        offset = onset + frames - 1
    second = (row.text("second onset"), row.text("second offset"))
    return Annotation(
        subject=name.subject,
        clip=name.clip,
        label=row.required("emotion").lower(),
        onset=onset,
        offset=offset,
        row=row.number,
        notes=("second movement from frame {} to {}".format(*second),) if all(second) else (),
    )


def _doubts(row: SheetRow, annotation: Annotation) -> list[str]:
    """Remark upon the long video around a clip; nothing but the sheet speaks of it."""
    try:
        first, last = row.frame_number("first"), row.frame_number("last")
    except DatasetError:
        return [f"the sheet says of the long video: first {row.text('first')}"]
    onset, offset = annotation.onset, annotation.offset
    if onset is None or offset is None or first is None:
        return []
    if onset < first or (last is not None and last < offset):
        end = "its end" if last is None else str(last)
        return [f"the long video from {first} to {end} does not hold the clip, {onset} to {offset}"]
    return []


def _numbers_of_vis(path: Path, annotations: Iterable[Annotation]) -> list[Problem]:
    return [
        Problem(
            path,
            annotation.row,
            f"{DATABASE}/{annotation.name}",
            "the frame numbers are those of VIS; whether NIR counts alike is not known",
            "taken for those of NIR",
        )
        for annotation in annotations
    ]


def _labelled_by_name(listed: AnnotationList, corrections: bool) -> AnnotationList:
    """Let the name of a clip win over the sheet's label."""
    annotations = []
    remarks = list(listed.corrections)
    for annotation in listed.annotations:
        label = ClipName.read(annotation.clip).label
        if label != annotation.label:
            remarks.append(
                Problem(
                    listed.sheet,
                    annotation.row,
                    f"{DATABASE}/{annotation.name}",
                    f"the sheet says {annotation.label}, the name of the clip {label}",
                    f"labelled {label if corrections else annotation.label}",
                )
            )
        annotations.append(replace(annotation, label=label) if corrections else annotation)
    return replace(listed, annotations=tuple(annotations), corrections=tuple(remarks))


def _with_usual_name(problem: Problem) -> Problem:
    """Name the clip of a faulty row as it would be called had the row no fault."""
    name = ClipName.find((problem.clip or "").rpartition("/")[2])
    if name is None:
        return problem
    return replace(problem, clip=f"{DATABASE}/{name.subject}/{name.clip}")
