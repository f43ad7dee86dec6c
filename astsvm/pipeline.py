"""From a dataset to a clip file: what `astsvm preprocess` runs.

Clips are independent: each is processed by itself (:mod:`astsvm.clip_processing`), in a process of
this machine or on a cluster, and is durable as soon as it is done.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from astsvm.clip import Clip
from astsvm.clip_processing import Landmarks, failure_reason, process_clip
from astsvm.config import PreprocessingSettings
from astsvm.datasets import Dataset, Problem
from astsvm.errors import InvalidInputError, StorageError
from astsvm.execution import TaskOutcome, refuse_unguarded_script, run_tasks
from astsvm.finished_clips import finished_clips
from astsvm.given_landmarks import landmarks_digest, require_own_landmarks
from astsvm.preprocess_progress import PreprocessProgress
from astsvm.storage.parts import count_parts
from astsvm.storage.writer import PartsFolder

__all__ = ["ClipTask", "PreprocessSummary", "preprocess_dataset", "process_clip"]

Progress = Callable[[int, int], None]

_CLIPS_PER_PROCESS = 200
_ATTEMPTS = 3  # as on a cluster: a process that was killed says nothing about its clip
_GO_ON = "What is finished is kept; the same command with --resume goes on from there."


@dataclass(frozen=True, slots=True)
class PreprocessSummary:
    """What became of a dataset.

    Parameters
    ----------
    output : Path
        The clip file that was written.
    stored : int
        Clips with features in it.
    reused : int
        Of these, clips that an earlier, interrupted run had finished.
    problems : tuple of Problem
        One for each row or clip that was left out, with the reason; also recorded in the file.
    given_landmarks : int
        Clips whose landmarks were given; the others got dlib's.
    """

    output: Path
    stored: int
    reused: int
    problems: tuple[Problem, ...]
    given_landmarks: int = 0


@dataclass(frozen=True, slots=True)
class ClipTask:
    """A clip that is to be processed, and where it is to be stored."""

    index: int
    clip: Clip
    settings: PreprocessingSettings
    parts: PartsFolder
    landmarks: Landmarks | None
    precomputed_flow: bool


def preprocess_dataset(
    dataset: Dataset,
    output: Path,
    settings: PreprocessingSettings,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    resume: bool = False,
    landmarks: Mapping[str, Landmarks] | None = None,
    clip_timeout: float | None = None,
    progress: Progress | None = None,
    watch: Callable[[PreprocessProgress], None] | None = None,
    checking: Callable[[int], None] | None = None,
) -> PreprocessSummary:
    """Process every clip of a dataset into one clip file.

    Parameters
    ----------
    dataset : Dataset
        The clips and the rows that could not become one.
    output : Path
        The clip file; it appears whole, by rename, when the last clip is done.
    settings : PreprocessingSettings
        How frames become features.
    workers : int, optional
        Processes to use, by default 1; on a cluster the most clips at a time, by default as many
        as it has room for.
    cluster : str, optional
        Process the clips on a Ray cluster: ``"auto"``, ``"local"`` or ``"HOST:PORT"``, see
        :func:`astsvm.execution.ray_connection.ray_connection`. The nodes need not see the
        dataset's files.
    resume : bool
        Go on from the parts an interrupted run has left beside `output`.
    landmarks : mapping of clip key to ndarray, optional
        Landmarks of the onset frame in source pixels; clips not named get dlib's.
    clip_timeout : float, optional
        Seconds after which the process of a clip is ended. A clip is tried three times.
    progress : callable, optional
        Called with (clips done, clips in all) after each clip.
    watch : callable, optional
        Called with a :class:`astsvm.preprocess_progress.PreprocessProgress` when the run begins
        and after each clip.
    checking : callable, optional
        Called with the number of clips that an earlier run has left, before their parts and
        source files are read and compared. Long videos take minutes.

    Returns
    -------
    PreprocessSummary
        Counts, and a problem for every clip that was left out.

    Raises
    ------
    StorageError
        If `output` exists, cannot be written, or is resumed under other settings, versions or
        code, or when source files of finished clips have changed. What is finished is kept.
    InvalidInputError
        If landmarks are given, but for none of the clips, or `clip_timeout` is no positive number.
    ClusterError
        If the cluster cannot be reached or used; what is finished is kept.
    """
    refuse_unguarded_script()
    given = dict(landmarks or {})
    require_own_landmarks(given, dataset)
    _require_seconds(clip_timeout)
    inputs = {"landmarks": landmarks_digest(given)} if given else {}
    with PartsFolder.open(output, dataset, settings, resume=resume, inputs=inputs) as parts:
        failures = parts.tidy()
        if failures is not None:
            reused = len(dataset.clips) - len(failures)
            if watch is not None:
                total = len(dataset.clips)
                watch(PreprocessProgress(total, total, len(failures), reused))
        else:
            if checking is not None and (begun := count_parts(parts.path)):
                checking(begun)
            finished = finished_clips(parts, dataset)
            reused = len(finished)
            tasks = _tasks(parts, dataset, settings, given, finished)
            outcomes = _process_all(tasks, workers, cluster, clip_timeout)
            state = PreprocessProgress(reused, len(dataset.clips), 0, reused)
            _follow(outcomes, tasks, parts, state, progress, watch)
            failures = parts.assemble(dataset.problems)
    return PreprocessSummary(
        output=output,
        stored=len(dataset.clips) - len(failures),
        reused=reused,
        problems=(*dataset.problems, *failures),
        given_landmarks=sum(clip.key in given for clip in dataset.clips),
    )


def _tasks(
    parts: PartsFolder,
    dataset: Dataset,
    settings: PreprocessingSettings,
    landmarks: Mapping[str, Landmarks],
    finished: set[int],
) -> list[ClipTask]:
    return [
        ClipTask(
            index=index,
            clip=clip,
            settings=settings,
            parts=parts,
            landmarks=landmarks.get(clip.key),
            precomputed_flow=dataset.precomputed_flow,
        )
        for index, clip in enumerate(dataset.clips)
        if index not in finished
    ]


def _follow(
    outcomes: Generator[TaskOutcome[None]],
    tasks: Sequence[ClipTask],
    parts: PartsFolder,
    state: PreprocessProgress,
    progress: Progress | None,
    watch: Callable[[PreprocessProgress], None] | None,
) -> None:
    """Wait for every clip, record those that fail, and tell whoever watches."""
    # Closed in any case: no worker may write a part after the parts have been let go.
    with closing(outcomes):
        if watch is not None:
            watch(state)
        for outcome in outcomes:
            task = tasks[outcome.index]
            if isinstance(outcome.error, StorageError):
                # Not the clip's fault: no other could be stored either.
                raise StorageError(f"{outcome.error} {_GO_ON}") from outcome.error
            reason = None if outcome.error is None else failure_reason(outcome.error)
            if reason is not None:
                parts.store_failure(task.index, reason)
            state = _after(state, task.clip, reason)
            if progress is not None:
                progress(state.done, state.total)
            if watch is not None:
                watch(state)


def _after(state: PreprocessProgress, clip: Clip, reason: str | None) -> PreprocessProgress:
    """Return how far the run is once one more clip is stored, or has failed for a reason."""
    return PreprocessProgress(
        done=state.done + 1,
        total=state.total,
        failed=state.failed + (reason is not None),
        reused=state.reused,
        clip=clip.key,
        reason=reason,
    )


def _process_all(
    tasks: Sequence[ClipTask], workers: int | None, cluster: str | None, timeout: float | None
) -> Generator[TaskOutcome[None]]:
    """Process and store clips, in processes of this machine or on a cluster."""
    if cluster is None:
        return run_tasks(
            _process_and_store,
            tasks,
            workers=workers or 1,
            timeout=timeout,
            attempts=_ATTEMPTS,
            tasks_per_process=_CLIPS_PER_PROCESS,
        )
    from astsvm.cluster_pipeline import process_on_cluster

    return process_on_cluster(
        tasks,
        address=cluster,
        workers=workers,
        timeout=timeout,
        attempts=_ATTEMPTS,
        tasks_per_process=_CLIPS_PER_PROCESS,
    )


def _process_and_store(task: ClipTask) -> None:
    """Process one clip in a worker; its part is on the disk before this returns."""
    processed = process_clip(
        task.clip,
        task.settings,
        landmarks=task.landmarks,
        precomputed_flow=task.precomputed_flow,
    )
    task.parts.store(task.index, processed)


def _require_seconds(clip_timeout: float | None) -> None:
    """Refuse it before anything is touched, not when the first clip is handed out."""
    if clip_timeout is not None and not 0 < clip_timeout < math.inf:
        raise InvalidInputError(
            f"clip_timeout must be a positive number of seconds, received {clip_timeout!r}. "
            "Leave it out to set no limit."
        )
