"""What a command may not write over: the files it was given to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

__all__ = ["refuse_lost_inputs"]


def refuse_lost_inputs(outputs: Mapping[str, Path | None], inputs: Iterable[Path | None]) -> None:
    """Refuse outputs that are an input, lie in a folder that is one, or are one file.

    Parameters
    ----------
    outputs : mapping of str to Path or None
        Files to write by option; None where an option was not given.
    inputs : iterable of Path or None
        Files and folders to read.

    Raises
    ------
    click.UsageError
        That names the option, and the input that would be lost.
    """
    read = [(path, path.resolve()) for path in inputs if path is not None]
    written: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        target = path.resolve()
        for named, source in read:
            if target == source:
                raise click.UsageError(
                    f"{option} {path} would overwrite the input {named}. Name another file."
                )
            # A picture among frames would be taken for a frame the next time.
            if source in target.parents:
                raise click.UsageError(
                    f"{option} {path} lies in the input {named}. Write it elsewhere."
                )
        if target in written:
            raise click.UsageError(f"{written[target]} and {option} name one file, {path}.")
        written[target] = option
