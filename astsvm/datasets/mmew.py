"""MMEW (Ben et al., IEEE TPAMI 2022, doi 10.1109/TPAMI.2021.3067464) as it is distributed.

::

    ROOT/MMEW_Micro_Exp.xlsx | MMEW_Micro_Exp_delete_others.csv
    ROOT/Micro_Expression/happiness/S01-01-001/15.jpg
    ROOT/Micro_Expression/S01/happiness/S01-01-001/15.jpg      as the owners describe it

90 frames per second. A clip's folder lies under its emotion and holds the clip alone, numbered
from 1 as in the sheet. ``S01-01-001`` is subject 1, emotion 1, sample 1. The clips labelled
``others`` lie in a folder ``others`` or ``repression``; other programs say that some of their rows
lack apex and offset. The layout of the frames and of the sheet with ``others`` is known from other
programs and from the owners' page; the sheet without them from a real file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from astsvm.datasets.annotation import Annotation, AnnotationList, read_annotations
from astsvm.datasets.archive import Archive, assemble, numbered_span
from astsvm.datasets.contract import AS_THEY_ARE, Dataset, LoadOptions, PublishedCounts
from astsvm.datasets.folder_tree import FolderTree, find_sheet, plain_name
from astsvm.datasets.frame_folder import FrameFolder, Span
from astsvm.datasets.sheet import SheetRow, read_sheet
from astsvm.errors import DatasetError

__all__ = ["load", "read_mmew_sheet"]

DATABASE = "mmew"
FPS = 90.0
SHEETS = ("MMEW_Micro_Exp.xls*", "MMEW_Micro_Exp*.xls*", "MMEW_Micro_Exp*.csv", "MMEW*Micro*.xls*")
REQUIRED = ("subject", "filename", "onset", "offset", "emotion")
EXAMPLE = "Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Action Units,Estimated Emotion,remarks"
SPELLINGS = {
    "onset": ("OnsetFrame",),
    "apex": ("ApexFrame",),
    "offset": ("OffsetFrame",),
    "action units": (),
    "emotion": ("Estimated Emotion",),
}
FRAMES = "Micro_Expression"

EMOTIONS = {
    "anger": 8,
    "disgust": 72,
    "fear": 16,
    "happiness": 36,
    "sadness": 13,
    "surprise": 89,
}
OTHERS = {"others": 66}
"""So many of the 300 clips that the owners' page speaks of are not in the six classes."""
SUBJECTS = 30
FOLDERS_OF_OTHERS = ("others", "repression")


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read an unpacked MMEW archive.

    Parameters
    ----------
    root : Path
        Folder with the sheet and the folder ``Micro_Expression``.
    options : LoadOptions
        Corrections; there are no variants.

    Returns
    -------
    Dataset
        Clips of the database ``mmew`` with subjects such as ``01``.

    Raises
    ------
    DatasetError
        If there is no sheet, it cannot be understood, or the folder of frames is not there.
    """
    listed = read_mmew_sheet(find_sheet(root, SHEETS, EXAMPLE))
    frames = FolderTree(root).find(FRAMES)
    if frames is None:
        raise DatasetError(
            f"{root}: expected a folder of frames called {FRAMES}, found none. "
            "Unpack the archive beside its sheet."
        )
    tree = FolderTree(frames)
    with_others = any(annotation.label in OTHERS for annotation in listed.annotations)
    labels = EMOTIONS | OTHERS if with_others else EMOTIONS
    archive = Archive(
        database=DATABASE,
        root=root,
        fps=FPS,
        folder_of=partial(_folder_of, tree),
        span_of=partial(_span_of, corrections=options.corrections),
        # A sheet without the others does not know their clips, which is no fault of the disk.
        clip_folders=partial(_clip_folders, tree, () if with_others else FOLDERS_OF_OTHERS),
        published=PublishedCounts(sum(labels.values()), SUBJECTS, labels),
    )
    return assemble(archive, listed)


def read_mmew_sheet(path: Path) -> AnnotationList:
    """Read the sheet alone; frame numbers are the sheet's own.

    Raises
    ------
    DatasetError
        If it cannot be understood.
    """
    sheet = read_sheet(path, REQUIRED, EXAMPLE, spellings=SPELLINGS)
    return read_annotations(DATABASE, sheet, _read_row, emotions=EMOTIONS | OTHERS)


def _read_row(row: SheetRow) -> Annotation:
    clip = row.required("filename")
    subject = row.required("subject").upper().removeprefix("S").zfill(2)
    if plain_name(clip.partition("-")[0]) != plain_name(f"s{subject}"):
        raise DatasetError(
            f"the clip {clip!r} names another subject than the column, which says {subject!r}. "
            "Correct the cell that is wrong."
        )
    units = row.note("action units")
    return Annotation(
        subject=subject,
        clip=clip,
        label=row.required("emotion").lower(),
        onset=row.frame_number("onset"),
        apex=row.frame_number("apex", unknown=("/",)),
        offset=row.frame_number("offset", unknown=("/",)),
        row=row.number,
        notes=(f"action units {units}",) if units else (),
    )


def _folder_of(tree: FolderTree, annotation: Annotation) -> Path | None:
    emotions = FOLDERS_OF_OTHERS if annotation.label in OTHERS else (annotation.label,)
    for emotion in emotions:
        for above in ((), (annotation.clip.partition("-")[0],)):
            folder = tree.find(*above, emotion, annotation.clip)
            if folder is not None:
                return folder
    return None


def _span_of(frames: FrameFolder, annotation: Annotation, *, corrections: bool) -> Span:
    """Find the span by the frames' numbers; without an offset it goes to the last frame."""
    if annotation.offset is not None or annotation.onset is None or not corrections:
        return numbered_span(frames, annotation, corrections=corrections)
    last = max(frames.positions)
    span = numbered_span(frames, replace(annotation, offset=last))
    remark = ("the offset is not annotated", f"the clip ends with the last frame there is, {last}")
    return replace(span, remarks=(remark, *span.remarks))


def _clip_folders(tree: FolderTree, left_out: tuple[str, ...]) -> Iterable[tuple[str, str, Path]]:
    """List the folders that are named like clips, at either depth."""
    for first in tree.children():
        for second in tree.inside(first):
            found = [(first, second)] if "-" in second.name else []
            if not found:
                found = [(second, clip) for clip in tree.inside(second)]
            for emotion, clip in found:
                if "-" in clip.name and emotion.name.casefold() not in left_out:
                    yield clip.name.partition("-")[0].lstrip("sS"), clip.name, clip
