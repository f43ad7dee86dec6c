"""CASME (Yan et al., FG 2013, doi 10.1109/FG.2013.6553799), as other programs describe it.

::

    ROOT/CASME*.xls*
    ROOT/Cropped/sub01/EP01_5/reg_EP01_5-3.jpg
    ROOT/CASME_raw_selected/sub01/EP01_5/EP01_5-3.jpg

No real file was at hand: the sheet's columns ``Subject, Filename, (blank), OnsetF, ApexF1,
ApexF2, OffsetF, (blank), AU, Emotion``, its 189 rows and the folders are known from other
programs. 60 frames per second; the last number in a frame's name is the number in the sheet, in
later clips with leading zeros. Those programs change onset, apex or offset of five rows that
disagree with the frames, but name them by row number only, so they are not corrected here: such a
clip is reported as missing its frames.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from astsvm.datasets.annotation import Annotation, AnnotationList, read_annotations
from astsvm.datasets.archive import Archive, assemble, numbered_span
from astsvm.datasets.contract import AS_THEY_ARE, HEARSAY, Dataset, LoadOptions
from astsvm.datasets.folder_tree import find_sheet
from astsvm.datasets.sheet import SheetRow, read_sheet
from astsvm.datasets.variant_folder import clip_folders, find_variant

__all__ = ["VARIANTS", "load", "read_casme_sheet"]

DATABASE = "casme"
FPS = 60.0
SHEETS = ("CASME*.xls*", "CASME*.csv")
REQUIRED = ("subject", "filename", "onset", "offset", "emotion")
EXAMPLE = "Subject,Filename,OnsetF,ApexF1,ApexF2,OffsetF,AU,Emotion"
SPELLINGS = {
    "onset": ("OnsetF",),
    "apex": ("ApexF1",),
    "offset": ("OffsetF",),
    "action units": ("AU", "AUs"),
}
FOLDERS = {
    "Cropped": ("Cropped", "CASME_Cropped"),
    "raw_selected": ("CASME_raw_selected", "raw_selected"),
}
VARIANTS = tuple(FOLDERS)
"""The first one whose folder is there is read."""
EMOTIONS = (
    "amusement",
    "anger",
    "contempt",
    "disgust",
    "fear",
    "happiness",
    "others",
    "repression",
    "sadness",
    "surprise",
    "tense",
)


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read an unpacked CASME archive.

    Parameters
    ----------
    root : Path
        Folder with the sheet and at least one of the folders of frames.
    options : LoadOptions
        Variant and corrections.

    Returns
    -------
    Dataset
        Clips of the database ``casme`` with subjects such as ``01``.

    Raises
    ------
    DatasetError
        If there is no sheet, it cannot be understood, or no folder of frames is there.
    """
    listed = read_casme_sheet(find_sheet(root, SHEETS, EXAMPLE))
    variant, tree = find_variant(root, options.variant, FOLDERS)
    archive = Archive(
        database=DATABASE,
        root=root,
        fps=FPS,
        folder_of=lambda annotation: tree.find(f"sub{annotation.subject}", annotation.clip),
        span_of=partial(numbered_span, corrections=options.corrections),
        clip_folders=partial(clip_folders, tree, "sub"),
        variant=variant,
        hearsay=HEARSAY,
    )
    return assemble(archive, listed)


def read_casme_sheet(path: Path) -> AnnotationList:
    """Read the sheet alone; frame numbers are the sheet's own.

    Raises
    ------
    DatasetError
        If it cannot be understood.
    """
    sheet = read_sheet(path, REQUIRED, EXAMPLE, spellings=SPELLINGS)
    return read_annotations(DATABASE, sheet, _read_row, emotions=EMOTIONS)


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
        notes=(f"action units {units}",) if units else (),
    )
