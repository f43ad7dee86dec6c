"""SMIC (Li et al., FG 2013, doi 10.1109/FG.2013.6553717) as it is distributed.

::

    ROOT/SMIC-HS-E_annotation.xlsx                               worksheets HS and VIS, no apex
    ROOT/SMIC_all_cropped/HS/s1/micro/negative/s1_ne_01/reg_image559740.bmp
    ROOT/SMIC_all_raw/HS/s1/micro/negative/s1_ne_01/image559740.bmp              640 x 480
    ROOT/SMIC_HS_E/s01/s1_ne_01/image559700.jpg                  the clip inside a longer video

and the same for VIS and NIR. HS has 100 frames per second, VIS and NIR have 25. A folder below
``SMIC_all_cropped`` or ``SMIC_all_raw`` holds exactly the clip; in a long one the sheet's frame
numbers cut it out. NIR shows the clips of VIS: its own sheet, ``SMIC-NIR-E_annotation.xlsx``, is
known from other programs only, and without it NIR is read by the worksheet VIS. How VIS long and
NIR lie on the disk is known from other programs, too.

Copies write ``s1_ne_01`` or ``s01_ne_01``; here it is always ``s01_ne_01``, as in the official list
of MEGC2019. The label stands in the sheet, in the name and, of cropped and raw clips, in the
folder; where the sheet contradicts the other two, they win.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from astsvm.datasets.annotation import Annotation, AnnotationList
from astsvm.datasets.archive import Archive, assemble, numbered_span
from astsvm.datasets.contract import (
    AS_THEY_ARE,
    HEARSAY,
    Dataset,
    LoadOptions,
    Problem,
    PublishedCounts,
)
from astsvm.datasets.folder_tree import FolderTree, find_sheet, plain_name
from astsvm.datasets.frame_folder import FrameFolder, Span
from astsvm.datasets.smic_sheet import DATABASE, EXAMPLE, ClipName, read_smic_sheet, sheet_names
from astsvm.errors import DatasetError

__all__ = ["VARIANTS", "load", "read_smic_sheet"]

VARIANTS = (
    "HS_cropped",
    "HS_raw",
    "HS_long",
    "VIS_cropped",
    "VIS_raw",
    "VIS_long",
    "NIR_cropped",
    "NIR_raw",
    "NIR_long",
)
OF_HEARSAY = ("VIS_long", "NIR_cropped", "NIR_raw", "NIR_long")
FPS = {"HS": 100.0, "VIS": 25.0, "NIR": 25.0}
_OF_VIS = PublishedCounts(71, 8, {"negative": 23, "positive": 28, "surprise": 20})
PUBLISHED = {
    "HS": PublishedCounts(164, 16, {"negative": 70, "positive": 51, "surprise": 43}),
    "VIS": _OF_VIS,
    "NIR": _OF_VIS,
}
NOT_IN_SHEET = ("s01_ne_02", "s02_sur_05")
"""Clips of HS that the sheet forgets, though the official list of MEGC2019 has them."""


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read an unpacked SMIC archive.

    Parameters
    ----------
    root : Path
        Folder with the sheet and at least one of the folders of frames.
    options : LoadOptions
        Variant and corrections.

    Returns
    -------
    Dataset
        Clips of the database ``smic`` with subjects such as ``s01``.

    Raises
    ------
    DatasetError
        If there is no sheet, it cannot be understood, or no folder of frames is there.
    """
    there = {name: frames for name in VARIANTS if (frames := _frames_root(root, name))}
    wanted = (options.variant,) if options.variant else VARIANTS
    variant = next((name for name in wanted if name in there), wanted[0])
    camera, form = variant.split("_")
    between = {folder for frames in there.values() for folder in _from_root(root, frames)}
    path = find_sheet(root, sheet_names(camera), EXAMPLE, also=between)
    if variant not in there:
        raise DatasetError(
            f"{root}: expected a folder of frames such as {_example_folder(camera, form)}, found "
            "none. Unpack the archive beside its sheet."
        )
    listed = read_smic_sheet(path, camera, corrections=options.corrections)
    folders = _ClipFolders(there[variant], form, options.corrections)
    if camera == "HS" and form != "long" and options.corrections:
        listed = _with_unlisted(listed, folders)
    return assemble(
        Archive(
            database=DATABASE,
            root=root,
            fps=FPS[camera],
            folder_of=folders.of,
            span_of=partial(_long_span, corrections=options.corrections)
            if form == "long"
            else _whole_span,
            clip_folders=lambda: folders.unknown_to(listed),
            published=PUBLISHED[camera],
            variant=variant,
            hearsay=HEARSAY if variant in OF_HEARSAY else "",
        ),
        listed,
    )


def _example_folder(camera: str, form: str) -> str:
    return f"SMIC_{camera}_E" if form == "long" else f"SMIC_all_{form}/{camera}"


def _frames_root(root: Path, variant: str) -> Path | None:
    """Find the folder whose children are the subjects; archives nest it in various ways."""
    camera, form = variant.split("_")
    levels: tuple[tuple[str, ...], ...]
    if form == "long":
        own = (f"SMIC_{camera}_E", f"SMIC-{camera}-E")
        levels = (("SMIC",), ("SMIC-E_raw image",), (f"{camera}_long",), own, (camera,))
        telling = {plain_name(name) for name in (*own, f"{camera}_long")}
    else:
        above = (f"SMIC_all_{form}",)
        levels = (("SMIC",), above, above, (camera,))
        telling = {plain_name(above[0])}
    tree = FolderTree(root)
    names = [root.resolve().name]
    for level in levels:
        found = next((f for name in level if (f := tree.find(*names[1:], name))), None)
        if found is not None:
            names.append(found.name)
    if not telling.intersection(map(plain_name, names)):
        return None
    if form != "long" and plain_name(names[-1]) != plain_name(camera):
        return None
    return root.joinpath(*names[1:])


