"""Independent tasks on the nodes of a Ray cluster, with the outcomes of local processes.

As on one machine, every task runs in a process with one computing thread, so that the bits are the
same everywhere. No file system is shared: a task brings what it needs, and what all tasks need is
put into the object store once, from where every node fetches it once.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeVar

from astsvm.errors import InvalidInputError
from astsvm.execution.environment import (
    GPU_MEMORY_ON_DEMAND,
    ONE_THREAD,
    ONEDNN,
    WITHOUT_GPU,
)
from astsvm.execution.local import TaskOutcome, WorkerLostError
from astsvm.execution.node import FAREWELL_SECONDS, Answer, answer_task
from astsvm.execution.ray_connection import (
    ClusterError,
    ray_connection,
    require_room,
    tasks_at_once,
)

__all__ = ["ClusterError", "run_cluster_tasks"]

Task = TypeVar("Task")
Shared = TypeVar("Shared")
Result = TypeVar("Result")

_SMALLEST_FRACTION = 1e-4


@dataclass(slots=True)
class _Attempts:
    """A task that is under way, how often it was begun, and what a node said of the last time."""

    index: int
    task: Any
    begun: int = field(default=0)
    told: WorkerLostError | None = field(default=None)


def run_cluster_tasks(
    function: Callable[[Task, Shared], Result],
    tasks: Iterable[Task],
    *,
    address: str,
    shared: Shared,
    software: Callable[[], Mapping[str, str]],
    workers: int | None = None,
    cpus_per_task: float = 1,
    gpus_per_task: float = 0,
    timeout: float | Callable[[], float | None] | None = None,
    tasks_per_process: int = 0,
    retries: int = 3,
) -> Generator[TaskOutcome[Result]]:
    """Apply a function to every task on a Ray cluster and yield outcomes as they come.

    A task that raises fails alone. One whose process or node is lost is begun again, on whatever
    node has room. When the iteration ends, however it ends, no task goes on.

    Parameters
    ----------
    function : callable
        A module-level function of a task and of `shared`; the nodes must be able to import it.
    tasks : iterable
        The tasks, taken from it only when they are about to start.
    address : str
        Of the cluster; see :func:`astsvm.execution.ray_connection.ray_connection`.
    shared : object
        What the function gets besides the task. Arrays in it are not copied on a node: its
        processes read them, and cannot write them, in the node's shared memory.
    software : callable
        A module-level function that tells what must be the same on all nodes: name -> version.
    workers : int, optional
        Most tasks at a time, at least 1. Default: as many as the cluster has room for.
    cpus_per_task, gpus_per_task : float
        What is kept free for a task. A GPU may be shared: .25 lets four tasks use it. With 0
        GPUs, a task sees none.
    timeout : float or callable, optional
        Seconds, more than 0, a task may take before its process is ended and the task counts as
        lost; a callable is asked anew whenever a task begins.
    tasks_per_process : int
        Replace a process by a fresh one after so many tasks; 0 never does.
    retries : int
        How often a task is begun again after its process or node was lost, or its time was over.

    Yields
    ------
    TaskOutcome
        One for each task, in the order in which they finish.

    Raises
    ------
    InvalidInputError
        If a number is out of range.
    MissingResourceError
        If Ray is not installed.
    ClusterError
        If no cluster answers, no node has room for a task, or a node runs other software; the
        message names the difference.
    """
    limit = timeout if callable(timeout) else lambda: timeout
    _check_numbers(workers, cpus_per_task, gpus_per_task, limit(), retries)
    upcoming = enumerate(tasks)
    first = next(upcoming, None)
    if first is None:
        return
    with ray_connection(address) as ray:
        require_room(ray, cpus_per_task, gpus_per_task)
        remote = ray.remote(
            num_cpus=cpus_per_task,
            num_gpus=gpus_per_task,
            # Tasks are begun again here, where every loss is counted; Ray would begin a task that
            # runs out of memory anew for ever.
            max_retries=0,
            max_calls=tasks_per_process,
            runtime_env={"env_vars": _process_environment(gpus_per_task)},
        )(answer_task)
        common = ray.put(shared)
        del shared
        expected = dict(software())

        def begin(attempts: _Attempts) -> Any:
            attempts.begun += 1
            return remote.remote(function, attempts.task, common, software, expected, limit())

        def room() -> int:
            return workers or tasks_at_once(ray, cpus_per_task, gpus_per_task)

        yield from _outcomes(ray, chain([first], upcoming), begin, room, retries)


def _outcomes(
    ray: Any,
    upcoming: Iterator[tuple[int, Any]],
    begin: Callable[[_Attempts], Any],
    room: Callable[[], int],
    retries: int,
) -> Generator[TaskOutcome[Any]]:
    """Keep the cluster busy, and begin anew what was lost."""
    running: dict[Any, _Attempts] = {}
    try:
        while True:
            for _ in range(room() - len(running)):
                following = next(upcoming, None)
                if following is None:
                    break
                attempts = _Attempts(*following)
                running[begin(attempts)] = attempts
            if not running:
                return
            finished, _ = ray.wait(list(running), num_returns=1)
            for reference in finished:
                attempts = running.pop(reference)
                outcome = _outcome(ray, reference, attempts, retries)
                if outcome is None:
                    running[begin(attempts)] = attempts
                else:
                    yield outcome
    finally:
        for reference in running:
            ray.cancel(reference, force=True)


def _outcome(
    ray: Any, reference: Any, attempts: _Attempts, retries: int
) -> TaskOutcome[Any] | None:
    """Return what became of a task, or None if it was lost and is to be begun again."""
    try:
        answer: Answer[Any] = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        # The function answers for all that it raises; this was raised before it was reached.
        raise ClusterError(
            f"a node cannot run the tasks: {_last_line(error)}. Install the same "
            "version of astsvm on every node."
        ) from error
    except ray.exceptions.RuntimeEnvSetupError as error:
        raise ClusterError(f"a node cannot start a process: {_last_line(error)}") from error
    except ray.exceptions.RayError as error:
        if attempts.begun <= retries:
            return None
        # A process that ran past its time may end before its word of it is here.
        lost = (
            _tried(attempts.told, attempts)
            if attempts.told
            else WorkerLostError(
                f"its process was lost {attempts.begun} times, at last: "
                f"{type(error).__name__}: {_first_line(error)}"
            )
        )
        return TaskOutcome(attempts.index, None, lost)
    if answer.refusal:
        raise ClusterError(answer.refusal)
    if answer.ending:
        attempts.begun -= 1
        time.sleep(FAREWELL_SECONDS)
        return None
    if isinstance(answer.error, WorkerLostError):
        # Its process is about to end: what is begun before would be lost with it, and count.
        attempts.told = answer.error
        time.sleep(2 * FAREWELL_SECONDS)
        if attempts.begun <= retries:
            return None
        return TaskOutcome(attempts.index, None, _tried(attempts.told, attempts))
    return TaskOutcome(attempts.index, answer.result, answer.error)


def _tried(error: WorkerLostError, attempts: _Attempts) -> WorkerLostError:
    """Say, as on one machine, how often a task was begun."""
    return WorkerLostError(f"{error} (attempt {attempts.begun})") if attempts.begun > 1 else error


def _process_environment(gpus: float) -> dict[str, str]:
    seen = GPU_MEMORY_ON_DEMAND if gpus else WITHOUT_GPU
    # As here, whatever the nodes have set.
    return {**ONE_THREAD, **seen, ONEDNN: os.environ.get(ONEDNN, "1")}


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason")


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__


def _check_numbers(
    workers: int | None, cpus: float, gpus: float, timeout: float | None, retries: int
) -> None:
    if workers is not None and workers < 1:
        raise InvalidInputError(f"workers must be 1 or more, received {workers}.")
    if timeout is not None and not 0 < timeout < math.inf:
        raise InvalidInputError(
            f"timeout must be a positive number of seconds, received {timeout!r}. "
            "Leave it out to set no limit."
        )
    if retries < 0:
        raise InvalidInputError(f"retries must be 0 or more, received {retries}.")
    for name, number, least in (("cpus", cpus, _SMALLEST_FRACTION), ("gpus", gpus, 0)):
        whole = math.isfinite(number) and number == int(number)
        if not (least <= number <= 1 or (number > 1 and whole)) or 0 < number < _SMALLEST_FRACTION:
            raise InvalidInputError(
                f"{name}_per_task must be a fraction of at least {_SMALLEST_FRACTION:g}"
                f"{'' if least else ', 0,'} or a whole number, received {number!r}."
            )
