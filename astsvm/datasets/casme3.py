"""CAS(ME)^3 (Li et al., IEEE TPAMI 2022, doi 10.1109/TPAMI.2022.3174895) as it is distributed.

::

    ROOT/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx     part A, micro-expressions and emotions
    ROOT/CAS(ME)3_part_A_v2.xls                        part A, macro-expressions too, no emotions
    ROOT/CAS(ME)3_part_C_ME.xlsx                       part C, no apex
    ROOT/part_A/spNO.1/b/color/175.jpg
    ROOT/part_C/1/a/color/373.jpg

30 frames per second; the number that is a frame's name is the number in the sheet. Only
micro-expressions are read. The sheets are known from real files, the folders of part C from other
programs only.

The frames are those of whole recordings, of which one may hold many expressions, so ``Filename``
names no clip. A clip of part A is called ``FILENAME_ONSET``, for example ``a_355``: no two
expressions of a recording begin at once, and unlike a count the onset does not depend on the
other rows. It is the onset that the sheet says, so the name is the same with corrections and
without. A clip of part C is called by the sheet's ``count`` of the subject's expressions. Labels
stay the owners' words, ``happy`` and ``sad``, in lower case.
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from astsvm.datasets.annotation import Annotation, AnnotationList, Correction, read_annotations
from astsvm.datasets.archive import Archive, assemble, numbered_span
from astsvm.datasets.contract import (
    AS_THEY_ARE,
    Dataset,
    LoadOptions,
    Problem,
    PublishedCounts,
)
from astsvm.datasets.expression_type import require_micro_expression, without_macro_expressions
from astsvm.datasets.folder_tree import FolderTree, find_sheet, plain_name
from astsvm.datasets.objective_class import roman_class
from astsvm.datasets.sheet import SheetRow, read_sheet
from astsvm.errors import DatasetError

__all__ = ["NOT_ANNOTATED", "VARIANTS", "load", "read_casme3_sheet"]

DATABASE = "casme3"
FPS = 30.0
VARIANTS = ("A", "C")
SHEETS = {
    "A": ("cas(me)3_part_A_ME_label*.xls*", "cas(me)3_part_A*.xls*", "cas(me)3_part_A*.csv"),
    "C": ("cas(me)3_part_C*.xls*", "cas(me)3_part_C*.csv"),
}
EXAMPLES = {
    "A": "Subject,Filename,Onset,Apex,Offset,AU,Objective class,emotion",
    "C": "sub,count,onset,offset,au,emotion",
}
REQUIRED = {
    "A": ("subject", "filename", "onset", "apex", "offset", "objective class"),
    "C": ("subject", "count", "onset", "offset", "emotion"),
}
WORKSHEETS = {"A": "label", "C": "mockCrimeME"}
SPELLINGS = {"subject": ("sub",), "action units": ("AU",), "expression type": ()}
FOLDERS = {
    "A": (
        ("part_A",),
        ("part_A", "part_A"),
        ("part_A_split", "part_A"),
        ("part_A", "data", "part_A_split", "part_A"),
        ("data", "part_A_split", "part_A"),
        (),
    ),
    "C": (("part_C",), ("part_C", "part_C"), ("RGB_Depth", "part_C", "part_C"), ()),
}
"""Ways from the root to the subjects' folders; the first one that holds a subject is gone."""

NOT_ANNOTATED = "not annotated"
"""Label of every clip where the sheet has no column of emotions."""
EMOTIONS = {
    "A": {
        "anger": 64,
        "disgust": 250,
        "fear": 86,
        "happy": 55,
        "others": 161,
        "sad": 57,
        "surprise": 187,
    },
    "C": {"negative": 99, "others": 20, "positive": 16, "surprise": 30},
}
SUBJECTS = {"A": 94, "C": 30}

