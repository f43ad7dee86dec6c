"""The leave-one-subject-out run that a final model refers to: its figures and held-out scores.

A run says something about a model only if it was of the same clips, labels, classes and settings,
by the same sources of astsvm. That is checked, and that the run's figures follow from its
predictions. Versions of the libraries are not compared.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astsvm.errors import EvaluationError
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.run_plan import RunPlan
from astsvm.evaluation.summary import FULL
from astsvm.evaluation.verification import verify_run
from astsvm.recognizer.calibration import OutOfFoldScores
from astsvm.recognizer.manifest import HeadFigures, RunRecord
from astsvm.storage.differences import describe_differences

__all__ = ["RunReference", "refer_to_run"]

_HEAD = "svm"


@dataclass(frozen=True, eq=False)
class RunReference:
    """What a model takes from a run.

    Parameters
    ----------
    figures : RunRecord
        Its figures, with intervals and floors.
    scores : OutOfFoldScores
        The SVM's scores of held-out clips, all seeds.
    """

    figures: RunRecord
    scores: OutOfFoldScores


def refer_to_run(run: Path, plan: RunPlan) -> RunReference:
    """Read a finished run of a plan's clips and settings.

    Parameters
    ----------
    run : Path
        Folder of the run.
    plan : RunPlan
        What a run of the model's clips and settings would be; its seeds do not matter.

    Raises
    ------
    StorageError
        If a file of the run is missing or damaged.
    EvaluationError
        If the run is not finished, lacks folds, is marked as no result, or was of other clips,
        labels, classes or settings, or by other sources of astsvm; the message says which.
    """
    folder = RunFolder(run)
    metrics = _checked(folder, plan)
    table = folder.predictions()
    if {row.key: row.truth for row in table.rows} != plan.truth:
        raise EvaluationError(
            f"{folder.path}: predictions.csv lists other clips, or other true classes, than the "
            "clip files have by this protocol. Make the run again."
        )
    scores = np.array([row.class_scores[_HEAD] for row in table.rows], dtype=np.float64)
    truth = np.array([row.truth for row in table.rows], dtype=np.int64)
    digest = hashlib.sha256(table.to_csv().encode()).hexdigest()
    found = OutOfFoldScores(scores, truth, len(table.seeds), digest)
    figures = RunRecord(
        predictions_sha256=found.predictions_sha256,
        evaluation=metrics["evaluation"],
        seeds=tuple(metrics["seeds"]),
        clips=metrics["n_clips"],
        subjects=metrics["n_subjects"],
        svm=_figures(metrics["svm"][FULL]),
        softmax=_figures(metrics["softmax"][FULL]),
        floors={name: floor["uf1"] for name, floor in metrics["floors"][FULL].items()},
    )
    return RunReference(figures, found)


def _checked(folder: RunFolder, plan: RunPlan) -> dict[str, Any]:
    metrics = verify_run(folder)
    config = folder.config()
    if not metrics["complete"]:
        raise EvaluationError(
            f"{folder.path}: the run lacks folds. Go on with it: astsvm train --loso --resume."
        )
    if metrics.get("marks"):
        raise EvaluationError(f"{folder.path}: the run is marked: {' '.join(metrics['marks'])}")
    there, here = _what_matters(config), _what_matters(plan.config)
    if differences := describe_differences(there, here):
        raise EvaluationError(
            f"{folder.path}: the run was not of the clips and settings of this model: "
            f"{differences}. Train the model as the run was, or make a run of this model's clips."
        )
    return metrics


def _what_matters(config: dict[str, Any]) -> dict[str, Any]:
    """Pick what a run and a model must have in common; the name of the preset is for people."""
    settings = {key: value for key, value in config["settings"].items() if key != "preset"}
    return {
        "clips": config["data"]["digest"],
        "protocol": config["protocol"],
        "class_names": list(config["class_names"]),
        "settings": settings,
        "preprocessing": config["data"]["preprocessing"],
        "code": config["versions"].get("code"),
    }


def _figures(figures: dict[str, Any]) -> HeadFigures:
    return HeadFigures(**{name: figures[name] for name in HeadFigures.model_fields})
