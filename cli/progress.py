"""The progress of long work, on stderr: a bar with the time left, or plain lines in a log file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

__all__ = ["progress_bar"]

_SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def progress_bar(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
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
        ``progress(done, total)``, or None when quiet.
    """
    if quiet:
        yield None
    elif sys.stderr is not None and sys.stderr.isatty():
        with _bar(what) as progress:
            yield progress
    else:
        yield _lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    task = bar.add_task(what, total=None)

    def progress(done: int, total: int) -> None:
        if not bar.live.is_started:
            bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield progress
    finally:
        if bar.live.is_started:
            bar.stop()


def _lines(what: str) -> Callable[[int, int], None]:
    """Write a line now and then: whoever reads a batch job's log sees that it lives."""
    began = time.monotonic()
    last = -_SECONDS_BETWEEN_LINES

    def progress(done: int, total: int) -> None:
        nonlocal last
        elapsed = time.monotonic() - began
        if done < total and elapsed - last < _SECONDS_BETWEEN_LINES:
            return
        last = elapsed
        click.echo(f"{what}: {done} of {total} after {elapsed:.0f} s", err=True)

    return progress
