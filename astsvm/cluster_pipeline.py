"""Clips on a cluster: their files are sent to a node, their features come back to be stored here.

The nodes see nothing of the dataset's folder. A clip's files are sent with it, lie in a temporary
folder while it is processed, and bear their own names in every message.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from astsvm.clip import Clip
from astsvm.clip_processing import Landmarks, failure_reason, process_clip
from astsvm.config import PreprocessingSettings
from astsvm.errors import AstsvmError, FrameReadError, StorageError
from astsvm.execution import TaskOutcome
from astsvm.execution.cluster import run_cluster_tasks
from astsvm.pipeline import ClipTask
from astsvm.preprocessing.packed_source import PackedSource, pack_source, unpack_source
from astsvm.storage.encoding import encode_entry
from astsvm.storage.entry import Entry
from astsvm.versions import whole_installation

__all__ = ["process_on_cluster"]


@dataclass(frozen=True, slots=True)
class _PackedClip:
    """A clip on its way to a node, with its files or with the reason why they cannot be read."""

    clip: Clip
    landmarks: Landmarks | None
    source: PackedSource | FrameReadError


@dataclass(frozen=True, slots=True)
class _Handling:
    """What is done to every clip."""

    settings: PreprocessingSettings
    precomputed_flow: bool
    root: Path


def process_on_cluster(
    tasks: Sequence[ClipTask],
    *,
    address: str,
    workers: int | None = None,
    timeout: float | None = None,
    attempts: int = 3,
    tasks_per_process: int = 0,
) -> Generator[TaskOutcome[None]]:
    """Process clips of one dataset on a Ray cluster, and store them here.

    Parameters
    ----------
    tasks : sequence of ClipTask
        The clips.
    attempts : int
        How often a clip is tried whose process or node is lost.
    address, workers, timeout, tasks_per_process
        See :func:`astsvm.execution.cluster.run_cluster_tasks`.

    Yields
    ------
    TaskOutcome
        One for each clip; without an error, the clip is stored durably.

    Raises
    ------
    InvalidInputError, MissingResourceError, ClusterError
        As :func:`astsvm.execution.cluster.run_cluster_tasks`.
    """
    if not tasks:
        return
    first = tasks[0]
    outcomes = run_cluster_tasks(
        _process,
        (_packed(task) for task in tasks),
        address=address,
        shared=_Handling(first.settings, first.precomputed_flow, first.parts.root),
        software=whole_installation,
        workers=workers,
        timeout=timeout,
        tasks_per_process=tasks_per_process,
        retries=attempts - 1,
    )
    with closing(outcomes):
        for outcome in outcomes:
            yield _stored(tasks[outcome.index], outcome)


def _packed(task: ClipTask) -> _PackedClip:
    source: PackedSource | FrameReadError
    try:
        source = pack_source(task.clip.source, task.clip.onset, task.clip.offset)
    except FrameReadError as error:
        source = error
    return _PackedClip(task.clip, task.landmarks, source)


def _process(packed: _PackedClip, handling: _Handling) -> Entry:
    """Process a clip on a node, as :func:`astsvm.pipeline.preprocess_dataset` does it here."""
    if isinstance(packed.source, FrameReadError):
        raise packed.source
    with tempfile.TemporaryDirectory(prefix="astsvm-") as folder:
        there = unpack_source(packed.source, Path(folder))
        try:
            processed = process_clip(
                replace(packed.clip, source=there),
                handling.settings,
                landmarks=packed.landmarks,
                precomputed_flow=handling.precomputed_flow,
            )
            return encode_entry(replace(processed, clip=packed.clip), handling.root)
        except Exception as error:
            # The reason stands in the clip file: it must name the file that the user has.
            reason = failure_reason(error).replace(str(there), str(packed.clip.source))
            raise AstsvmError(reason) from error


def _stored(task: ClipTask, outcome: TaskOutcome[Entry]) -> TaskOutcome[None]:
    if outcome.result is None:
        return TaskOutcome(outcome.index, None, outcome.error)
    try:
        task.parts.store_entry(task.index, outcome.result)
    except StorageError as error:
        return TaskOutcome(outcome.index, None, error)
    return TaskOutcome(outcome.index, None, None)
