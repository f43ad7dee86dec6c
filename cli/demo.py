"""`astsvm demo`: from nothing to a leave-one-subject-out result, on a synthetic corpus."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from astsvm.cli.options import kept_on_interrupt, quiet_option, workers_option
from astsvm.cli.progress import clip_progress_bar, progress_bar, run_progress_bar
from astsvm.cli.result_table import print_result

__all__ = ["demo"]

SUBJECTS = 8
CLIPS = 6
DIFFICULTY = "easy"
FRAME_SIZE = (320, 240)
SEED = 1


@click.command()
@click.argument("folder", default="astsvm-demo", type=click.Path(file_okay=False, path_type=Path))
@workers_option
@quiet_option
@click.pass_context
def demo(ctx: click.Context, folder: Path, workers: int, quiet: bool) -> None:
    """Run everything once on a SYNTHETIC corpus, in minutes.

    Draws faces with known motion into FOLDER (default: astsvm-demo), preprocesses them, judges the
    method leave-one-subject-out, and writes a report. What is already there is used again. No
    accuracy on synthetic faces says anything about real ones.
    """
    with kept_on_interrupt("The same command goes on after the last step that was finished."):
        _make_corpus(folder / "corpus", workers, quiet)
        _preprocess(folder, workers, quiet)
        metrics = _train(folder, workers, quiet)
    _draw_example(folder)
    click.echo(f"pictures: {folder / 'clip.png'} and {folder / 'run' / 'figures'}")
    click.echo(f"report:   {folder / 'run' / 'report.html'}")
    click.echo(f"The corpus is of the difficulty {DIFFICULTY!r}, the preset `demo`.\n")
    print_result(ctx, metrics, as_json=False)


def _make_corpus(corpus: Path, workers: int, quiet: bool) -> None:
    from astsvm.datasets.synthetic import write_corpus
    from astsvm.errors import DatasetError

    # The sheet is written last: with it, the corpus is whole.
    if (corpus / "SYNTHETIC.json").exists() and (corpus / "clips.csv").exists():
        return
    if corpus.exists():
        raise DatasetError(
            f"{corpus} exists and is no whole synthetic corpus; expected a new folder. "
            "Name another one: astsvm demo FOLDER."
        )
    # Drawn under another name first: an interrupted run leaves no half corpus behind.
    partial = corpus.with_name(corpus.name + ".partial")
    if partial.exists():
        shutil.rmtree(partial)
    with progress_bar("drawing synthetic clips", quiet=quiet) as progress:
        write_corpus(
            partial,
            subjects=SUBJECTS,
            clips=CLIPS,
            difficulty=DIFFICULTY,
            seed=SEED,
            size=FRAME_SIZE,
            workers=workers,
            progress=progress,
        )
    partial.rename(corpus)


def _preprocess(folder: Path, workers: int, quiet: bool) -> None:
    from astsvm.config import Settings
    from astsvm.datasets import load_dataset
    from astsvm.pipeline import preprocess_dataset

    if (folder / "clips.h5").exists():
        return
    with clip_progress_bar("preprocessing clips", quiet=quiet) as watch:
        preprocess_dataset(
            load_dataset("folder", folder / "corpus"),
            folder / "clips.h5",
            Settings.from_preset("demo").preprocessing,
            workers=workers,
            resume=True,
            watch=watch,
        )


def _train(folder: Path, workers: int, quiet: bool) -> dict[str, Any]:
    from astsvm import run_loso
    from astsvm.reporting import write_report

    with run_progress_bar("leaving subjects out", quiet=quiet) as watch:
        metrics: dict[str, Any] = run_loso(
            folder / "clips.h5",
            "demo",
            folder / "run",
            workers=workers,
            resume=True,
            watch=watch,
        )
    write_report(folder / "run")
    return metrics


def _draw_example(folder: Path) -> None:
    from astsvm.reporting.clip_picture import draw_clip
    from astsvm.storage import open_clips

    with open_clips(folder / "clips.h5") as clips:
        draw_clip(clips, 0, folder / "clip.png")
