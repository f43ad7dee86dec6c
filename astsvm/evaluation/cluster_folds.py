"""Folds on a cluster: the clips are sent to every node once, a fold without them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

import numpy as np

from astsvm.evaluation.fold import FoldResult, FoldTask, run_fold
from astsvm.execution import TaskOutcome
from astsvm.execution.cluster import run_cluster_tasks
from astsvm.storage.clip_arrays import ClipArrays
from astsvm.versions import whole_installation

__all__ = ["run_folds_on_cluster"]

_verified: set[str] = set()
"""Digests of clips that this process has found whole."""


def run_folds_on_cluster(
    tasks: Sequence[FoldTask],
    *,
    address: str,
    workers: int | None = None,
    gpus_per_fold: float = 0,
    timeout: float | Callable[[], float | None] | None = None,
    tasks_per_process: int = 0,
    retries: int = 3,
) -> Generator[TaskOutcome[FoldResult]]:
    """Compute folds of one run on a Ray cluster, as :func:`astsvm.evaluation.fold.run_fold` does.

    Parameters
    ----------
    tasks : sequence of FoldTask
        Folds of one collection under one setting.
    address, workers, timeout, tasks_per_process, retries
        See :func:`astsvm.execution.cluster.run_cluster_tasks`.
    gpus_per_fold : float
        GPUs, or the fraction of one, that a fold gets; with 0 it sees none.

    Yields
    ------
    TaskOutcome
        One for each fold.

    Raises
    ------
    InvalidInputError, MissingResourceError, ClusterError
        As :func:`astsvm.execution.cluster.run_cluster_tasks`.
    """
    if not tasks:
        return
    collection, streams = tasks[0].clips, tasks[0].streams
    needed = np.concatenate([(*task.train_indices, *task.test_indices) for task in tasks])
    without_clips = ClipArrays.read(collection, streams, [])
    yield from run_cluster_tasks(
        _run_fold_on_node,
        (replace(task, clips=without_clips) for task in tasks),
        address=address,
        # Not kept here: once it is in the object store, the memory is free again.
        shared=ClipArrays.read(collection, streams, needed),
        software=whole_installation,
        workers=workers,
        gpus_per_task=gpus_per_fold,
        timeout=timeout,
        tasks_per_process=tasks_per_process,
        retries=retries,
    )


def _run_fold_on_node(task: FoldTask, clips: ClipArrays) -> FoldResult:
    if clips.sha256 not in _verified:
        clips.verify()
        _verified.add(clips.sha256)
    return run_fold(replace(task, clips=clips))
