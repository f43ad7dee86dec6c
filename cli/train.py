"""`astsvm train`: judge the method, one subject held out at a time, or train a model on all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from astsvm.cli.final_model import train_final
from astsvm.cli.options import (
    RESUMABLE,
    Names,
    Seconds,
    chosen_settings,
    chosen_workers,
    cluster_option,
    json_option,
    kept_on_interrupt,
    quiet_option,
    refuse_idle,
    resume_option,
    settings_options,
    workers_option,
)
from astsvm.cli.progress import run_progress_bar
from astsvm.cli.result_table import print_result
from astsvm.config import InnerSettings
from astsvm.datasets.protocols import PROTOCOLS

if TYPE_CHECKING:
    from astsvm.evaluation.run_progress import RunProgress
    from astsvm.reporting.tensorboard import TensorboardLog

__all__ = ["train"]

_OF_LOSO = (
    "seeds",
    "workers",
    "cluster",
    "gpus_per_fold",
    "oracle_epoch",
    "permute_labels",
    "fold_timeout",
    "tensorboard",
    "resume",
)
_OF_FINAL = ("seed", "calibrate", "metrics_run")
"""Parameters that have a meaning with --loso, or with --final, only."""


@click.command()
@click.argument(
    "clips", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--loso", is_flag=True, help="Judge: leave one subject out at a time.")
@click.option("--final", is_flag=True, help="Train one model on all clips, to be used.")
@click.option(
    "--protocol",
    type=click.Choice(list(PROTOCOLS)),
    default="as-labelled",
    show_default=True,
    help="The classes: those of the sheets, or a published choice of them.",
)
@settings_options
@click.option("--epochs", type=click.IntRange(1), help="Epochs, fixed beforehand.")
@click.option(
    "--seeds", type=click.IntRange(1), default=1, show_default=True, help="With --loso: 1..K."
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the --final model."
)
@click.option(
    "--calibrate",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="RUN",
    help="With --final: a finished --loso run of the same clips and settings, whose held-out "
    "scores give the model its probabilities.",
)
@click.option(
    "--metrics",
    "metrics_run",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="RUN",
    help="With --final: such a run, whose figures go into the model card.  [default: that of "
    "--calibrate]",
)
@workers_option
@cluster_option
@click.option(
    "--gpus-per-fold",
    type=click.FloatRange(0),
    help="GPUs of a fold; 0.25 lets four folds share one, 0 uses none.  [default: the workers "
    "share those of this machine; on a cluster 0]",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "mixed_bfloat16"]),
    help="mixed_bfloat16: convolve in half the bits, which GPUs are fast at.",
)
@click.option("--streams", type=Names("flow", "idsf"), help="Features to use: flow,idsf.")
@click.option(
    "--attention",
    type=click.Choice(["fam", "cam", "sam", "none"]),
    help="Fusion attention, only its channel or its spatial part, or none.",
)
@click.option("--modules", type=Names("2d", "3d"), help="Inception modules: 2d,3d.")
@click.option(
    "--class-weight",
    type=click.Choice(["none", "balanced"]),
    help="Weights of the classes in the loss and in the SVM.",
)
@click.option(
    "--augmentation",
    type=click.Choice(["none", "flip"]),
    help="flip: mirror training clips inside the fold.",
)
@click.option(
    "--inner",
    is_flag=True,
    help="Choose epochs, C and gamma in every fold, by a split of its training subjects.",
)
@click.option(
    "--oracle-epoch",
    is_flag=True,
    help="LEAK METER: what choosing the epoch on the held-out subjects would have claimed.",
)
@click.option(
    "--permute-labels",
    type=click.IntRange(0),
    is_flag=False,
    flag_value=1,
    metavar="[SEED]",
    help="NULL RUN: permute the labels among the clips first; nothing is left to learn.",
)
@click.option(
    "--fold-timeout",
    type=Seconds(),
    metavar="SECONDS",
    help="A fold that takes longer counts as hung.  [default: ten times the longest so far]",
)
@click.option(
    "--tensorboard",
    is_flag=True,
    help="Write scalars of every fold for TensorBoard, to the run's folder.",
)
@resume_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The run's folder to write; with --final the model's file.",
)
@quiet_option
@json_option
@click.pass_context
def train(
    ctx: click.Context,
    clips: tuple[Path, ...],
    loso: bool,
    final: bool,
    protocol: str,
    preset: str | None,
    settings_file: Path | None,
    epochs: int | None,
    seeds: int,
    seed: int,
    calibrate: Path | None,
    metrics_run: Path | None,
    workers: int,
    cluster: str | None,
    gpus_per_fold: float | None,
    precision: str | None,
    streams: tuple[str, ...] | None,
    attention: str | None,
    modules: tuple[str, ...] | None,
    class_weight: str | None,
    augmentation: str | None,
    inner: bool,
    oracle_epoch: bool,
    permute_labels: int | None,
    fold_timeout: float | None,
    tensorboard: bool,
    resume: bool,
    output: Path,
    quiet: bool,
    as_json: bool,
) -> None:
    """Judge the method on CLIPS, files that `astsvm preprocess` wrote, or train a model on them.

    With --loso, every subject is held out once; everything is fitted on the others. Several files
    form one composite set. The folder of the run gets config.json, the folds, predictions.csv,
    metrics.json, megc_log.txt, figures and report.html.

    A fold that fails is left out with its reason, one whose process dies or hangs after three
    tries; the exit code is then 3.

    With --final, the method is trained on all clips, and the model is written to one file for
    `astsvm predict`. It cannot be judged by clips it has seen: that is what --loso is for.
    """
    if loso == final:
        raise click.UsageError(
            "say how to train, by one of two: --loso holds out one subject at a time and judges "
            "the method; --final trains one model on all clips, to be used."
        )
    refuse_idle(ctx, _OF_LOSO if final else _OF_FINAL, "--final" if final else "--loso")
    settings = chosen_settings(preset, settings_file)
    network = {
        "streams": streams,
        "attention": attention,
        "modules": modules,
        "precision": precision,
    }
    training = {
        "epochs": epochs,
        "class_weight": class_weight,
        "augmentation": augmentation,
        "inner": (settings.training.inner or InnerSettings()) if inner else None,
    }
    settings = settings.replace(
        network=settings.network.replace(**_given(network)),
        training=settings.training.replace(**_given(training)),
    )
    if final:
        train_final(clips, settings, protocol, seed, calibrate, metrics_run, output, as_json, quiet)
        return
    from astsvm import run_loso
    from astsvm.reporting import write_report
    from astsvm.reporting.tensorboard import TensorboardLog

    log = TensorboardLog(output) if tensorboard else None
    with (
        kept_on_interrupt(RESUMABLE),
        run_progress_bar("folds", quiet=quiet) as watch,
    ):
        metrics = run_loso(
            clips,
            settings,
            output,
            protocol=protocol,
            seeds=seeds,
            workers=chosen_workers(ctx, workers, cluster),
            cluster=cluster,
            gpus_per_fold=gpus_per_fold,
            resume=resume,
            oracle_epoch=oracle_epoch,
            permute_labels=permute_labels,
            fold_timeout=fold_timeout,
            watch=_watching(watch, log),
        )
    if log:
        log.finish()
    report = write_report(output)
    if not as_json:
        click.echo(f"report: {report}", err=True)
    print_result(ctx, metrics, as_json=as_json)


def _watching(
    watch: Callable[[RunProgress], None] | None, log: TensorboardLog | None
) -> Callable[[RunProgress], None]:
    """Show how far a run is, and write its folds to TensorBoard's files as they come."""

    def tell(state: RunProgress) -> None:
        if watch:
            watch(state)
        if log:
            log.update()

    return tell


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Leave out the options that were not given."""
    return {name: value for name, value in options.items() if value is not None}
