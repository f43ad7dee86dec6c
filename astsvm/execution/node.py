"""What a process on a node of a cluster does with a task."""

from __future__ import annotations

import os
import pickle
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from astsvm.errors import AstsvmError
from astsvm.execution.local import WorkerLostError

__all__ = ["FAREWELL_SECONDS", "Answer", "answer_task"]

Task = TypeVar("Task")
Shared = TypeVar("Shared")
Result = TypeVar("Result")

FAREWELL_SECONDS = 2.0
"""What a process has left, once it has said that its task ran past its time."""

_FAREWELL_TURNS = 40

_given_up = threading.Event()
"""Set once a task has run past its time here; this process is about to end."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[Result]):
    """What a node says about a task.

    Parameters
    ----------
    result : object or None
        What the function returned.
    error : Exception or None
        What the function raised.
    refusal : str
        Why this node must not be used at all; else empty.
    ending : bool
        The process is about to end and has not begun the task; another one may.
    """

    result: Result | None = None
    error: Exception | None = None
    refusal: str = ""
    ending: bool = False


def answer_task(
    function: Callable[[Task, Shared], Result],
    task: Task,
    shared: Shared,
    software: Callable[[], Mapping[str, str]],
    expected: Mapping[str, str],
    timeout: float | None,
) -> Answer[Result]:
    """Run a task, unless the software of this node is other than expected.

    Parameters
    ----------
    function, task, shared, software, timeout
        See :func:`astsvm.execution.cluster.run_cluster_tasks`.
    expected : mapping of str to str
        What `software` says where the tasks come from.

    Returns
    -------
    Answer
        An exception of the function is in it, and not raised: Ray would wrap it.
    """
    if _given_up.is_set():
        # The task that was given up goes on until the process ends, and what it computes with may
        # be what this one would use.
        return Answer(ending=True)
    if differences := _differences(expected, _software_here(software)):
        return Answer(
            refusal=f"the node {socket.gethostname()} runs other software than this machine: "
            f"{differences}. Install the same on every node, or leave this node out."
        )
    try:
        if timeout is None:
            return Answer(function(task, shared))
        return Answer(_within(timeout, function, task, shared))
    except Exception as error:  # handed on to the caller, who knows what the task was
        return Answer(error=_portable(error))


@cache
def _software_here(software: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
    return software()


def _differences(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    names = sorted(expected.keys() | found.keys())
    return "; ".join(
        f"{name}: {found.get(name, 'nothing')} there, {expected.get(name, 'nothing')} here"
        for name in names
        if found.get(name) != expected.get(name)
    )


def _within(
    seconds: float, function: Callable[[Task, Shared], Result], task: Task, shared: Shared
) -> Result:
    """Run a task in a thread that is given up, with its process, when the time is over."""
    outcome: Future[Result] = Future()

    def work() -> None:
        try:
            outcome.set_result(function(task, shared))
        except Exception as error:  # raised again where it is waited for
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return outcome.result(min(seconds, threading.TIMEOUT_MAX))
    except TimeoutError:
        if outcome.done():
            raise
        # A thread cannot be ended, a process can, once it has said why.
        _given_up.set()
        threading.Thread(target=_leave_after_farewell, daemon=True).start()
        raise WorkerLostError(f"its process was ended after {seconds:g} seconds") from None


def _leave_after_farewell() -> None:
    """End this process once the interpreter has taken turns in which the answer could leave.

    Native code of the task may hold the interpreter for seconds on end. One long sleep could be
    over then before the thread that answers has had a single turn.
    """
    for _ in range(_FAREWELL_TURNS):
        time.sleep(FAREWELL_SECONDS / _FAREWELL_TURNS)
    os._exit(1)


def _portable(error: Exception) -> Exception:
    """Return the error, or one that says the same where it cannot travel."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - what this very process has just made
    except Exception:
        return AstsvmError(f"{type(error).__name__}: {error}")
    return error
