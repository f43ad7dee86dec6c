"""CAS(ME)^2 (Qu et al., IEEE TAFFC 2018, doi 10.1109/TAFFC.2017.2654440), as others describe it.

::

    ROOT/CAS(ME)^2code_final.xlsx
        CASMEcode_final    1  anger1_1  100  110  120  4+7  negative  micro-expression  anger
        naming rule1                         15  s15  1
        naming rule2                         0401  anger1
    ROOT/rawpic/s15/15_0401girlcrashing/img100.jpg

No real file was at hand: worksheets (the first also goes by ``CASFEcode_final``), their columns and
the folders are known from other programs. No worksheet has a header, so columns are known by their
places. 30 frames per second; the last number in a frame's name is the number in the sheet. Only
micro-expressions are read. The label is the seventh column (negative, positive, surprise, others);
the ninth, the subject's own report, is kept as a note.

Where the offset is 0 it is not annotated, and the clip ends with the apex, as in other programs;
such a clip is remarked upon. An apex of 0 is not annotated either.

The first worksheet counts subjects and names videos, ``naming rule1`` and ``naming rule2`` lead
from there to the folders. Folders are found by the beginning ``15_0401``, under whatever subject
they lie: copies exist in which a recording of s23 lies under s19.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from astsvm.datasets.annotation import Annotation, AnnotationList, read_annotations
from astsvm.datasets.archive import Archive, assemble, numbered_span
from astsvm.datasets.contract import AS_THEY_ARE, HEARSAY, Dataset, LoadOptions
from astsvm.datasets.expression_type import require_micro_expression, without_macro_expressions
from astsvm.datasets.folder_tree import FolderTree, find_sheet, plain_name
from astsvm.datasets.frame_folder import FrameFolder, Span
from astsvm.datasets.sheet import SheetRow, read_headerless_sheet
from astsvm.errors import DatasetError

__all__ = ["load", "read_casme_sq_sheet"]

DATABASE = "casme_sq"
FPS = 30.0
SHEETS = ("CAS(ME)^2*.xls*", "CAS(ME)2*.xls*")
CODES = ("CASMEcode_final", "CASFEcode_final")
COLUMNS = (
    "subject",
    "filename",
    "onset",
    "apex",
    "offset",
    "action units",
    "emotion",
    "expression type",
    "self-report",
)
EXAMPLE = "1,anger1_1,100,110,120,4+7,negative,micro-expression,anger"
SUBJECT_RULE = ("naming rule1", ("folder number", "value", "name"), "15,s15,1")
VIDEO_RULE = ("naming rule2", ("value", "name"), "0401,anger1")
"""Worksheet, its columns, of which one is looked up by another, and an example."""
FRAMES = "rawpic"
RECORDING = re.compile(r"0*([0-9]+)_([0-9]{4})")
EMOTIONS = ("negative", "others", "positive", "surprise")


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read an unpacked CAS(ME)^2 archive.

    Parameters
    ----------
    root : Path
        Folder with the sheet and the folder ``rawpic``.
    options : LoadOptions
        Corrections; there are no variants.

    Returns
    -------
    Dataset
        Clips of the database ``casme_sq`` with subjects such as ``s15``.

    Raises
    ------
    DatasetError
        If there is no sheet, it cannot be understood, or the folder of frames is not there.
    """
    listed, names = _read(find_sheet(root, SHEETS, EXAMPLE, expected="rows"))
    archive = Archive(
        database=DATABASE,
        root=root,
        fps=FPS,
        folder_of=partial(_folder_of, _recordings(root), names),
        span_of=partial(_span_of, corrections=options.corrections),
        clip_folders=lambda: (),  # a recording without a micro-expression is nothing to report
        hearsay=HEARSAY,
    )
    return assemble(archive, listed)


def read_casme_sq_sheet(path: Path) -> AnnotationList:
    """Read the sheet alone; frame numbers are the sheet's own.

    Raises
    ------
    DatasetError
        If it is no spreadsheet, or lacks one of the three worksheets.
    """
    return _read(path)[0]


