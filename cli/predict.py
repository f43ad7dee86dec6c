"""`astsvm predict`: which micro-expression a clip shows."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from astsvm.cli.given_files import refuse_lost_inputs
from astsvm.cli.options import json_option, quiet_option, refuse_idle
from astsvm.cli.progress import progress_bar
from astsvm.cli.timeline_prediction import (
    Search,
    draw_timeline_answer,
    search_options,
    search_source,
)
from astsvm.reporting.prediction_output import (
    Answer,
    Failure,
    TimelineAnswer,
    prediction_lines,
    predictions_csv,
    predictions_json,
)

if TYPE_CHECKING:
    from astsvm import Recognizer

__all__ = ["predict"]

EXIT_SKIPPED = 3


@click.command()
@click.argument("inputs", nargs=-1, type=click.Path(path_type=Path))
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
    help="Write frames, flow, differences, attention and scores to this PNG; of a search, motion "
    "and candidates over time. For one input.",
)
@search_options
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
    search: Search,
    quiet: bool,
) -> None:
    """Name the micro-expressions in each of INPUTS: videos, or folders of frames.

    --onset and --offset say where in the input the expression lies, --whole that the whole input
    is one. Without them the input is searched, and the answer is a timeline of candidates; what is
    shorter than a window counts as one expression, and the output says so. Scores are not
    probabilities; a model that was calibrated tells both, under names of their own.

    An input that cannot be read is told in one line; the exit code is then 3, or 1 if none could.
    """
    _check_usage(inputs, onset, offset, picture, search)
    searched = onset is None and not search.whole
    _refuse_idle_options(ctx, search, searched)
    refuse_lost_inputs(
        {"--csv": csv_file, "--picture": picture, "--overlay": search.overlay},
        (*inputs, model, landmarks_file),
    )
    model = _chosen_model(model, inputs, fps, searched)
    from astsvm import Recognizer
    from astsvm.errors import AstsvmError

    landmarks = _landmarks(inputs, landmarks_file)
    recognizer = Recognizer.load(model)
    answers: list[Answer | TimelineAnswer] = []
    sources = inputs if search.webcam is None else (Path(f"webcam {search.webcam}"),)
    failures: list[Failure] = []
    alone = len(sources) == 1
    with (
        progress_bar("clips", quiet=quiet or alone) as progress,
        progress_bar("frames searched", quiet=quiet or not alone) as searching,
    ):
        frame_by_frame = None if searching is None else lambda done: searching(done, None)
        for number, source in enumerate(sources, 1):
            try:
                given, found = landmarks.get(source), None
                if searched:
                    found = search_source(recognizer, source, search, fps, given, frame_by_frame)
                if found is None:
                    clip = recognizer.predict_source(
                        source, onset, offset, fps=fps, landmarks=given, maps=picture is not None
                    )
                answers.append(Answer(source, clip) if found is None else found)
            except AstsvmError as error:
                failures.append(Failure(source, " ".join(str(error).split())))
            if progress:
                progress(number, len(sources))
    _draw(answers, recognizer, picture, search)
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


def _draw(
    answers: list[Answer | TimelineAnswer],
    recognizer: Recognizer,
    picture: Path | None,
    search: Search,
) -> None:
    for answer in answers:
        if isinstance(answer, TimelineAnswer):
            draw_timeline_answer(answer, picture, search)
        elif picture is not None:
            from astsvm.reporting.recognition_picture import draw_recognition

            draw_recognition(
                answer.recognition, recognizer.settings.preprocessing, str(answer.source), picture
            )


def _check_usage(
    inputs: tuple[Path, ...],
    onset: int | None,
    offset: int | None,
    picture: Path | None,
    search: Search,
) -> None:
    if bool(inputs) == (search.webcam is not None):
        raise click.UsageError("give INPUTS or --webcam, one of them.")
    clip = onset is not None or offset is not None or search.whole
    if clip and (search.webcam is not None or search.overlay is not None):
        raise click.UsageError(
            "--webcam and --overlay are for a search: leave out --onset, --offset and --whole."
        )
    if search.whole and onset is not None:
        raise click.UsageError("give --whole, or --onset and --offset, not both.")
    if (onset is None) != (offset is None):
        raise click.UsageError("give --onset and --offset, or neither.")
    if onset is not None and offset is not None and offset <= onset:
        raise click.UsageError(f"--offset must lie after --onset, received {onset} and {offset}.")
    if len(inputs) > 1 and (onset is not None or picture or search.overlay):
        raise click.UsageError(
            "--onset, --offset, --picture and --overlay are for one input; give the inputs one by "
            "one."
        )
    if len(set(inputs)) < len(inputs):
        raise click.UsageError("an input is named twice.")


def _refuse_idle_options(ctx: click.Context, search: Search, searched: bool) -> None:
    if search.webcam is not None:
        refuse_idle(ctx, ("landmarks_file",), "--webcam")
    elif not searched:
        refuse_idle(ctx, ("window", "stride", "seconds"), "--whole" if search.whole else "--onset")
    else:
        refuse_idle(ctx, ("seconds",), "INPUTS")


def _chosen_model(
    model: Path | None, inputs: tuple[Path, ...], fps: float | None, searched: bool
) -> Path:
    """Return the model's file; a frame rate that will be missed is told before it is loaded."""
    from astsvm.recognizer.shipped import default_model

    chosen = default_model() if model is None else model
    folder = next((source for source in inputs if source.is_dir()), None)
    if fps is None and folder is not None:
        from astsvm.errors import InvalidInputError
        from astsvm.recognizer.bundle import Bundle

        # A search measures time; a clip needs it where the model's magnification does.
        if searched or Bundle.read(chosen).settings.preprocessing.magnification.alpha is None:
            raise InvalidInputError(
                f"{folder}: the frame rate is unknown: a folder of frames states none. Give the "
                "frames per second: --fps."
            )
    return chosen


def _landmarks(inputs: tuple[Path, ...], file: Path | None) -> dict[Path, Any]:
    """Return the landmarks of every input; dlib's must not quietly take the place of any."""
    if file is None:
        return {}
    from astsvm.errors import DatasetError
    from astsvm.preprocessing import read_landmarks

    given = read_landmarks(file)
    # The file is read in this form; some systems write accents decomposed.
    names = {source: os.path.normpath(_composed(source)) for source in inputs}
    rows: dict[str, str] = {}
    for key in given:
        if rows.setdefault(os.path.normpath(key), key) != key:
            raise DatasetError(
                f"{file}: {rows[os.path.normpath(key)]} and {key} are one input. Remove one row."
            )
    absent = [name for name in names.values() if name not in rows]
    if absent:
        raise DatasetError(
            f"{file}: expected landmarks of {absent[0]} in a row whose `clip` names it so, "
            f"received {', '.join(list(given)[:3]) or 'none'}."
        )
    return {source: given[rows[name]] for source, name in names.items()}


def _composed(source: Path) -> str:
    return unicodedata.normalize("NFC", str(source))
