"""`astsvm preprocess`: from clips on disk to one file of features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from astsvm.cli.options import (
    RESUMABLE,
    Seconds,
    chosen_settings,
    chosen_workers,
    cluster_option,
    corrections_option,
    dataset_option,
    json_option,
    kept_on_interrupt,
    quiet_option,
    resume_option,
    settings_options,
    workers_option,
)
from astsvm.cli.preprocess_output import EventLines, outcome_json, outcome_line, remark_lines
from astsvm.cli.progress import clip_progress_bar

if TYPE_CHECKING:
    from astsvm.preprocess_progress import PreprocessProgress

__all__ = ["preprocess"]


@click.command()
@click.argument("root", type=click.Path(exists=True, file_okay=False, path_type=Path))
@dataset_option
@corrections_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The clip file to write (.h5).",
)
@settings_options
@workers_option
@cluster_option
@resume_option
@click.option(
    "--landmarks",
    "landmarks_path",
    type=click.Path(exists=True, path_type=Path),
    help="CSV with the onset landmarks of each clip, instead of dlib's; or a folder with a CSV of "
    "OpenFace or MediaPipe for each clip.",
)
@click.option(
    "--clip-timeout",
    type=Seconds(),
    help="Give a clip up after so many seconds.",
)
@json_option
@quiet_option
@click.pass_context
def preprocess(
    ctx: click.Context,
    root: Path,
    name: str,
    corrections: bool,
    output: Path,
    preset: str | None,
    settings_file: Path | None,
    workers: int,
    cluster: str | None,
    resume: bool,
    landmarks_path: Path | None,
    clip_timeout: float | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Align, magnify, interpolate and describe every clip of the database in ROOT.

    For your own clips (--dataset folder), ROOT holds clips.csv with the columns clip, subject,
    label, path and, if you have them, database, onset, apex, offset, fps. For a database, ROOT is
    the folder of its unpacked archive with the annotation sheet; `astsvm check` tells its faults.

    A clip that fails is recorded in the file with its reason; the exit code is then 3. With --json
    the outcome is one JSON object on stdout, and each event a line of JSON on stderr, unless
    --quiet is given.
    """
    from astsvm.datasets import load_dataset
    from astsvm.pipeline import preprocess_dataset
    from astsvm.preprocess_progress import failures_by_reason

    settings = chosen_settings(preset, settings_file)
    dataset = load_dataset(name, root, corrections=corrections)
    landmarks = None
    if landmarks_path is not None:
        from astsvm.preprocessing import landmarks_of_clips

        landmarks = landmarks_of_clips(landmarks_path, dataset.clips)
    events = EventLines(dataset) if as_json and not quiet else None
    with _watching(events, quiet=quiet) as watch:
        summary = preprocess_dataset(
            dataset,
            output,
            settings.preprocessing,
            workers=chosen_workers(ctx, workers, cluster),
            cluster=cluster,
            resume=resume,
            landmarks=landmarks,
            clip_timeout=clip_timeout,
            watch=watch,
            checking=None if quiet or as_json else _tell_checking,
        )
    groups = failures_by_reason(dataset, summary.problems)
    if events is not None:
        events.finished(summary, groups)
    if as_json:
        click.echo(outcome_json(summary, dataset, groups))
    else:
        for line in remark_lines(summary, dataset, groups):
            click.echo(line, err=True)
        if landmarks is not None:
            click.echo(f"landmarks given for {summary.given_landmarks} clips, dlib's elsewhere")
        click.echo(outcome_line(summary, dataset))
    if summary.problems:
        ctx.exit(3)


def _tell_checking(clips: int) -> None:
    click.echo(f"checking {clips} finished clips and their source files", err=True)


@contextmanager
def _watching(
    events: EventLines | None, *, quiet: bool
) -> Iterator[Callable[[PreprocessProgress], None] | None]:
    """Yield what tells how far the work is, to machines or to people; and say how to go on."""
    if events is None:
        with kept_on_interrupt(RESUMABLE), clip_progress_bar("clips", quiet=quiet) as watch:
            yield watch
        return
    try:
        yield events.watch
    except KeyboardInterrupt:
        events.interrupted(RESUMABLE)
        raise
