"""The `astsvm` command: one group, one file per command, listed in the order of the work.

Commands parse, call the library, and print: data on stdout, progress and logs on stderr.
Exit codes: 0 done, 1 failed, 2 usage, 3 done with items skipped, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from types import FrameType
from typing import Any

import click

from astsvm.errors import AstsvmError

__all__ = ["main"]

COMMANDS = (
    "demo",
    "synth",
    "check",
    "preprocess",
    "inspect",
    "train",
    "evaluate",
    "compare",
    "baseline",
    "ablate",
    "predict",
    "export",
    "app",
    "doctor",
)
EXIT_INTERRUPTED = 130


class WorkflowGroup(click.Group):
    """Loads a command's file when it is asked for, and lists commands as they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the file of one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"astsvm.cli.{cmd_name}"), cmd_name)
        return command


@click.group(cls=WorkflowGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "-V", "--version", package_name="astsvm")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
def group(debug: bool) -> None:
    """Recognise micro-expressions: from video to an evaluated model."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and leave with its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        The command line without the program's name; taken from the process by default, which
        then is the program itself: after an interrupt it takes no further one until it is gone.
    """
    for stream in (sys.stdout, sys.stderr):
        # A clip's name may hold letters that the terminal's encoding lacks.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    try:
        # Click answers usage errors (2) and closed pipes itself; ours and Ctrl-C come here.
        with _leaving_in_order(until_gone=arguments is None):
            code = group.main(args=arguments, prog_name="astsvm", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("astsvm: interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has seen enough; there is nobody left to tell.
        sys.stderr.close()
        sys.exit(1)
    except (AstsvmError, OSError) as error:
        if debug:
            traceback.print_exc()
        click.echo(f"astsvm: error: {error}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


@contextmanager
def _leaving_in_order(*, until_gone: bool) -> Iterator[None]:
    """Leave in order on Ctrl-C, and on the SIGTERM of a batch system; at once the second time.

    Once the work is left, what remains is a moment. `until_gone` ignores signals during it, since
    Python puts its default handling back before it ends: a signal would then be the exit code.

    Nothing is lost then either: what is finished is on the disk, what is not has no name yet, and
    workers end by themselves when their driver is gone.
    """
    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            os._exit(EXIT_INTERRUPTED)
        interrupted = True
        raise KeyboardInterrupt

    # Python allows it in the main thread only; in another one the caller's own handling stays.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, interrupt)}
    # Whoever starts it in the background of a shell has SIGINT ignored, and it stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if interrupted and until_gone else handler)
