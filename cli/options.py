"""Options that several commands share, so that they are named and explained once."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from astsvm.config import PRESETS, Settings

__all__ = [
    "RESUMABLE",
    "Names",
    "Seconds",
    "chosen_settings",
    "chosen_workers",
    "cluster_option",
    "corrections_option",
    "dataset_option",
    "json_option",
    "kept_on_interrupt",
    "quiet_option",
    "refuse_idle",
    "resume_option",
    "settings_options",
    "workers_option",
]

RESUMABLE = "What is finished is kept; the same command with --resume goes on from there."

Command = TypeVar("Command", bound=Callable[..., Any])


def _all_cores(ctx: click.Context, param: click.Parameter, value: int | None) -> int:
    return value or os.cpu_count() or 1


def chosen_workers(ctx: click.Context, workers: int, cluster: str | None) -> int | None:
    """Return the number of workers; on a cluster None, all it has room for, if none was given."""
    given = ctx.get_parameter_source("workers") is not ParameterSource.DEFAULT
    return workers if given or cluster is None else None


class DatasetName(click.ParamType):
    """The name of a loader, with a variant after a colon where it has several."""

    name = "name[:variant]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the name; the loader checks the variant."""
        from astsvm.datasets import dataset_names

        name = str(value).partition(":")[0].casefold()
        if name not in dataset_names():
            close = difflib.get_close_matches(name, dataset_names(), n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            self.fail(
                f"expected one of {', '.join(dataset_names())}, received {value!r}.{hint}",
                param,
                ctx,
            )
        return str(value)


class Names(click.ParamType):
    """A comma-separated list of different names out of a few."""

    name = "name[,name]"

    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split and check what was given."""
        if isinstance(value, tuple):
            return value
        names = tuple(part.strip() for part in str(value).split(","))
        if len(set(names)) < len(names) or not set(names) <= set(self.allowed):
            self.fail(f"expected {' and/or '.join(self.allowed)}, received {value!r}.", param, ctx)
        return names


class Seconds(click.FloatRange):
    """A time limit: more than 0, and neither infinite nor NaN, which is in every range."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Check the number."""
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"expected a number of seconds, received {value!r}.", param, ctx)
        return seconds


dataset_option = click.option(
    "--dataset",
    "name",
    type=DatasetName(),
    default="folder",
    show_default=True,
    help="folder: your own clips; flow_images: precomputed flow; or a database: casme2, smic, "
    "samm, casme, casme_sq, casme3, mmew, fourdme, flow_folders.",
)
corrections_option = click.option(
    "--corrections/--no-corrections",
    default=True,
    show_default=True,
    help="Correct known errors of the published sheets and what contradicts the disk.",
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(1),
    callback=_all_cores,
    help="Processes.  [default: all cores]",
)
cluster_option = click.option(
    "--cluster",
    metavar="auto|local|HOST:PORT",
    help="Work on a Ray cluster, with --workers at most that much at a time. auto: the one of "
    "RAY_ADDRESS or of `ray start`, else Ray started here.  [needs the extra cluster]",
)
quiet_option = click.option("--quiet", is_flag=True, help="No progress bar.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
resume_option = click.option(
    "--resume", is_flag=True, help="Go on where an interrupted run has stopped."
)


def settings_options(command: Command) -> Command:
    """Add ``--preset`` and ``--settings``; :func:`chosen_settings` turns them into settings."""
    preset = click.option(
        "--preset",
        type=click.Choice(list(PRESETS)),
        help="Named settings, listed in README.  [default: paper]",
    )
    file = click.option(
        "--settings",
        "settings_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="JSON with settings, instead of --preset; those not in it are those of `paper`.",
    )
    return preset(file(command))


def chosen_settings(preset: str | None, settings_file: Path | None) -> Settings:
    """Return the settings of the file or of the preset; both at once are a usage error."""
    if settings_file is None:
        return Settings.from_preset(preset or "paper")
    if preset is not None:
        raise click.UsageError("give --preset or --settings, not both: each names all settings.")
    return Settings.load(settings_file)


def refuse_idle(ctx: click.Context, names: Iterable[str], mode: str) -> None:
    """Refuse options that were given although they mean nothing in a mode."""
    options = {parameter.name: parameter.opts[0] for parameter in ctx.command.params}
    for name in names:
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"{options[name]} has no meaning with {mode}; leave it out.")


@contextmanager
def kept_on_interrupt(advice: str) -> Iterator[None]:
    """Tell whoever interrupts long work how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(advice, err=True)
        raise
