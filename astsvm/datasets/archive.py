"""From a sheet's annotations and the folders of an unpacked archive to clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from astsvm.clip import Clip
from astsvm.datasets.annotation import Annotation, AnnotationList
from astsvm.datasets.contract import (
    CORRECTED,
    Dataset,
    Problem,
    PublishedCounts,
    collect_dataset,
)
from astsvm.datasets.folder_tree import plain_name
from astsvm.datasets.frame_folder import FrameFolder, Span
from astsvm.errors import DatasetError

__all__ = ["Archive", "assemble", "numbered_span"]


def numbered_span(frames: FrameFolder, annotation: Annotation, *, corrections: bool = True) -> Span:
    """Find onset, apex and offset by the numbers in the frames' names."""
    if annotation.onset is None or annotation.offset is None:
        raise DatasetError(
            "onset and offset must be annotated to cut the clip out of its frames. "
            "Fill in the cells."
        )
    return frames.locate(
        annotation.onset, annotation.apex, annotation.offset, corrections=corrections
    )


@dataclass(frozen=True)
class Archive:
    """How a database lies on the disk.

    Parameters
    ----------
    database : str
        Name of the database in keys.
    root : Path
        Folder of the database.
    fps : float or None
        Frames per second.
    folder_of : callable
        Finds the folder of an annotation's frames; None if it is not there.
    span_of : callable
        Finds onset, apex and offset in that folder.
    clip_folders : callable
        Lists (subject, clip, folder) of every clip on the disk, to find those not in the sheet.
    published : PublishedCounts or None
        What the owners say the database holds.
    variant : str
        Which of several forms is read.
    hearsay : str
        See :class:`astsvm.datasets.contract.Dataset`.
    """

    database: str
    root: Path
    fps: float | None
    folder_of: Callable[[Annotation], Path | None]
    span_of: Callable[[FrameFolder, Annotation], Span]
    clip_folders: Callable[[], Iterable[tuple[str, str, Path]]]
    published: PublishedCounts | None = None
    variant: str = ""
    hearsay: str = ""


def assemble(archive: Archive, listed: AnnotationList) -> Dataset:
    """Find the frames of every annotation.

    Parameters
    ----------
    archive : Archive
        How the database lies on the disk.
    listed : AnnotationList
        What its sheet says.

    Returns
    -------
    Dataset
        A clip for every annotation with its frames; a problem for every one without, and for
        every clip on the disk that the sheet does not know.
    """
    clips: list[Clip] = []
    problems = list(listed.problems)
    corrections = list(listed.corrections)
    used: set[Path] = set()
    # Long recordings hold several clips in one folder of thousands of frames.
    open_folder = lru_cache(maxsize=16)(FrameFolder.open)
    annotations, respelt = _with_one_spelling(archive.database, listed)
    corrections += respelt
    for annotation in annotations:
        key = f"{archive.database}/{annotation.name}"
        try:
            folder = archive.folder_of(annotation)
            if folder is None:
                raise DatasetError(
                    f"no folder of subject {annotation.subject!r} holds the frames of clip "
                    f"{annotation.clip!r}. It may bear another name, or the archive was not "
                    "unpacked whole."
                )
            used.add(folder)
            span = archive.span_of(open_folder(folder), annotation)
            clips.append(_clip(archive, annotation, folder, span))
        except DatasetError as error:
            reason = str(error).replace(f"clip {key} (row {annotation.row}): ", "", 1)
            problems.append(Problem(listed.sheet, annotation.row, key, reason))
            continue
        corrections += [
            Problem(listed.sheet, annotation.row, key, found, action)
            for found, action in span.remarks
        ]
    clips, twice = _without_frames_of_two_names(listed.sheet, clips)
    problems += twice
    # A row that is left out speaks of its clip all the same.
    spoken_of = {plain_name(problem.clip) for problem in listed.problems if problem.clip}
    problems += [
        Problem(
            folder,
            None,
            f"{archive.database}/{subject}/{clip}",
            f"the folder {folder.name} is on the disk, but its clip is not in the sheet",
            "it is left out",
        )
        for subject, clip, folder in archive.clip_folders()
        if folder not in used
        and plain_name(f"{archive.database}/{subject}/{clip}") not in spoken_of
    ]
    dataset = collect_dataset(archive.database, archive.root, listed.sheet, clips, problems)
    told = _of_kept_rows(corrections, dataset)
    by_clip: dict[str | None, list[Problem]] = defaultdict(list)
    for problem in told:
        by_clip[problem.clip].append(problem)
    return replace(
        dataset,
        clips=tuple(_with_notes(clip, by_clip[clip.key]) for clip in dataset.clips),
        corrections=told,
        # What is published of the real database says nothing about a drawn one.
        published=None if dataset.synthetic else archive.published,
        variant=archive.variant,
        hearsay=archive.hearsay,
    )