@dataclass(frozen=True)
class _Names:
    """What the naming rules say: the folder of each subject, the number of each video."""

    subjects: Mapping[str, frozenset[str]]
    videos: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, path: Path) -> _Names:
        return cls(_read_rule(path, *SUBJECT_RULE), _read_rule(path, *VIDEO_RULE))

    def subject(self, number: str) -> str:
        return _only(self.subjects, plain_name(number), "naming rule1", "subject")

    def recording(self, annotation: Annotation) -> tuple[str, str]:
        """Return the subject's number and the video's, such as ``("15", "0401")``."""
        video = annotation.clip.rpartition("_")[0]
        code = _only(self.videos, plain_name(video), "naming rule2", "video")
        return plain_name(annotation.subject).removeprefix("s"), code.zfill(4)


def _only(names: Mapping[str, frozenset[str]], name: str, worksheet: str, what: str) -> str:
    found = names.get(name, frozenset())
    if len(found) != 1:
        raise DatasetError(
            f"the worksheet {worksheet!r} must name the {what} {name!r} once, it does so "
            f"{len(found)} times. Correct it."
        )
    return next(iter(found))


def _read_rule(
    path: Path, worksheet: str, columns: tuple[str, ...], example: str
) -> dict[str, frozenset[str]]:
    """Read a naming rule; incomplete rows are met again when a clip needs them."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in read_headerless_sheet(path, (worksheet,), columns, example).rows:
        name, value = row.text("name"), row.text("value")
        if name is not None and value is not None:
            found[plain_name(_without_decimals(name))].add(_without_decimals(value))
    return {name: frozenset(values) for name, values in found.items()}


def _without_decimals(cell: str) -> str:
    """Undo what .xls does to whole numbers: ``15.0``."""
    return cell.removesuffix(".0")


def _read(path: Path) -> tuple[AnnotationList, _Names]:
    names = _Names.read(path)
    sheet = without_macro_expressions(read_headerless_sheet(path, CODES, COLUMNS, EXAMPLE))
    listed = read_annotations(DATABASE, sheet, partial(_read_row, names), emotions=EMOTIONS)
    return listed, names


def _read_row(names: _Names, row: SheetRow) -> Annotation:
    require_micro_expression(row)
    units, report = row.note("action units"), row.note("self-report")
    notes = (units and f"action units {units}", report and f"self-report {report}")
    return Annotation(
        subject=names.subject(_without_decimals(row.required("subject"))),
        clip=row.required("filename"),
        label=row.required("emotion").lower(),
        onset=row.frame_number("onset"),
        apex=row.frame_number("apex") or None,
        offset=row.frame_number("offset") or None,
        row=row.number,
        notes=tuple(note for note in notes if note),
    )


def _recordings(root: Path) -> dict[tuple[str, str], list[Path]]:
    """Find the folders of all recordings by their subject's number and their video's."""
    tree = FolderTree(root)
    frames = tree.find(FRAMES, FRAMES) or tree.find(FRAMES)
    if frames is None:
        raise DatasetError(
            f"{root}: expected a folder of frames called {FRAMES}, found none. "
            "Unpack the archive beside its sheet."
        )
    tree = FolderTree(frames)
    found: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for subject in tree.children():
        for folder in tree.inside(subject):
            match = RECORDING.match(folder.name)
            if match is not None:
                found[match[1], match[2]].append(folder)
    return found


def _folder_of(
    recordings: Mapping[tuple[str, str], list[Path]], names: _Names, annotation: Annotation
) -> Path | None:
    found = recordings.get(names.recording(annotation), [])
    if len(found) > 1:
        raise DatasetError(
            f"{' and '.join(str(folder) for folder in found)} may both be its recording. "
            "Delete or rename one of them."
        )
    return found[0] if found else None


def _span_of(frames: FrameFolder, annotation: Annotation, *, corrections: bool) -> Span:
    """Find the span by the frames' numbers; without an offset it goes to the apex."""
    apex = annotation.apex
    if annotation.offset is not None or apex is None:
        return numbered_span(frames, annotation, corrections=corrections)
    span = numbered_span(frames, replace(annotation, offset=apex), corrections=corrections)
    remark = ("the offset is not annotated (0)", f"the clip ends with the apex, {apex}")
    return replace(span, remarks=(remark, *span.remarks))
