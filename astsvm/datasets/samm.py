"""SAMM (Davison et al., IEEE Trans. Affective Computing 2018, doi 10.1109/TAFFC.2016.2573832).

::

    ROOT/SAMM_Micro_FACS_Codes_v2.xlsx          worksheet MICRO_ONLY, a preamble above the header
    ROOT/SAMM/006/006_1_2/006_05562.jpg         960 x 650, grey

200 frames per second; the number in a frame's name is the number in the sheet. The subjects may
also lie directly below ROOT, or below ``SAMM/SAMM``. Copies of the sheet in which somebody mended
two apexes circulate; the published one is preferred, and an edited one is told by those cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from astsvm.datasets.annotation import (
    Annotation,
    AnnotationList,
    Correction,
    read_annotations,
)
from astsvm.datasets.archive import Archive, assemble, numbered_span
from astsvm.datasets.contract import AS_THEY_ARE, Dataset, LoadOptions, PublishedCounts
from astsvm.datasets.folder_tree import FolderTree, find_sheet
from astsvm.datasets.objective_class import roman_class
from astsvm.datasets.sheet import SheetRow, read_sheet
from astsvm.errors import DatasetError

__all__ = ["load", "read_samm_sheet"]

DATABASE = "samm"
FPS = 200.0
SHEETS = (
    "SAMM_Micro_FACS_Codes_v2.xls*",
    "SAMM_Micro_FACS_Codes_v2.csv",
    "SAMM*Micro*FACS*Codes*.xls*",
    "SAMM*Micro*FACS*Codes*.csv",
)
WORKSHEET = "MICRO_ONLY"
REQUIRED = ("subject", "clip", "onset", "apex", "offset", "emotion")
EXAMPLE = (
    "Subject,Filename,Onset Frame,Apex Frame,Offset Frame,Action Units,Estimated Emotion,"
    "Objective Classes,Notes"
)
SPELLINGS = {
    "clip": ("Filename",),
    "onset": ("Onset Frame",),
    "apex": ("Apex Frame",),
    "offset": ("Offset Frame",),
    "action units": (),
    "emotion": ("Estimated Emotion",),
    "objective class": ("Objective Classes",),
    "notes": (),
}
EMOTIONS = {
    "anger": 57,
    "other": 26,
    "happiness": 26,
    "surprise": 15,
    "contempt": 12,
    "disgust": 9,
    "fear": 8,
    "sadness": 6,
}
PUBLISHED = PublishedCounts(clips=sum(EMOTIONS.values()), subjects=29, labels=EMOTIONS)

KNOWN_ERRORS = (
    # Before the correction, so that it speaks of copies in which somebody else made it.
    Correction("032/032_3_1", "apex", 4930, 4930, "the published sheet says 1930"),
    Correction("032/032_3_1", "apex", 1930, 4930, "onset and offset are 4896 and 4970"),
    Correction("032/032_3_2", "apex", 5127, 5127, "it is the frame after the onset"),
    Correction("028/028_4_1", "apex", 1113, 1113, "the published sheet says 1143, after the end"),
)
"""The published apex of 028_4_1, 1143, lies beyond the offset 1134; like any such apex it is
dropped, since nobody knows which of the two is wrong."""

_NAME = re.compile(r"0*([0-9]{1,3})_([0-9]{1,3})_([0-9]{1,3})", re.ASCII)


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read an unpacked SAMM archive.

    Parameters
    ----------
    root : Path
        Folder with the sheet and the folder of frames.
    options : LoadOptions
        Corrections.

    Returns
    -------
    Dataset
        Clips of the database ``samm`` with subjects such as ``006``.

    Raises
    ------
    DatasetError
        If there is no sheet, it cannot be understood, or no folder of frames is there.
    """
    listed = read_samm_sheet(find_sheet(root, SHEETS, EXAMPLE), corrections=options.corrections)
    tree = FolderTree(_frames_root(root))
    return assemble(
        Archive(
            database=DATABASE,
            root=root,
            fps=FPS,
            folder_of=lambda annotation: tree.find(annotation.subject, annotation.clip),
            span_of=partial(numbered_span, corrections=options.corrections),
            clip_folders=lambda: _clip_folders(tree),
            published=PUBLISHED,
        ),
        listed,
    )


def read_samm_sheet(path: Path, *, corrections: bool = True) -> AnnotationList:
    """Read the sheet alone; frame numbers are the sheet's own.

    Raises
    ------
    DatasetError
        If it cannot be understood.
    """
    sheet = read_sheet(path, REQUIRED, EXAMPLE, spellings=SPELLINGS, worksheet=WORKSHEET)
    return read_annotations(
        DATABASE,
        sheet,
        _read_row,
        emotions=EMOTIONS,
        known_errors=KNOWN_ERRORS if corrections else (),
    )


def _read_row(row: SheetRow) -> Annotation:
    name = row.required("clip")
    match = _NAME.fullmatch(name)
    if match is None:
        raise DatasetError(
            f"expected the name of a clip such as 006_1_2, received {name[:60]!r}. "
            "Correct the cell."
        )
    subject = row.required("subject").zfill(3)
    if subject != match[1].zfill(3):
        raise DatasetError(
            f"the subject is {subject[:60]!r}, but the clip is called {name}. "
            "Correct the one or the other."
        )
    units, notes = row.note("action units"), row.note("notes")
    return Annotation(
        subject=subject,
        clip=f"{subject}_{match[2]}_{match[3]}",
        label=row.required("emotion").lower(),
        onset=row.frame_number("onset"),
        apex=row.frame_number("apex", unknown=("/",)),
        offset=row.frame_number("offset"),
        row=row.number,
        objective_class=roman_class(row.text("objective class")),
        notes=(*((f"action units {units}",) if units else ()), *((notes,) if notes else ())),
    )


def _frames_root(root: Path) -> Path:
    """Find the folder whose children are the subjects."""
    tree = FolderTree(root)
    for names in (("SAMM", "SAMM"), ("SAMM",), ()):
        folder = tree.find(*names)
        if folder is not None and any(_is_subject(child) for child in tree.children(*names)):
            return folder
    raise DatasetError(
        f"{root}: expected a folder of frames called SAMM with subjects such as 006, found none. "
        "Unpack the archive beside its sheet."
    )


def _is_subject(folder: Path) -> bool:
    return folder.name.isascii() and folder.name.isdigit() and len(folder.name) <= 3


def _clip_folders(tree: FolderTree) -> Iterable[tuple[str, str, Path]]:
    for subject in tree.children():
        if _is_subject(subject):
            for clip in tree.inside(subject):
                yield subject.name.zfill(3), clip.name, clip
