"""`astsvm synth`: a synthetic corpus, so that everything can be tried without real faces."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from astsvm.cli.options import json_option, kept_on_interrupt, quiet_option, workers_option
from astsvm.cli.progress import progress_bar

if TYPE_CHECKING:
    from astsvm.datasets.synthetic.long_writing import LongSummary

__all__ = ["synth"]


class FrameSize(click.ParamType):
    """``WIDTHxHEIGHT`` in pixels; the library checks the range."""

    name = "WIDTHxHEIGHT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read the text, or pass a pair on."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,6})[xX](\d{1,6})", str(value).strip(), re.ASCII)
        if match is None:
            self.fail(f"expected WIDTHxHEIGHT such as 640x480, received {value!r}.", param, ctx)
        return int(match[1]), int(match[2])


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=True, path_type=Path))
@click.option("--subjects", default=16, show_default=True, help="Number of subjects.")
@click.option("--clips", default=8, show_default=True, help="Clips of each subject.")
@click.option(
    "--difficulty",
    type=click.Choice(("easy", "medium", "hard", "extreme")),
    default="hard",
    show_default=True,
    help="How hard the classes are to tell apart.",
)
@click.option(
    "--layout",
    type=click.Choice(("folder", "casme2", "smic", "samm", "long")),
    default="folder",
    show_default=True,
    help="folder: clips.csv and a folder of PNG frames for each clip. long: a long video of each "
    "subject to search with `astsvm predict`, --clips micro-expressions in it. The others: sheet, "
    "folders, names and frame rate as in that database, for --dataset of the same name.",
)
@click.option(
    "--video",
    "as_videos",
    is_flag=True,
    help="With --layout long: lossless video files (.avi) instead of folders of JPEG frames.",
)
@click.option(
    "--faults",
    is_flag=True,
    help="Plant the faults of the published databases, each in a clip of its own; SYNTHETIC.json "
    "lists them.",
)
@click.option("--seed", default=1, show_default=True, help="Equal seeds give equal files.")
@click.option(
    "--fps",
    type=float,
    help="Frames per second, 25 to 1000; layouts of databases have their own.  [default: 100]",
)
@click.option(
    "--size",
    type=FrameSize(),
    default="640x480",
    show_default=True,
    help="Frame size, 320x240 to 640x480.",
)
@workers_option
@json_option
@quiet_option
def synth(
    directory: Path,
    subjects: int,
    clips: int,
    difficulty: str,
    layout: str,
    as_videos: bool,
    faults: bool,
    seed: int,
    fps: float | None,
    size: tuple[int, int],
    workers: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Draw a SYNTHETIC corpus into DIR, a folder that is empty or not there yet.

    The faces do not exist and their movements are known exactly. No accuracy reached on them says
    anything about real faces.

    \b
    Layouts other than folder try a database without its licence:
      astsvm synth fake-samm --layout samm --faults
      astsvm preprocess fake-samm --dataset samm -o samm.h5

    \b
    Videos to search:
      astsvm synth longs --layout long --video --subjects 1 --clips 3 --size 320x240
      astsvm predict longs/s01_v01.avi --picture timeline.png
    """
    from astsvm.datasets.synthetic import write_corpus, write_long_videos

    if as_videos and layout != "long":
        raise click.UsageError("--video: only --layout long is drawn as video files.")
    if layout == "long":
        if faults:
            raise click.UsageError("--faults: only layouts of databases have faults to plant.")
        with progress_bar("videos", quiet=quiet) as progress:
            drawn = write_long_videos(
                directory,
                subjects=subjects,
                expressions=clips,
                difficulty=difficulty,
                seed=seed,
                size=size,
                fps=fps,
                as_videos=as_videos,
                progress=progress,
            )
        _tell_long(drawn, as_json)
        return
    half_drawn = f"{directory} is half drawn: delete it, or draw into another folder."
    with kept_on_interrupt(half_drawn), progress_bar("clips", quiet=quiet) as progress:
        summary = write_corpus(
            directory,
            subjects=subjects,
            clips=clips,
            difficulty=difficulty,
            seed=seed,
            size=size,
            fps=fps,
            layout=layout,
            faults=faults,
            workers=workers,
            progress=progress,
        )
    if as_json:
        outcome = {
            "root": str(summary.root),
            "synthetic": True,
            "subjects": summary.subjects,
            "clips": summary.clips,
            "frames": summary.frames,
            "labels": summary.labels,
            "layout": layout,
            "faults": summary.faults,
        }
        click.echo(json.dumps(outcome, indent=2, ensure_ascii=False))
    else:
        labels = ", ".join(f"{count} {name}" for name, count in summary.labels.items())
        faulty = f", {summary.faults} faults planted" if faults else ""
        click.echo(
            f"{summary.root}: {summary.clips} SYNTHETIC clips of {summary.subjects} subjects "
            f"({labels}), {summary.frames} frames{faulty}"
        )


def _tell_long(summary: LongSummary, as_json: bool) -> None:
    if as_json:
        outcome = {
            "root": str(summary.root),
            "synthetic": True,
            "videos": summary.videos,
            "frames": summary.frames,
            "labels": summary.labels,
            "layout": "long",
        }
        click.echo(json.dumps(outcome, indent=2, ensure_ascii=False))
        return
    labels = ", ".join(f"{count} {name}" for name, count in summary.labels.items())
    click.echo(
        f"{summary.root}: {summary.videos} long SYNTHETIC videos, {summary.frames} frames, with "
        f"{sum(summary.labels.values())} micro-expressions ({labels}); what happens when is in "
        "SYNTHETIC.json"
    )
