"""`astsvm predict`: which micro-expression a clip shows."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import click

from astsvm.cli.options import json_option, quiet_option
from astsvm.cli.prediction_output import (
    Answer,
    Failure,
    prediction_lines,
    predictions_csv,
    predictions_json,
)
from astsvm.cli.progress import progress_bar

__all__ = ["predict"]

EXIT_SKIPPED = 3


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--model",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that `astsvm train --final` wrote.  [default: the shipped one, which was trained "
    "on SYNTHETIC clips]",
)
@click.option("--onset", type=click.IntRange(0), help="First frame of the clip, counted from 0.")
@click.option("--offset", type=click.IntRange(1), help="Last frame of the clip, counted from 0.")
@click.option(
    "--fps",
    type=click.FloatRange(0, min_open=True),
    help="Frames per second; needed for folders of frames.  [default: what the video states]",
)
@click.option(
    "--landmarks",
    "landmarks_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV with the landmarks of each clip's first frame, in the column `clip` the input as "
    "it is named here, instead of dlib's.",
)
@json_option
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a table, a row for each clip.",
)
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write frames, flow, differences, attention and scores to this PNG; for one input.",
)
@quiet_option
@click.pass_context
def predict(
    ctx: click.Context,
    inputs: tuple[Path, ...],
    model: Path | None,
    onset: int | None,
    offset: int | None,
    fps: float | None,
    landmarks_file: Path | None,
    as_json: bool,
    csv_file: Path | None,
    picture: Path | None,
    quiet: bool,
) -> None:
    """Name the micro-expression in each of INPUTS: videos, or folders of frames.

    --onset and --offset say where in the input the expression lies; without them the whole input
    counts as one expression, and the output says so. Scores are not probabilities; a model that
    was calibrated tells both, under names of their own.

    An input that cannot be read is told in one line; the exit code is then 3, or 1 if none could.
    """
    _check_usage(inputs, onset, offset, picture)
    from astsvm import Recognizer
    from astsvm.errors import AstsvmError
    from astsvm.recognizer.shipped import default_model

    landmarks = _landmarks(inputs, landmarks_file)
    recognizer = Recognizer.load(default_model() if model is None else model)
    answers: list[Answer] = []
    failures: list[Failure] = []
    with progress_bar("clips", quiet=quiet or len(inputs) == 1) as progress:
        for number, source in enumerate(inputs, 1):
            try:
                found = recognizer.predict_source(
                    source,
                    onset,
                    offset,
                    fps=fps,
                    landmarks=landmarks.get(source),
                    maps=picture is not None,
                )
                answers.append(Answer(source, found))
            except AstsvmError as error:
                failures.append(Failure(source, " ".join(str(error).split())))
            if progress:
                progress(number, len(inputs))
    if picture is not None and answers:
        from astsvm.reporting.recognition_picture import draw_recognition

        (answer,) = answers
        draw_recognition(
            answer.recognition, recognizer.settings.preprocessing, str(answer.source), picture
        )
    if csv_file is not None:
        from astsvm.storage.atomic import write_text_atomically

        write_text_atomically(csv_file, predictions_csv(answers, recognizer.class_names))
    if as_json:
        click.echo(predictions_json(answers, failures, recognizer.bundle.manifest))
    elif answers:
        click.echo("\n".join(prediction_lines(answers)))
    for failure in failures:
        click.echo(f"skipped: {failure.reason}", err=True)
    if failures:
        ctx.exit(EXIT_SKIPPED if answers else 1)


def _check_usage(
    inputs: tuple[Path, ...], onset: int | None, offset: int | None, picture: Path | None
) -> None:
    if (onset is None) != (offset is None):
        raise click.UsageError("give --onset and --offset, or neither.")
    if onset is not None and offset is not None and offset <= onset:
        raise click.UsageError(f"--offset must lie after --onset, received {onset} and {offset}.")
    if len(inputs) > 1 and (onset is not None or picture is not None):
        raise click.UsageError(
            "--onset, --offset and --picture are for one input; give the inputs one by one."
        )
    if len(set(inputs)) < len(inputs):
        raise click.UsageError("an input is named twice.")


def _landmarks(inputs: tuple[Path, ...], file: Path | None) -> dict[Path, Any]:
    """Return the landmarks of every input; dlib's must not quietly take the place of any."""
    if file is None:
        return {}
    from astsvm.errors import DatasetError
    from astsvm.preprocessing import read_landmarks

    given = read_landmarks(file)
    # The file is read in this form; some systems write accents decomposed.
    names = {source: unicodedata.normalize("NFC", str(source)) for source in inputs}
    absent = [name for name in names.values() if name not in given]
    if absent:
        raise DatasetError(
            f"{file}: expected landmarks of {absent[0]} in a row whose `clip` names it so, "
            f"received {', '.join(list(given)[:3]) or 'none'}."
        )
    return {source: given[name] for source, name in names.items()}