def _from_root(root: Path, folder: Path) -> Iterator[Path]:
    """Yield the folders on the way from the root to `folder`, both included."""
    while folder != root:
        yield folder
        folder = folder.parent
    yield root


class _ClipFolders:
    """The folders of clips of one variant.

    Parameters
    ----------
    root : Path
        Folder whose children are the subjects.
    form : str
        ``"cropped"``, ``"raw"`` or ``"long"``.
    corrections : bool
        Whether a long clip without a folder of its own is looked for in those of its subject.
    """

    def __init__(self, root: Path, form: str, corrections: bool) -> None:
        self._shared = corrections and form == "long"
        self._of_clip: dict[str, list[tuple[str, Path]]] = {}
        self._strangers: list[tuple[str, Path]] = []
        tree = FolderTree(root)
        for subject in tree.children():
            if form == "long":
                found = [("", clip) for clip in tree.inside(subject)]
            else:
                found = [
                    (label.name.casefold(), clip)
                    for micro in tree.inside(subject)
                    if micro.name.casefold() == "micro"
                    for label in tree.inside(micro)
                    for clip in tree.inside(label)
                ]
            for label, folder in found:
                self._add(subject.name, label, folder)

    def _add(self, subject: str, label: str, folder: Path) -> None:
        name = ClipName.find(folder.name)
        if name is None or plain_name(subject) != plain_name(name.subject):
            self._strangers.append((subject, folder))
        else:
            self._of_clip.setdefault(name.clip, []).append((label, folder))

    def of(self, annotation: Annotation) -> Path | None:
        """Find the folder of a clip.

        Raises
        ------
        DatasetError
            If there are two, or its label is not that of the clip's name.
        """
        found = self._of_clip.get(annotation.clip, [])
        if not found:
            return self._holder_of(annotation) if self._shared else None
        if len(found) > 1:
            places = " and ".join(str(folder) for _, folder in found)
            raise DatasetError(f"two folders hold the clip, {places}. Delete the wrong one.")
        label, folder = found[0]
        if label and label != ClipName.read(annotation.clip).label:
            raise DatasetError(
                f"{folder}: the folder says {label}, the name of the clip something else. "
                "Move the folder to where it belongs."
            )
        return folder

    def _holder_of(self, annotation: Annotation) -> Path | None:
        """Find the folder of a neighbouring clip that was cut out of the same long video."""
        if annotation.onset is None or annotation.offset is None:
            return None
        holders = []
        for folder in self._folders_of(annotation.subject):
            try:
                numbers = FrameFolder.open(folder).positions
            except DatasetError:  # told of its own clip, if it is one
                continue
            if annotation.onset in numbers and annotation.offset in numbers:
                holders.append(folder)
        return holders[0] if len(holders) == 1 else None

    def _folders_of(self, subject: str) -> Iterator[Path]:
        for name, folders in self._of_clip.items():
            if ClipName.read(name).subject == subject:
                yield from (folder for _, folder in folders)
        for stranger, folder in self._strangers:
            if plain_name(stranger) == plain_name(subject):
                yield folder

    def label_of(self, clip: str) -> str | None:
        """Return the label in a clip's folder; None if it is not there."""
        found = self._of_clip.get(clip)
        return found[0][0] if found else None

    def unknown_to(self, listed: AnnotationList) -> Iterator[tuple[str, str, Path]]:
        """Yield (subject, clip, folder) of clips that no row of the sheet speaks of."""
        spoken_of = _spoken_of(listed)
        for clip, folders in self._of_clip.items():
            if clip not in spoken_of:
                yield from ((ClipName.read(clip).subject, clip, folder) for _, folder in folders)
        yield from ((subject, folder.name, folder) for subject, folder in self._strangers)


def _spoken_of(listed: AnnotationList) -> set[str]:
    left_out = {(problem.clip or "").rpartition("/")[2] for problem in listed.problems}
    return left_out.union(annotation.clip for annotation in listed.annotations)


def _with_unlisted(listed: AnnotationList, folders: _ClipFolders) -> AnnotationList:
    """Add the clips that the sheet forgets, but which are on the disk."""
    annotations = list(listed.annotations)
    corrections = list(listed.corrections)
    for clip in NOT_IN_SHEET:
        label = folders.label_of(clip)
        if label is None or clip in _spoken_of(listed):
            continue
        annotation = Annotation(ClipName.read(clip).subject, clip, label)
        annotations.append(annotation)
        corrections.append(
            Problem(
                listed.sheet,
                None,
                f"{DATABASE}/{annotation.name}",
                "the sheet lacks the clip, which the official list of MEGC2019 and the disk have",
                f"taken from the disk, labelled {label} by its folder",
            )
        )
    return replace(listed, annotations=tuple(annotations), corrections=tuple(corrections))


def _whole_span(frames: FrameFolder, annotation: Annotation) -> Span:
    if annotation.onset is None or annotation.offset is None:
        return frames.whole()
    return frames.whole(annotation.offset - annotation.onset + 1)


def _long_span(frames: FrameFolder, annotation: Annotation, *, corrections: bool) -> Span:
    span = numbered_span(frames, annotation, corrections=corrections)
    folder = ClipName.find(frames.path.name)
    if folder is not None and folder.clip == annotation.clip:
        return span
    remark = ("the clip has no folder of its own", f"cut out of that of {frames.path.name}")
    return replace(span, remarks=(remark, *span.remarks))
