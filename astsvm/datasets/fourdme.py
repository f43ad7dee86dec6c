"""4DME (Li et al., IEEE TAFFC 2022, doi 10.1109/TAFFC.2022.3182342), as other programs describe it.

::

    ROOT/4DME_Labelling_Micro_release v1.xlsx
    ROOT/gray_micro_crop/SUBJECT/CLIP/*.jpg
    ROOT/gray_micro/SUBJECT/CLIP/*.jpg

No real file was at hand: the sheet's columns ``sub_ID, fold_name, Onset, Apex, Offset, AUs,
Emotion`` and the folders of the grey videos are known from other programs. 60 frames per second.
Frames are found by the last number in their names; a folder that holds exactly as many frames as
the clip is the clip. A clip with two emotions, such as ``Negative & Surprise``, is labelled
``negative+surprise``, in alphabetical order.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import combinations
from pathlib import Path

from astsvm.datasets.annotation import Annotation, AnnotationList, read_annotations
from astsvm.datasets.archive import Archive, assemble, numbered_span
from astsvm.datasets.contract import AS_THEY_ARE, HEARSAY, Dataset, LoadOptions
from astsvm.datasets.folder_tree import find_sheet
from astsvm.datasets.sheet import SheetRow, read_sheet
from astsvm.datasets.variant_folder import clip_folders, find_variant

__all__ = ["VARIANTS", "load", "read_fourdme_sheet"]

DATABASE = "fourdme"
FPS = 60.0
SHEETS = ("4DME*Micro*.xls*", "4DME*.xls*", "4DME*.csv")
REQUIRED = ("subject", "filename", "onset", "offset", "emotion")
EXAMPLE = "sub_ID,fold_name,Onset,Apex,Offset,AUs,Emotion"
SPELLINGS = {
    "subject": ("sub_ID",),
    "filename": ("fold_name",),
    "action units": ("AUs", "AU"),
}
FOLDERS = {"gray_micro_crop": ("gray_micro_crop",), "gray_micro": ("gray_micro",)}
VARIANTS = tuple(FOLDERS)
"""The first one whose folder is there is read."""
EMOTIONS = ("negative", "others", "positive", "repression", "surprise")

_BETWEEN_EMOTIONS = re.compile(r"\s*(?:[&+/,;]|\band\b)\s*")


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read an unpacked 4DME archive.

    Parameters
    ----------
    root : Path
        Folder with the sheet and at least one of the folders of frames.
    options : LoadOptions
        Variant and corrections.

    Returns
    -------
    Dataset
        Clips of the database ``fourdme``.

    Raises
    ------
    DatasetError
        If there is no sheet, it cannot be understood, or no folder of frames is there.
    """
    listed = read_fourdme_sheet(find_sheet(root, SHEETS, EXAMPLE))
    variant, tree = find_variant(root, options.variant, FOLDERS)
    archive = Archive(
        database=DATABASE,
        root=root,
        fps=FPS,
        folder_of=lambda annotation: tree.find(annotation.subject, annotation.clip),
        span_of=partial(numbered_span, corrections=options.corrections),
        clip_folders=partial(clip_folders, tree),
        variant=variant,
        hearsay=HEARSAY,
    )
    return assemble(archive, listed)


def read_fourdme_sheet(path: Path) -> AnnotationList:
    """Read the sheet alone; frame numbers are the sheet's own.

    Raises
    ------
    DatasetError
        If it cannot be understood.
    """
    sheet = read_sheet(path, REQUIRED, EXAMPLE, spellings=SPELLINGS)
    two = ("+".join(pair) for pair in combinations(EMOTIONS, 2))
    return read_annotations(DATABASE, sheet, _read_row, emotions=(*EMOTIONS, *two))


def _read_row(row: SheetRow) -> Annotation:
    units = row.note("action units")
    emotions = _BETWEEN_EMOTIONS.split(row.required("emotion").lower())
    return Annotation(
        subject=row.required("subject"),
        clip=row.required("filename"),
        label="+".join(sorted(set(emotions))),
        onset=row.frame_number("onset"),
        apex=row.frame_number("apex", unknown=("/",)),
        offset=row.frame_number("offset"),
        row=row.number,
        notes=(f"action units {units}",) if units else (),
    )
