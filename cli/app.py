"""`astsvm app`: a web page that answers which micro-expression a clip shows."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["app"]


@click.command()
@click.option(
    "--model",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that `astsvm train --final` wrote.  [default: the shipped one, which was trained "
    "on SYNTHETIC clips]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=7860,
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at. Any other than this machine's own lets others in, without a "
    "password.",
)
@click.option(
    "--open/--no-open",
    "open_browser",
    default=True,
    show_default=True,
    help="Open the page in the browser.",
)
@click.option(
    "--max-megabytes",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="Larger files are refused.",
)
@click.option(
    "--max-seconds",
    type=click.FloatRange(0, 3600, min_open=True),
    default=60,
    show_default=True,
    help="Longer videos are refused.",
)
def app(
    model: Path | None,
    port: int,
    host: str,
    open_browser: bool,
    max_megabytes: int,
    max_seconds: float,
) -> None:
    """Open a web page: drop a clip, see the face found, flow, attention and scores.

    The page is for this machine only, unless --host says otherwise. Clips are deleted after the
    answer; nothing is stored, and nothing is sent elsewhere. Ctrl-C ends it.
    """
    from astsvm.app import AppServer, Limits
    from astsvm.app.page import require_gradio
    from astsvm.app.server import is_local

    require_gradio()
    from astsvm import Recognizer
    from astsvm.recognizer.seen_clip import frame_settings
    from astsvm.recognizer.shipped import default_model

    path = default_model() if model is None else model
    recognizer = Recognizer.load(path)
    frame_settings(recognizer.bundle)  # A model of flow images takes no clips; it says so here.
    if recognizer.synthetic:
        click.echo("SYNTHETIC: this model has seen drawn faces only.", err=True)
    limits = Limits(megabytes=max_megabytes, seconds=max_seconds)
    try:
        with AppServer(recognizer, path.name, host=host, port=port, limits=limits) as server:
            if not is_local(host):
                click.echo(
                    f"WARNING: whoever reaches {server.url} can use this page and see that it is "
                    "here: there is no password, and nothing is encrypted.",
                    err=True,
                )
            click.echo(f"{server.url}  (Ctrl-C ends it)")
            if open_browser:
                click.launch(server.url)
            server.run()
    except KeyboardInterrupt:
        click.echo("The app has ended; no clip is left.", err=True)