_OTHER_SHEET = "CAS(ME)3_part_A_v2.xls says {}"
_MEB = "the program MEB (github.com/tvaranka/meb) reads {}"
KNOWN_ERRORS = (
    Correction("spNO.149/d_112", "apex", 83, 160, _OTHER_SHEET.format("160")),
    Correction("spNO.216/d_3647", "onset", 3647, 2647, _OTHER_SHEET.format("2647")),
    Correction("spNO.40/e_1812", "offset", 0, 1845, _OTHER_SHEET.format("1845")),
    Correction("spNO.40/e_2327", "offset", 0, 2403, _OTHER_SHEET.format("2403")),
    Correction("spNO.216/e_0", "onset", 0, 1, _MEB.format(1)),
    Correction("spNO.216/e_0", "apex", 0, 1, _MEB.format(1)),
    Correction(
        "spNO.214/c_5",
        "offset",
        3460,
        34,
        f"no micro-expression lasts two minutes; {_MEB.format(34)}",
    ),
)


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read part A or part C of an unpacked CAS(ME)^3 archive.

    Parameters
    ----------
    root : Path
        Folder with the sheet, and with the folder of the part's frames.
    options : LoadOptions
        Variant ``"A"`` or ``"C"``, and corrections.

    Returns
    -------
    Dataset
        Clips of the database ``casme3`` with subjects such as ``spNO.1`` (A) or ``1`` (C).

    Raises
    ------
    DatasetError
        If there is no sheet, it cannot be understood, or no folder of a subject is there.
    """
    path = _find_sheet(root, options.variant)
    part = _part_of(path)
    listed = read_casme3_sheet(path, corrections=options.corrections)
    tree = _subjects(root, part, listed)
    archive = Archive(
        database=DATABASE,
        root=root,
        fps=FPS,
        folder_of=partial(_recording_a if part == "A" else _recording_c, tree),
        span_of=partial(numbered_span, corrections=options.corrections),
        clip_folders=lambda: (),  # a recording without a micro-expression is nothing to report
        published=_published(part, listed),
        variant=part,
        hearsay="the folders are known from other programs" if part == "C" else "",
    )
    return assemble(archive, listed)


def read_casme3_sheet(path: Path, *, corrections: bool = True) -> AnnotationList:
    """Read the sheet of either part alone; frame numbers are the sheet's own.

    Raises
    ------
    DatasetError
        If it cannot be understood.
    """
    part = _part_of(path)
    sheet = read_sheet(
        path, REQUIRED[part], EXAMPLES[part], spellings=SPELLINGS, worksheet=WORKSHEETS[part]
    )
    has_emotions = "emotion" in sheet.columns
    listed = read_annotations(
        DATABASE,
        without_macro_expressions(sheet),
        partial(_read_row_a, has_emotions=has_emotions) if part == "A" else _read_row_c,
        emotions=EMOTIONS[part] if has_emotions else (NOT_ANNOTATED,),
        known_errors=KNOWN_ERRORS if corrections else (),
    )
    if has_emotions:
        return listed
    warning = Problem(
        path,
        None,
        None,
        "the sheet has no column 'emotion'. Put the sheet "
        "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx beside it",
        f"every clip is labelled {NOT_ANNOTATED!r}; objective classes are there",
    )
    return replace(listed, problems=(warning, *listed.problems))


def _read_row_a(row: SheetRow, has_emotions: bool) -> Annotation:
    require_micro_expression(row)
    onset, units = row.frame_number("onset"), row.note("action units")
    if onset is None:
        raise DatasetError("the cell in column 'onset' is empty. Fill it in.")
    return Annotation(
        subject=row.required("subject"),
        clip=f"{row.required('filename')}_{onset}",
        label=row.required("emotion").lower() if has_emotions else NOT_ANNOTATED,
        onset=onset,
        apex=row.frame_number("apex", unknown=("/",)),
        offset=row.frame_number("offset"),
        row=row.number,
        objective_class=roman_class(row.text("objective class")),
        notes=(f"action units {units}",) if units else (),
    )


def _read_row_c(row: SheetRow) -> Annotation:
    units = row.note("action units")
    return Annotation(
        subject=row.required("subject"),
        clip=row.required("count"),
        label=row.required("emotion").lower(),
        onset=row.frame_number("onset"),
        offset=row.frame_number("offset"),
        row=row.number,
        notes=(f"action units {units}",) if units else (),
    )


def _find_sheet(root: Path, wanted: str) -> Path:
    parts = (wanted,) if wanted else VARIANTS
    names = tuple(name for part in parts for name in SHEETS[part])
    return find_sheet(root, names, EXAMPLES[parts[0]])


def _part_of(path: Path) -> str:
    """Tell the part by the sheet's name; ``A`` if it tells nothing."""
    names = [name.casefold() for name in SHEETS["C"]]
    return "C" if any(fnmatchcase(path.name.casefold(), name) for name in names) else "A"


def _subjects(root: Path, part: str, listed: AnnotationList) -> FolderTree:
    """Find the folder of the subjects' folders."""
    start = FolderTree(root)
    subjects = {plain_name(annotation.subject) for annotation in listed.annotations}
    for names in FOLDERS[part]:
        folder = start.find(*names)
        tree = FolderTree(folder) if folder is not None else None
        if tree is not None and any(plain_name(c.name) in subjects for c in tree.children()):
            return tree
    raise DatasetError(
        f"{root / f'part_{part}'}: expected the subjects' folders, such as "
        f"{'spNO.1' if part == 'A' else '1'}, found none. Unpack the archive beside its sheet."
    )


def _recording_a(tree: FolderTree, annotation: Annotation) -> Path | None:
    recording = annotation.clip.rpartition("_")[0]
    return tree.find(annotation.subject, recording, "color")


def _recording_c(tree: FolderTree, annotation: Annotation) -> Path | None:
    """Find the one recording of the subject, or the frames cut out for one expression."""
    for recording in ("a", annotation.clip):
        folder = tree.find(annotation.subject, recording, "color")
        if folder is not None:
            return folder
    return tree.find(annotation.subject, "color")


def _published(part: str, listed: AnnotationList) -> PublishedCounts:
    labels = EMOTIONS[part]
    total = sum(labels.values())
    if any(annotation.label == NOT_ANNOTATED for annotation in listed.annotations):
        labels = {NOT_ANNOTATED: total}
    return PublishedCounts(clips=total, subjects=SUBJECTS[part], labels=labels)
