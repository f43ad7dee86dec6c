"""What `astsvm train --final` does: one model of all clips, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from astsvm.config import Settings
    from astsvm.recognizer.manifest import Manifest

__all__ = ["train_final"]


def train_final(
    clips: tuple[Path, ...],
    settings: Settings,
    protocol: str,
    seed: int,
    calibrate: Path | None,
    metrics_run: Path | None,
    output: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train a model, write it, and say what it is.

    Raises
    ------
    StorageError
        If `output` exists already: a model is not overwritten.
    """
    from astsvm.errors import StorageError
    from astsvm.recognizer.final_training import train_bundle

    # Before the training, which takes minutes.
    if output.exists():
        raise StorageError(
            f"{output} exists already; nothing was changed. Delete it, or name another file."
        )
    if not output.absolute().parent.is_dir():
        raise StorageError(f"{output}: there is no folder {output.absolute().parent}. Make it.")
    bundle = train_bundle(
        clips,
        settings,
        protocol=protocol,
        seed=seed,
        calibration_run=calibrate,
        metrics_run=metrics_run,
        begin=None if quiet else _tell_beginning,
    )
    bundle.write(output)
    if as_json:
        click.echo(bundle.manifest.to_json())
    else:
        click.echo("\n".join(_lines(output, bundle.manifest)))


def _tell_beginning() -> None:
    click.echo("training on all clips, in one process; this takes as long as a fold", err=True)


def _lines(output: Path, manifest: Manifest) -> list[str]:
    from astsvm.recognizer.model_card import SYNTHETIC_NOTICE

    data, run = manifest.data, manifest.run
    lines = [SYNTHETIC_NOTICE] if manifest.synthetic else []
    lines.append(
        f"{output}: {data.clips} clips of {data.subjects} subjects, "
        f"{len(manifest.class_names)} classes ({', '.join(manifest.class_names)}), seed "
        f"{manifest.training.seed}, {manifest.training.epochs} epochs"
    )
    if run is None:
        lines.append("It has not been judged: a model is not judged by clips it has seen.")
    else:
        interval = run.svm.uf1_ci95
        told = f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""
        lines.append(f"Leaving one subject out, the method reached UF1 {run.svm.uf1:.3f}{told}.")
    if manifest.calibration is None:
        lines.append("It gives scores, not probabilities (--calibrate RUN would).")
    else:
        lines.append("It gives scores, and probabilities calibrated on held-out scores.")
    return lines
