"""CASME II (Yan et al., PLoS ONE 2014, doi 10.1371/journal.pone.0086041) as it is distributed.

::

    ROOT/CASME2-coding-20140508.xlsx | CASME2-coding-20190701.xlsx
    ROOT/Cropped/sub01/EP02_01f/reg_img46.jpg
    ROOT/CASME2_RAW_selected/sub01/EP02_01f/img46.jpg          640 x 480
    ROOT/CASME2-RAW/sub01/EP02_01f/img46.jpg

200 frames per second; the number in a frame's name is the number in the sheet. The later sheet adds
objective classes and calls three clips of subject 24 surprise instead of sadness; of both, it is
the one that is read.
"""

from __future__ import annotations

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
from astsvm.datasets.folder_tree import find_sheet
from astsvm.datasets.objective_class import roman_class
from astsvm.datasets.sheet import SheetRow, read_sheet
from astsvm.datasets.variant_folder import clip_folders, find_variant

__all__ = ["VARIANTS", "load", "read_casme2_sheet"]

DATABASE = "casme2"
FPS = 200.0
SHEETS = ("CASME2-coding*.xls*", "CASME2-coding*.csv")
REQUIRED = ("subject", "filename", "onset", "offset", "emotion")
EXAMPLE = (
    "Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Action Units,Estimated Emotion,"
    "Objective Classes"
)
SPELLINGS = {
    "onset": ("OnsetFrame",),
    "apex": ("ApexFrame",),
    "offset": ("OffsetFrame",),
    "action units": (),
    "emotion": ("Estimated Emotion",),
    "objective class": ("Objective Classes",),
}
VARIANTS = ("Cropped", "RAW_selected", "RAW")
FOLDERS = {
    "Cropped": ("Cropped", "CASME2_Cropped"),
    "RAW_selected": ("CASME2_RAW_selected", "RAW_selected"),
    "RAW": ("CASME2-RAW", "CASME2_RAW", "RAW"),
}
"""Names of the folder of each variant; the first variant that is there is read."""

EMOTIONS_2014 = {
    "others": 99,
    "disgust": 63,
    "happiness": 32,
    "repression": 27,
    "surprise": 25,
    "sadness": 7,
    "fear": 2,
}
EMOTIONS_2019 = EMOTIONS_2014 | {"surprise": 28, "sadness": 4}

KNOWN_ERRORS = (
    Correction("07/EP06_01", "offset", 68, 91, "the expression ends at frame 91"),
    Correction("16/EP01_08", "offset", 110, 110, "another list of the owners says 96"),
)


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read an unpacked CASME II archive.

    Parameters
    ----------
    root : Path
        Folder with the sheet and at least one of the folders of frames.
    options : LoadOptions
        Variant and corrections.

    Returns
    -------
    Dataset
        Clips of the database ``casme2`` with subjects such as ``01``.

    Raises
    ------
    DatasetError
        If there is no sheet, it cannot be understood, or no folder of frames is there.
    """
    listed = read_casme2_sheet(find_sheet(root, SHEETS, EXAMPLE), corrections=options.corrections)
    variant, tree = find_variant(root, options.variant, FOLDERS)
    published = _published(listed)
    return assemble(
        Archive(
            database=DATABASE,
            root=root,
            fps=FPS,
            folder_of=lambda annotation: tree.find(f"sub{annotation.subject}", annotation.clip),
            span_of=partial(numbered_span, corrections=options.corrections),
            clip_folders=partial(clip_folders, tree, "sub"),
            published=published,
            variant=variant,
        ),
        listed,
    )


def read_casme2_sheet(path: Path, *, corrections: bool = True) -> AnnotationList:
    """Read the sheet alone; frame numbers are the sheet's own.

    Raises
    ------
    DatasetError
        If it cannot be understood.
    """
    sheet = read_sheet(path, REQUIRED, EXAMPLE, spellings=SPELLINGS)
    return read_annotations(
        DATABASE,
        sheet,
        _read_row,
        emotions=EMOTIONS_2014,
        known_errors=KNOWN_ERRORS if corrections else (),
    )


def _read_row(row: SheetRow) -> Annotation:
    units = row.note("action units")
    return Annotation(
        subject=row.required("subject").lstrip("0").zfill(2),
        clip=row.required("filename"),
        label=row.required("emotion").lower(),
        onset=row.frame_number("onset"),
        apex=row.frame_number("apex", unknown=("/",)),
        offset=row.frame_number("offset"),
        row=row.number,
        objective_class=roman_class(row.text("objective class")),
        notes=(f"action units {units}",) if units else (),
    )


def _published(listed: AnnotationList) -> PublishedCounts:
    later = any(annotation.objective_class for annotation in listed.annotations)
    labels = EMOTIONS_2019 if later else EMOTIONS_2014
    return PublishedCounts(clips=sum(labels.values()), subjects=26, labels=labels)
