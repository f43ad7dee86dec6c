"""Independent tasks in spawned processes of this machine.

Every task runs in a spawned process with one computing thread: two such processes use a two-core
machine better than one process with two threads, and one thread gives the same bits every time.
A task that raises, hangs past its time limit, or takes its process down (a crash in a decoder, the
kernel's memory killer) fails alone; the others go on in fresh processes.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Generic, NoReturn, TypeVar

# Pebble, because its pool survives the death of a worker and names the task that was lost.
from pebble import ProcessExpired, ProcessPool

from astsvm.errors import AstsvmError, InvalidInputError
from astsvm.execution.environment import ONE_THREAD, environment
from astsvm.execution.places import kept_places

__all__ = ["TaskOutcome", "WorkerLostError", "refuse_unguarded_script", "run_tasks"]

Task = TypeVar("Task")
Result = TypeVar("Result")

_GUARD_ADVICE = (
    "Worker processes import the script that starts them: it must be a file, not standard input, "
    "and do its work under `if __name__ == '__main__':`."
)
_PARENT_POLL_SECONDS = 1.0
_QUEUED_PER_WORKER = 2
_MOST_BREAKS = 3


class WorkerLostError(AstsvmError):
    """The process of a task died or ran past its time limit."""


@dataclass(frozen=True, slots=True)
class TaskOutcome(Generic[Result]):
    """What became of one task.

    Parameters
    ----------
    index : int
        Position of the task in the sequence given to :func:`run_tasks`.
    result : object or None
        What the function returned; None where it failed.
    error : Exception or None
        What the function raised, or a :class:`WorkerLostError`; None where it succeeded.
    """

    index: int
    result: Result | None
    error: Exception | None


def refuse_unguarded_script() -> None:
    """Refuse to work while a worker process is still importing the script that started it.

    To be called before anything is touched by what uses :func:`run_tasks`.

    Raises
    ------
    WorkerLostError
        If this is such a process: the script does its work when imported.
    """
    # The standard library has no public name for this; it refuses new processes by the same sign.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise WorkerLostError(f"the script does its work while it is imported. {_GUARD_ADVICE}")


def run_tasks(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    workers: int = 1,
    timeout: float | Callable[[], float | None] | None = None,
    attempts: int = 1,
    tasks_per_process: int = 0,
    places: Sequence[Mapping[str, str]] = (),
) -> Generator[TaskOutcome[Result]]:
    """Apply a function to every task in spawned processes and yield outcomes as they come.

    Parameters
    ----------
    function : callable
        A module-level function of one task; it and the tasks and results travel between processes.
    tasks : sequence
        The tasks. They start in this order; they may finish in another.
    workers : int
        Number of processes, at least 1.
    timeout : float or callable, optional
        Seconds, more than 0, a task may take before its process is ended and the task fails; a
        callable is asked anew whenever a task is handed out.
    attempts : int
        How often a task is tried whose process dies or is ended. What a task raises it would raise
        again, so that fails it at once.
    tasks_per_process : int
        Replace a process by a fresh one after so many tasks; 0 never does.
    places : sequence of mapping of str to str, optional
        Environment variables, such as which GPU is seen, that no two processes share at a time;
        there are at most as many processes.

    Yields
    ------
    TaskOutcome
        One for each task, in the order in which they finish.

    Raises
    ------
    InvalidInputError
        If `workers` or `attempts` is smaller than 1, or `timeout` is no positive number.
    WorkerLostError
        If processes cannot be started at all.
    """
    for name, number in (("workers", workers), ("attempts", attempts)):
        if number < 1:
            raise InvalidInputError(f"{name} must be 1 or more, received {number}.")
    limit = timeout if callable(timeout) else lambda: timeout
    if not callable(timeout):
        _seconds(limit)
    if not tasks:
        return
    with environment(ONE_THREAD), kept_places(places) as take_place:
        # Started here, since its start unblocks signals in the thread that does it.
        resource_tracker.ensure_running()
        upcoming = deque((index, 1) for index in range(len(tasks)))
        breaks = 0
        while upcoming:
            pool = ProcessPool(
                max_workers=min(workers, len(upcoming), len(places) or workers),
                max_tasks=tasks_per_process,
                initializer=_prepare_worker,
                initargs=[os.getpid(), take_place],
                context=multiprocessing.get_context("spawn"),
            )
            most_waiting = workers * _QUEUED_PER_WORKER
            try:
                for outcome in _drive(
                    pool, function, tasks, upcoming, limit, attempts, most_waiting
                ):
                    breaks = 0
                    yield outcome
                pool.close()
            except BrokenProcessPool as error:
                # A process that is killed before it has a task takes Pebble's whole pool along.
                breaks += 1
                if breaks == _MOST_BREAKS:
                    _refuse_broken_pool(error)
            finally:
                # After a normal end this returns at once; an interrupt or an abandoned iteration
                # must not leave processes behind.
                pool.stop()
                pool.join()


def _drive(
    pool: ProcessPool,
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    upcoming: deque[tuple[int, int]],
    limit: Callable[[], float | None],
    attempts: int,
    most_waiting: int,
) -> Iterator[TaskOutcome[Result]]:
    """Keep a few tasks waiting in the pool, and hand out again those whose process was lost.

    `upcoming` holds (index, attempt) of what is still to be handed out; if the pool breaks, what
    it took along is put back there first.
    """
    waiting: dict[Future[Result], tuple[int, int]] = {}
    try:
        while upcoming or waiting:
            while upcoming and len(waiting) < most_waiting:
                index, attempt = upcoming[0]
                with _interrupt_held_back():
                    future = _schedule(pool, function, tasks[index], _seconds(limit))
                waiting[future] = upcoming.popleft()
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                index, attempt = waiting[future]
                outcome = _outcome(index, future, attempt)
                del waiting[future]
                if isinstance(outcome.error, WorkerLostError) and attempt < attempts:
                    upcoming.appendleft((index, attempt + 1))
                else:
                    yield outcome
    except BrokenProcessPool:
        upcoming.extendleft(reversed(waiting.values()))
        raise


def _seconds(limit: Callable[[], float | None]) -> float | None:
    seconds = limit()
    if seconds is not None and not 0 < seconds < math.inf:
        raise InvalidInputError(
            f"timeout must be a positive number of seconds, received {seconds!r}. "
            "Leave it out to set no limit."
        )
    return seconds


def _schedule(
    pool: ProcessPool, function: Callable[[Task], Result], task: Task, timeout: float | None
) -> Future[Result]:
    try:
        future: Future[Result] = pool.schedule(function, args=[task], timeout=timeout)
    except RuntimeError as error:
        raise BrokenProcessPool from error
    return future


def _refuse_broken_pool(error: Exception) -> NoReturn:
    """Say why no process lives long enough to take a task."""
    raise WorkerLostError(
        f"worker processes end as soon as they start; their messages stand above. {_GUARD_ADVICE}"
    ) from error


def _outcome(index: int, future: Future[Result], attempt: int) -> TaskOutcome[Result]:
    tried = f" (attempt {attempt})" if attempt > 1 else ""
    try:
        return TaskOutcome(index, future.result(), None)
    except BrokenProcessPool:
        raise
    except ProcessExpired as error:
        reason = _death(error.exitcode)
        return TaskOutcome(index, None, WorkerLostError(f"its process died: {reason}{tried}"))
    except TimeoutError as error:
        # Pebble's own; the system raises the same for a disk in the network that does not answer.
        if error.args[:1] != ("Task timeout",):
            return TaskOutcome(index, None, error)
        reason = f"its process was ended after {error.args[1]} seconds{tried}"
        return TaskOutcome(index, None, WorkerLostError(reason))
    except Exception as error:  # handed on to the caller, who knows what the task was
        return TaskOutcome(index, None, error)


def _death(exitcode: int | None) -> str:
    if exitcode is None:
        return "no exit code is known"
    if exitcode < 0:
        name = _signal_name(-exitcode)
        hint = " (often the system is out of memory)" if name == "SIGKILL" else ""
        return f"ended by {name}{hint}"
    return f"exit code {exitcode}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # Between SIGRTMIN and SIGRTMAX, signals have no names.
        return f"signal {number}"


@contextlib.contextmanager
def _interrupt_held_back() -> Iterator[None]:
    """Block SIGINT in this thread; threads and processes that start meanwhile inherit that.

    A worker could say so by itself only after its imports, and would answer an early Ctrl-C with
    a traceback. In this thread an interrupt is not lost but comes at the end of the block.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare_worker(parent: int, take_place: Callable[[], object]) -> None:
    # Ctrl-C reaches the whole process group; the driver alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=[parent], daemon=True).start()
    take_place()


def _end_with_parent(parent: int) -> None:
    """End this process when the driver is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_SECONDS)
    os._exit(1)
