"""`astsvm ablate`: the paper's ablation tables by one command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from astsvm.cli.options import (
    RESUMABLE,
    Names,
    chosen_settings,
    chosen_workers,
    cluster_option,
    json_option,
    kept_on_interrupt,
    quiet_option,
    resume_option,
    settings_options,
    workers_option,
)
from astsvm.cli.progress import run_progress_bar
from astsvm.datasets.protocols import PROTOCOLS

__all__ = ["ablate"]

EXIT_SKIPPED = 3
_FEATURES = 8


@click.command()
@click.argument(
    "clips", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--tables",
    type=Names("9", "10", "11", "12"),
    default="9,10,11,12",
    show_default=True,
    help="Of the paper: streams, attention, modules, classifier.",
)
@click.option(
    "--features",
    is_flag=True,
    help="Table 8 as well: hand-crafted features under the method's SVM.",
)
@click.option(
    "--protocol",
    type=click.Choice(list(PROTOCOLS)),
    default="as-labelled",
    show_default=True,
    help="The classes: those of the sheets, or a published choice of them.",
)
@settings_options
@click.option("--epochs", type=click.IntRange(1), help="Epochs of the method, fixed beforehand.")
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="1..K.")
@workers_option
@cluster_option
@resume_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder to write: a run's folder for each row, and the page.",
)
@quiet_option
@json_option
@click.pass_context
def ablate(
    ctx: click.Context,
    clips: tuple[Path, ...],
    tables: tuple[str, ...],
    features: bool,
    protocol: str,
    preset: str | None,
    settings_file: Path | None,
    epochs: int | None,
    seeds: int,
    workers: int,
    cluster: str | None,
    resume: bool,
    output: Path,
    quiet: bool,
    as_json: bool,
) -> None:
    """Compute the paper's ablation tables on CLIPS, files that `astsvm preprocess` wrote.

    Each row is the method with one of its choices changed, judged one subject held out at a time,
    by both heads. Rows that stand in several tables are run once. What the clips do not allow is
    listed with the reason. The folder gets ablation.html, ablation.md and ablation.json: ours with
    intervals and floors, the paper's figures beside them, and which differences from the whole
    method are distinguishable.
    """
    from astsvm.evaluation.ablation import run_ablation
    from astsvm.reporting.ablation_page import ablation_markdown, write_ablation_page

    settings = chosen_settings(preset, settings_file)
    if epochs is not None:
        settings = settings.replace(training=settings.training.replace(epochs=epochs))
    with kept_on_interrupt(RESUMABLE):
        results = run_ablation(
            clips,
            settings,
            output,
            tables=[*map(int, tables), *([_FEATURES] if features else [])],
            protocol=protocol,
            seeds=seeds,
            workers=chosen_workers(ctx, workers, cluster),
            cluster=cluster,
            resume=resume,
            watching=lambda name: run_progress_bar(f"folds of run {name}", quiet=quiet),
        )
    page = write_ablation_page(output)
    if as_json:
        click.echo(json.dumps(results, indent=1, ensure_ascii=False))
    else:
        click.echo(f"page: {page}", err=True)
        click.echo(ablation_markdown(results))
    if _incomplete(results):
        ctx.exit(EXIT_SKIPPED)


def _incomplete(results: dict[str, Any]) -> bool:
    """Tell whether a fold of any run gave no result; a row that is not possible is no fault."""
    rows = [row for table in results["tables"] for row in table["rows"]]
    return any(row["complete"] is False for row in rows)