def _with_notes(clip: Clip, corrections: Iterable[Problem]) -> Clip:
    """Let what was corrected travel with the clip, into its file."""
    told = [f"{CORRECTED}{p.reason}: {p.action}" for p in corrections]
    return replace(clip, notes=(*clip.notes, *dict.fromkeys(told))) if told else clip


def _with_one_spelling(
    database: str, listed: AnnotationList
) -> tuple[list[Annotation], list[Problem]]:
    """Give a subject that goes by several spellings one of them, whatever the order of the rows.

    Under two keys, a person would stand on both sides of a fold.
    """
    spellings: dict[str, set[str]] = defaultdict(set)
    for annotation in listed.annotations:
        spellings[plain_name(annotation.subject)].add(annotation.subject)
    annotations: list[Annotation] = []
    remarks: list[Problem] = []
    for annotation in listed.annotations:
        one = min(spellings[plain_name(annotation.subject)], key=lambda name: (len(name), name))
        annotations.append(replace(annotation, subject=one))
        if one != annotation.subject:
            found = f"subject {annotation.subject!r} is elsewhere written {one!r}"
            key = f"{database}/{annotations[-1].name}"
            remarks.append(Problem(listed.sheet, annotation.row, key, found, f"read as {one!r}"))
    return annotations, remarks


def _without_frames_of_two_names(
    sheet: Path, clips: Iterable[Clip]
) -> tuple[list[Clip], list[Problem]]:
    """Leave out clips that claim the very same frames under different names."""
    by_frames: dict[tuple[Path, int | None, int | None], list[Clip]] = defaultdict(list)
    for clip in clips:
        by_frames[clip.source, clip.onset, clip.offset].append(clip)
    kept: list[Clip] = []
    problems: list[Problem] = []
    for same in by_frames.values():
        names = sorted({clip.clip for clip in same})
        if len(names) == 1:
            kept += same
            continue
        reason = f"{' and '.join(names)} are the very same frames. Delete the wrong row."
        problems += [Problem(sheet, clip.row, clip.key, reason) for clip in same]
    return kept, problems


def _clip(archive: Archive, annotation: Annotation, folder: Path, span: Span) -> Clip:
    return Clip(
        database=archive.database,
        subject=annotation.subject,
        clip=annotation.clip,
        label=annotation.label,
        source=folder,
        onset=span.onset,
        apex=span.apex,
        offset=span.offset,
        fps=archive.fps,
        row=annotation.row,
        objective_class=annotation.objective_class,
        notes=annotation.notes,
    )


def _of_kept_rows(corrections: Iterable[Problem], dataset: Dataset) -> tuple[Problem, ...]:
    """Leave out remarks on rows that were left out themselves; order by clip."""
    kept = {(clip.key, clip.row) for clip in dataset.clips}
    return tuple(
        sorted(
            (problem for problem in corrections if (problem.clip, problem.row) in kept),
            key=lambda problem: (problem.clip or "", problem.row or 0, problem.reason),
        )
    )
