"""Your own clips: ``ROOT/clips.csv`` and the videos, images or frame folders it names.

=========  ========  ==============================================================
column     required  meaning
=========  ========  ==============================================================
clip       yes       id, unique within the subject
subject    yes       who is seen; text, so ``01`` and ``1`` are two subjects
label      yes       emotion or class
path       yes       video, image or folder of frames, relative to ROOT and in it
database   no        default ``folder``
onset      no        0-based position of the first frame; default: the first
apex       no        0-based position of the strongest frame; used for display only
offset     no        0-based position of the last frame; default: the last
fps        no        frames per second; default: what the video says
=========  ========  ==============================================================

An apex outside onset..offset does not cost the clip: nothing is computed from the apex, so it is
dropped and a note on the clip says so.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from astsvm.clip import Clip
from astsvm.datasets.contract import (
    AS_THEY_ARE,
    CORRECTED,
    Dataset,
    LoadOptions,
    Problem,
    collect_dataset,
)
from astsvm.datasets.flow_images import INDEX_NAME
from astsvm.datasets.sheet import SheetRow, problem_of, read_sheet
from astsvm.datasets.source_path import source_inside
from astsvm.errors import DatasetError

__all__ = ["DEFAULT_DATABASE", "SHEET_NAME", "load"]

SHEET_NAME = "clips.csv"
DEFAULT_DATABASE = "folder"
REQUIRED = ("clip", "subject", "label", "path")
EXAMPLE = "clip,subject,label,path,onset,apex,offset,fps"


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read ``root/clips.csv``.

    Parameters
    ----------
    root : Path
        Folder that holds the sheet and everything the sheet names.

    options : LoadOptions
        Without meaning here: the layout has one form and no published errors.

    Returns
    -------
    Dataset
        One clip for each sound row; each faulty row is a problem.

    Raises
    ------
    DatasetError
        If the sheet is missing, unreadable, empty, or lacks a required column.
    """
    if (root / INDEX_NAME).is_file() and not (root / SHEET_NAME).exists():
        raise DatasetError(
            f"{root} holds {INDEX_NAME}, but expected {SHEET_NAME}. If it is a folder of flow "
            "images, say so: --dataset flow_images."
        )
    sheet = read_sheet(root / SHEET_NAME, REQUIRED, EXAMPLE)
    clips: list[Clip] = []
    problems: list[Problem] = []
    for row in sheet.rows:
        try:
            clips.append(_read_row(root, row))
        except DatasetError as error:
            problems.append(problem_of(sheet, row, _name_of(row), error))
    dataset = collect_dataset("folder", root, sheet.path, clips, problems)
    dropped = tuple(
        Problem(
            sheet.path, clip.row, clip.key, note.removeprefix(CORRECTED), "kept without an apex"
        )
        for clip in dataset.clips
        for note in clip.notes
    )
    return replace(dataset, corrections=dropped)


def _read_row(root: Path, row: SheetRow) -> Clip:
    row.check_width()
    onset, apex, offset = (row.frame_number(name) for name in ("onset", "apex", "offset"))
    notes: tuple[str, ...] = ()
    if apex is not None and not _is_between(onset, apex, offset):
        notes = (f"{CORRECTED}apex {apex} lies outside onset..offset and was dropped",)
        apex = None
    return Clip(
        database=row.text("database") or DEFAULT_DATABASE,
        subject=row.required("subject"),
        clip=row.required("clip"),
        label=row.required("label"),
        source=source_inside(root, row.required("path")),
        onset=onset,
        apex=apex,
        offset=offset,
        fps=row.number_or_none("fps"),
        row=row.number,
        notes=notes,
    )


def _is_between(onset: int | None, apex: int, offset: int | None) -> bool:
    return (onset or 0) <= apex and (offset is None or apex <= offset)


def _name_of(row: SheetRow) -> str | None:
    """Return the key the row would have, as far as its cells can be read."""
    try:
        database = row.text("database") or DEFAULT_DATABASE
        subject, clip = row.text("subject"), row.text("clip")
    except DatasetError:
        return None
    if subject is None or clip is None:
        return clip
    return f"{database}/{subject}/{clip}"
