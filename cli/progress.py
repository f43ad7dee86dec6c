"""The progress of long work, on stderr: a bar with the time left, or plain lines in a log file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from astsvm.evaluation.run_progress import RunProgress
    from astsvm.preprocess_progress import PreprocessProgress

__all__ = ["Pace", "clip_progress_bar", "progress_bar", "run_progress_bar"]

_SECONDS_BETWEEN_LINES = 30.0
_HEADS = {"svm": "SVM", "softmax": "softmax"}

Tell = Callable[[int, int | None, str], None]
"""Receives what is done, what there is in all, None if nobody knows, and a remark."""


@contextmanager
def progress_bar(
    what: str, *, quiet: bool = False
) -> Iterator[Callable[[int, int | None], None] | None]:
    """Show how far a library function is that calls what this yields.

    Nothing is shown before the first call: a refusal is not preceded by an empty bar.

    Parameters
    ----------
    what : str
        What is counted, for example ``"clips"``.
    quiet : bool
        Show nothing.

    Yields
    ------
    callable or None
        ``progress(done, total)``, or None when quiet. The total is None if nobody knows it.
    """
    with _display(what, quiet=quiet) as tell:
        yield None if tell is None else lambda done, total: tell(done, total, "")


@contextmanager
def run_progress_bar(
    what: str, *, quiet: bool = False
) -> Iterator[Callable[[RunProgress], None] | None]:
    """Show how far a run is: folds, seeds, UF1 so far, and the time left.

    Parameters
    ----------
    what : str
        What the folds are called.
    quiet : bool
        Show nothing.

    Yields
    ------
    callable or None
        What :func:`astsvm.run_loso` takes as ``watch``, or None when quiet.
    """
    with _display(what, quiet=quiet) as tell:
        yield None if tell is None else lambda state: tell(state.done, state.total, _remark(state))


@contextmanager
def clip_progress_bar(
    what: str, *, quiet: bool = False
) -> Iterator[Callable[[PreprocessProgress], None] | None]:
    """Show how far `preprocess` is: clips done, failed and per second, and the time left.

    Parameters
    ----------
    what : str
        What the clips are called.
    quiet : bool
        Show nothing.

    Yields
    ------
    callable or None
        What :func:`astsvm.pipeline.preprocess_dataset` takes as ``watch``, or None when quiet.
    """
    pace = Pace()

    def watch(state: PreprocessProgress) -> None:
        pace.note(state.done, state.total)
        if tell is not None and state.total:
            tell(state.done, state.total, _clip_remark(state, pace.per_second))

    with _display(what, quiet=quiet) as tell:
        yield None if tell is None else watch


def _clip_remark(state: PreprocessProgress, per_second: float | None) -> str:
    parts = [f"{state.failed} failed"]
    if state.reused:
        parts.append(f"{state.reused} of an earlier run")
    if per_second is not None:
        parts.append(f"{per_second:.2g} per second")
    return "; ".join(parts)


def _remark(state: RunProgress) -> str:
    """Say how many seeds are done, where there are several, and the running UF1."""
    if not state.done:
        return "the first fold of each process takes longest: TensorFlow compiles"
    parts = [f"seeds {state.seeds_done} of {state.seeds}"] if state.seeds > 1 else []
    if state.running_uf1:
        figures = ", ".join(f"{name} {state.running_uf1[h]:.3f}" for h, name in _HEADS.items())
        parts.append(f"UF1 so far: {figures}")
    return "; ".join(parts)


@contextmanager
def _display(what: str, *, quiet: bool) -> Iterator[Tell | None]:
    if quiet:
        yield None
    elif sys.stderr is not None and sys.stderr.isatty():
        with _bar(what) as tell:
            yield tell
    else:
        yield _lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Tell]:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    task = bar.add_task(what, total=None, left="")
    pace, remark = Pace(), Text()
    # On a line of its own: beside the bar, 80 columns would leave no room for the count.
    live = Live(
        get_renderable=lambda: Group(bar, remark) if remark.plain else bar,
        console=Console(stderr=True),
    )

    def tell(done: int, total: int | None, text: str) -> None:
        if not live.is_started:
            live.start()
        pace.note(done, total)
        bar.update(task, completed=done, total=total, left=_left(pace))
        remark.plain = text

    try:
        yield tell
    finally:
        if live.is_started:
            live.stop()


def _lines(what: str) -> Tell:
    """Write a line now and then: whoever reads a batch job's log sees that it lives."""
    pace = Pace()
    last = -_SECONDS_BETWEEN_LINES

    def tell(done: int, total: int | None, remark: str) -> None:
        nonlocal last
        pace.note(done, total)
        # A bare count at once would only say that the work has begun.
        before = max(last, 0) if total is None else last
        if done != total and pace.elapsed - before < _SECONDS_BETWEEN_LINES:
            return
        last = pace.elapsed
        reached = str(done) if total is None else f"{done} of {total}"
        parts = [f"{what}: {reached} after {pace.elapsed:.0f} s", _left(pace), remark]
        click.echo("; ".join(part for part in parts if part), err=True)

    return tell


class Pace:
    """How fast things get done, and how long the rest will take at that pace.

    What an earlier run has left made no pace. Nor does the first thing that is finished, once there
    are two more: processes start with it.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._found: int | None = None
        self._first: tuple[int, float] | None = None
        self.elapsed = 0.0
        """Seconds since this was made, when something was last noted."""
        self.per_second: float | None = None
        """Things done per second; None before there is a pace."""
        self.seconds_left: float | None = None
        """Seconds for what is left; None without a pace or a total, and at the end."""

    def note(self, done: int, total: int | None) -> None:
        """Note the time at which `done` of `total` things are done."""
        self.elapsed = time.monotonic() - self._began
        if self._found is None:
            self._found = done
        made = done - self._found
        self.seconds_left = None
        if made <= 0:
            return
        self._first = self._first or (made, self.elapsed)
        before, began = self._first if made >= self._first[0] + 2 else (0, 0.0)
        seconds = self.elapsed - began
        self.per_second = (made - before) / seconds if seconds > 0 else None
        if total is not None and done < total:
            self.seconds_left = seconds / (made - before) * (total - done)


def _left(pace: Pace) -> str:
    """Return the time left in words; none before there is a pace."""
    return "" if pace.seconds_left is None else f"about {_duration(pace.seconds_left)} left"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
