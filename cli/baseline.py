"""`astsvm baseline`: a rival of the method, judged one subject held out at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from astsvm.cli.options import (
    RESUMABLE,
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
from astsvm.cli.progress import progress_bar, run_progress_bar
from astsvm.cli.result_table import print_result
from astsvm.datasets.protocols import PROTOCOLS

if TYPE_CHECKING:
    from astsvm.baselines import Baseline

__all__ = ["baseline"]


@click.command()
@click.argument("name", required=False)
@click.argument("clips", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--list",
    "list_them",
    is_flag=True,
    help="Name every baseline, its source and what it needs of clips, and stop.",
)
@click.option("--loso", is_flag=True, help="Judge: leave one subject out at a time.")
@click.option(
    "--protocol",
    type=click.Choice(list(PROTOCOLS)),
    default="as-labelled",
    show_default=True,
    help="The classes: those of the sheets, or a published choice of them.",
)
@click.option(
    "--epochs", type=click.IntRange(1), help="Epochs, fixed beforehand.  [default: its own]"
)
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="1..K.")
@click.option(
    "--as-network-input",
    is_flag=True,
    help="Train AST+SVMNet with its input as the only one, where that is a map.",
)
@settings_options
@workers_option
@cluster_option
@resume_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The run's folder to write.")
@quiet_option
@json_option
@click.pass_context
def baseline(
    ctx: click.Context,
    name: str | None,
    clips: tuple[Path, ...],
    list_them: bool,
    loso: bool,
    protocol: str,
    epochs: int | None,
    seeds: int,
    as_network_input: bool,
    preset: str | None,
    settings_file: Path | None,
    workers: int,
    cluster: str | None,
    resume: bool,
    output: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Judge the baseline NAME on CLIPS, files that `astsvm preprocess` wrote.

    Its input is made of every clip first and kept in the run's folder; then every subject is held
    out once, and network and SVM are fitted on the others. The folder is that of `astsvm train`,
    so `evaluate` and `compare` take it.

    With --as-network-input it is AST+SVMNet that is trained, by --preset or --settings, on what the
    baseline makes of a clip.
    """
    if list_them:
        _print_list(as_json=as_json)
        return
    if name is None or not clips or output is None or not loso:
        raise click.UsageError(
            "expected a baseline, clip files, --loso and -o RUN, for example: astsvm baseline "
            "flow_svm clips.h5 --loso -o run; or --list, which names every baseline."
        )
    if not as_network_input and (preset or settings_file):
        raise click.UsageError(
            "--preset and --settings are those of AST+SVMNet: give --as-network-input as well, or "
            "leave them out; a baseline has settings of its own."
        )
    from astsvm.evaluation.baseline_run import run_baseline
    from astsvm.reporting import write_report

    with (
        kept_on_interrupt(RESUMABLE),
        progress_bar("inputs", quiet=quiet) as input_progress,
        run_progress_bar("folds", quiet=quiet) as watch,
    ):
        metrics = run_baseline(
            name,
            clips,
            output,
            as_network_input=chosen_settings(preset, settings_file) if as_network_input else None,
            epochs=epochs,
            protocol=protocol,
            seeds=seeds,
            workers=chosen_workers(ctx, workers, cluster),
            cluster=cluster,
            resume=resume,
            input_progress=input_progress,
            watch=watch,
        )
    report = write_report(output)
    if not as_json:
        click.echo(f"report: {report}", err=True)
    print_result(ctx, metrics, as_json=as_json)


def _print_list(*, as_json: bool) -> None:
    from astsvm.baselines import all_baselines

    found = list(all_baselines().values())
    if as_json:
        rows = [_as_dict(one) for one in found]
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for one in found:
        mark = "; a map, which --as-network-input takes" if one.is_map else ""
        click.echo(f"{one.name}: {one.title}")
        click.echo(f"    {one.kind}, needs {', '.join(one.needs)}{mark}")
        click.echo(f"    source: {one.source}")


def _as_dict(one: Baseline) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "kind": one.kind,
        "needs": list(one.needs),
        "is_map": one.is_map,
        "source": one.source,
        "differs": list(one.differs),
    }
