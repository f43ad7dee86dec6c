"""`astsvm export`: a trained model for other software."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from astsvm.export import FORMATS

if TYPE_CHECKING:
    from astsvm.export import ExportFormat

__all__ = ["export"]


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    required=True,
    help="savedmodel: frames to classes. onnx: features to classes. keras: the network alone.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder to make; TensorFlow Serving wants a number as its name.",
)
def export(model: Path, kind: ExportFormat, output: Path) -> None:
    """Write MODEL, which `astsvm train --final` made, for TensorFlow, ONNX or Keras.

    A SavedModel takes aligned frames and gives classes and scores, without astsvm, OpenCV or
    scikit-learn. Beside every export lies astsvm.json: labels, settings, training data.
    """
    from astsvm import Recognizer
    from astsvm.export import export_model

    recognizer = Recognizer.load(model)
    if recognizer.synthetic:
        click.echo("SYNTHETIC: this model has seen drawn faces only.", err=True)
    click.echo(export_model(recognizer, output, kind))
