"""`astsvm check`: every fault of a database, before hours are spent on it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from astsvm.cli.options import (
    corrections_option,
    dataset_option,
    json_option,
    quiet_option,
    workers_option,
)
from astsvm.cli.progress import progress_bar

if TYPE_CHECKING:
    from rich.console import Console

    from astsvm.checking import Check
    from astsvm.datasets import Problem

__all__ = ["check"]

_WIDTH_OF_A_FILE = 160


@click.command()
@click.argument("root", type=click.Path(exists=True, file_okay=False, path_type=Path))
@dataset_option
@click.option("--frames", is_flag=True, help="Decode every frame as well; this takes minutes.")
@corrections_option
@workers_option
@json_option
@quiet_option
@click.pass_context
def check(
    ctx: click.Context,
    root: Path,
    name: str,
    frames: bool,
    corrections: bool,
    workers: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """List every fault of the database in ROOT, and count what it holds.

    Each fault is told with its row, its clip, what is wrong, and what `astsvm preprocess` will do
    about it. Counts stand beside those that the owners published.

    The exit code is 3 if anything is left out, corrected or doubtful.
    """
    from astsvm.checking import check_dataset
    from astsvm.datasets import load_dataset

    dataset = load_dataset(name, root, corrections=corrections)
    if not corrections:
        click.echo("known errors and contradictions are left as they are", err=True)
    with progress_bar("clips", quiet=quiet) as progress:
        result = check_dataset(dataset, frames=frames, workers=workers, progress=progress)
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=2))
    else:
        _print(result)
    if not result.is_clean:
        ctx.exit(3)


def _print(result: Check) -> None:
    from rich.console import Console

    # A file or a pipe has no width of its own; tables for it need not fit a small window.
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_FILE
    console = Console(file=sys.stdout, width=width, highlight=False)
    dataset = result.dataset
    variant = f", variant {dataset.variant}" if dataset.variant else ""
    mark = "SYNTHETIC  " if dataset.synthetic else ""
    console.print(f"{mark}{dataset.name}{variant}: {dataset.root}", markup=False)
    if dataset.sheet is not None:
        console.print(f"sheet: {dataset.sheet}", markup=False)
    if dataset.hearsay:
        console.print(f"Note: {dataset.hearsay}", markup=False)
    _print_faults(console, "rows, clips and folders left out", result, result.problems)
    _print_faults(console, "kept, but corrected or doubtful", result, result.corrections)
    _print_counts(console, result)


def _print_faults(console: Console, title: str, result: Check, problems: Iterable[Problem]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    problems = list(problems)
    console.print(f"\n{title}: {len(problems)}")
    if not problems:
        return
    table = Table("file", "row", "clip", "what is wrong", "what is done", box=box.SIMPLE)
    for problem in problems:
        row = "" if problem.row is None else str(problem.row)
        file = os.path.relpath(problem.file, result.dataset.root)
        cells = (file, row, problem.clip or "", problem.reason, problem.action)
        # As plain text: a clip's name is data and no markup.
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    console.print(table)


def _print_counts(console: Console, result: Check) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # Nobody has published what one's own clips are, or drawn ones.
    beside = [] if result.clips[1] is None else ["published"]
    table = Table("", "found", *beside, box=box.SIMPLE)
    counts = {"clips": result.clips, "subjects": result.subjects, **result.labels}
    for name, (found, published) in counts.items():
        table.add_row(Text(name), str(found), *(str(published) for _ in beside))
    console.print(table)
