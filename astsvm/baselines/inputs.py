"""The inputs of a baseline, computed once for all clips and stored as a clip file.

Nothing is fitted here and no label is looked at, so it may be done before anything is split. The
file holds one stream and the clips' own records; the leave-one-subject-out run reads it like any
other clip file. A clip whose input is made is kept at once, so that an interrupted run goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.baselines import DERIVED
from astsvm.baselines.clip_content import ClipContent
from astsvm.baselines.registry import Baseline, find_baseline
from astsvm.errors import AstsvmError, EvaluationError, StorageError
from astsvm.execution import run_tasks
from astsvm.storage import parts
from astsvm.storage.assembly import write_clip_file
from astsvm.storage.differences import describe_differences
from astsvm.storage.encoding import FLOAT16_MAXIMUM
from astsvm.storage.entry import (
    STREAM_DTYPE,
    STREAMS,
    ClipRecord,
    Entry,
    canonical_json,
    entry_digest,
)
from astsvm.storage.folder_lock import take_lock
from astsvm.storage.inspection import Attribute
from astsvm.storage.manifest import claim_folder, library_versions, refuse_foreign_folder
from astsvm.storage.reader import ClipCollection
from astsvm.storage.schema import read_index
from astsvm.versions import code_digest

__all__ = ["UnfitClipError", "write_inputs"]

_DECISIVE_CODE = ("arrays.py", "baselines", "features", "preprocessing/warping.py")
_CLIPS_A_TASK = 16
"""A process opens the clip files anew for every task; a few clips at a time make that cheap."""


class UnfitClipError(EvaluationError):
    """A baseline's input cannot be made of a clip, which has too few frames, for example."""


@dataclass(frozen=True, slots=True)
class _InputTask:
    """Some clips whose inputs are to be made, and where they are kept."""

    clips: ClipCollection
    baseline: str
    indices: tuple[int, ...]
    folder: Path


def write_inputs(
    clips: ClipCollection,
    baseline: Baseline,
    output: Path,
    *,
    workers: int = 1,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Make a baseline's input of every clip, and store them as a clip file.

    Parameters
    ----------
    clips : ClipCollection
        The clips; each must offer what the baseline needs.
    baseline : Baseline
        What is to be made.
    output : Path
        The clip file to write; it appears whole, by rename.
    workers : int
        Processes.
    resume : bool
        Go on with what an interrupted run has left, or take the finished file.
    progress : callable, optional
        Called with (clips done, clips in all).

    Raises
    ------
    EvaluationError
        If the clips do not offer what is needed.
    UnfitClipError
        If the input of a clip cannot be made. No clip is left out: methods are compared on the
        same clips.
    StorageError
        If the file or its parts exist and are not to be gone on with, or were made otherwise.
    """
    baseline.require_needs(clips)
    settings = {**clips.settings, DERIVED: _origin(clips, baseline)}
    if output.exists():
        _require_same_file(output, settings, resume=resume)
        return
    folder = output.with_name(f"{output.name}.parts")
    with _claimed(folder, settings, resume=resume):
        _make_all(clips, baseline, folder, workers, progress)
        keys = range(len(clips))
        write_clip_file(
            output,
            (parts.read_part(folder, index) for index in keys),
            skipped=clips.skipped,
            dataset=", ".join(clips.datasets),
            synthetic=clips.synthetic,
            settings=settings,
            versions=library_versions(),
            expected_bytes=sum(parts.part_bytes(folder, index) for index in keys),
            temporary_folder=folder,
        )
        parts.remove_parts(folder)


def _origin(clips: ClipCollection, baseline: Baseline) -> dict[str, Any]:
    """Return what the inputs depend on besides the clips' own preprocessing."""
    return {
        "baseline": baseline.name,
        # As JSON gives it back, so that what is read can be compared.
        "options": json.loads(canonical_json(dict(baseline.options))),
        "clips": clips.digest,
        "code": code_digest(_DECISIVE_CODE),
    }


def _require_same_file(output: Path, settings: dict[str, Any], *, resume: bool) -> None:
    if not resume:
        raise StorageError(
            f"{output} exists already; nothing was changed. Go on with that run by --resume, or "
            "name another folder."
        )
    found = read_index(output).settings
    if differences := describe_differences(found, settings):
        raise StorageError(
            f"{output} was made otherwise, so it cannot be gone on with: {differences}. Use the "
            "same again, or name another folder."
        )


@contextmanager
def _claimed(folder: Path, settings: dict[str, Any], *, resume: bool) -> Iterator[None]:
    """Keep other processes, and what belongs to other inputs, out of the parts' folder."""
    refuse_foreign_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = take_lock(folder / parts.LOCK)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made: {error.strerror}.") from error
    try:
        manifest = {"format": "astsvm-parts", "settings": settings, "versions": library_versions()}
        claim_folder(folder, manifest, resume=resume)
        yield
    finally:
        os.close(lock)


def _make_all(
    clips: ClipCollection,
    baseline: Baseline,
    folder: Path,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    keys = [record.key for record in clips.records]
    left = [i for i, key in enumerate(keys) if not parts.part_is_valid(folder, i, key)]
    tasks = [
        _InputTask(clips, baseline.name, tuple(left[start : start + _CLIPS_A_TASK]), folder)
        for start in range(0, len(left), _CLIPS_A_TASK)
    ]
    done = len(keys) - len(left)
    if progress:
        progress(done, len(keys))
    # Closed on the way out, so that an error here leaves no worker at its clips.
    with closing(run_tasks(_make_some, tasks, workers=workers)) as outcomes:
        for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
            done += len(tasks[outcome.index].indices)
            if progress:
                progress(done, len(keys))


def _make_some(task: _InputTask) -> None:
    """Make the inputs of some clips in a worker; each is on the disk before the next is begun."""
    baseline = find_baseline(task.baseline)
    for index in task.indices:
        record = task.clips.records[index]
        try:
            values = baseline.input_of(ClipContent(task.clips, index))
            entry = _entry(record, baseline, values)
        except StorageError:
            raise
        except AstsvmError as error:
            raise UnfitClipError(
                f"the input of the baseline {baseline.name} cannot be made of clip {record.key}: "
                f"{error} What is finished is kept; leave the clip out when preprocessing."
            ) from error
        parts.write_part(task.folder, index, entry)


def _entry(record: ClipRecord, baseline: Baseline, values: npt.NDArray[np.float32]) -> Entry:
    """Bring an input into the stored types, under the record of its clip."""
    largest = float(np.abs(values).max())
    if largest > FLOAT16_MAXIMUM:
        raise EvaluationError(
            f"it holds a value of magnitude {largest:.6g}, but inputs are stored as float16, which "
            f"ends at {FLOAT16_MAXIMUM:.0f}."
        )
    attributes = _attributes(record)
    arrays = {f"{STREAMS}/{baseline.stream}": np.ascontiguousarray(values, dtype=STREAM_DTYPE)}
    attributes["sha256"] = entry_digest(attributes, arrays)
    return Entry(attributes, arrays)


def _attributes(record: ClipRecord) -> dict[str, Attribute]:
    """Return a clip's stored attributes, without its checksum and what is not known of it."""
    known = asdict(record) | {"notes": canonical_json(list(record.notes))}
    del known["sha256"]
    optional = ("objective_class", "source_sha256")
    return {
        name: value
        for name, value in known.items()
        if value is not None and not (name in optional and not value)
    }
