"""Whether the figures of a run are still those of its predictions."""

from __future__ import annotations

from collections import Counter
from typing import Any

from astsvm.errors import EvaluationError, StorageError
from astsvm.evaluation.predictions import PredictionTable
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.summary import MissingFold, run_metrics
from astsvm.storage.differences import describe_differences

__all__ = ["verify_run"]

_DIGITS = 9


def verify_run(folder: RunFolder) -> dict[str, Any]:
    """Compute the figures of a run again from its predictions and compare them.

    Parameters
    ----------
    folder : RunFolder
        A finished run.

    Returns
    -------
    dict
        The figures, as ``metrics.json`` holds them.

    Raises
    ------
    StorageError
        If a file of the run is missing or damaged.
    EvaluationError
        If the run is not finished, the figures do not follow from the predictions, or a fold has
        neither predictions nor a place in the list of what is missing; the message names where.
    """
    config = folder.config()
    _require_marks(config, folder)
    _require_finished(_planned(config, folder), folder)
    table, stored = folder.predictions(), folder.metrics()
    missing = _missing_folds(folder, stored)
    _check_folds(_planned(config, folder), table, missing)
    leaked = folder.leaked_predictions() if config.get("oracle_epoch") else None
    metrics = run_metrics(config, table, missing, leaked)
    if differences := describe_differences(_rounded(stored), _rounded(metrics)):
        raise EvaluationError(
            f"{folder.path}: metrics.json does not follow from predictions.csv: {differences}. "
            "One of the two was changed; restore it, or finish the run again with --resume."
        )
    return metrics


def _require_finished(planned: dict[tuple[int, str], int], folder: RunFolder) -> None:
    if folder.has_results():
        return
    there = sum(folder.fold_path(seed, subject).exists() for seed, subject in planned)
    state = f"{there} of {len(planned)} folds are there and nothing is scored yet"
    if worker := folder.worker():
        raise EvaluationError(f"{folder.path}: {worker} is at work on the run: {state}. Wait.")
    raise EvaluationError(
        f"{folder.path}: the run was interrupted: {state}. "
        "Finish it by the command it was begun with, and --resume."
    )


def _missing_folds(folder: RunFolder, stored: dict[str, Any]) -> list[MissingFold]:
    try:
        missing = [MissingFold(**fold) for fold in stored["missing"]]
        readable = all(map(_is_missing_fold, missing))
    except (KeyError, TypeError):
        readable = False
    if not readable:
        raise StorageError(
            f"{folder.path / 'metrics.json'} is damaged: its list of missing folds cannot be read."
        )
    return missing


def _is_missing_fold(fold: MissingFold) -> bool:
    numbers = all(type(value) is int for value in (fold.seed, fold.clips))
    return numbers and all(isinstance(value, str) for value in (fold.subject, fold.reason))


def _require_marks(config: dict[str, Any], folder: RunFolder) -> None:
    marks = config.get("marks", [])
    if not isinstance(marks, list) or not all(isinstance(mark, str) for mark in marks):
        raise StorageError(f"{folder.path / 'config.json'} is damaged: its marks cannot be read.")


def _planned(config: dict[str, Any], folder: RunFolder) -> dict[tuple[int, str], int]:
    """Return the number of clips of every fold."""
    try:
        subjects = dict(config["subjects"])
        return {
            (seed, subject): subjects[subject] for seed in config["seeds"] for subject in subjects
        }
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(
            f"{folder.path / 'config.json'} is damaged: its seeds and subjects cannot be read."
        ) from error


def _check_folds(
    planned: dict[tuple[int, str], int], table: PredictionTable, missing: list[MissingFold]
) -> None:
    found = Counter((row.seed, row.subject_key) for row in table.rows)
    lost = planned.keys() - found.keys() - {(fold.seed, fold.subject) for fold in missing}
    stray = found.keys() - planned.keys()
    # Clips that are hard to recognise must not be left out one by one either.
    uneven = {fold for fold, count in found.items() if planned.get(fold) != count}
    for folds, what in (
        (lost, "has no predictions"),
        (stray, "is not a fold of this run"),
        (uneven, "has not as many predictions as clips"),
    ):
        if folds:
            seed, subject = min(folds)
            raise EvaluationError(
                f"predictions.csv does not fit the run: the fold of {subject} (seed {seed}) "
                f"{what}. Run the folds again with --resume."
            )


def _rounded(value: Any) -> Any:
    """Round every number in a JSON value: another numpy may round a last digit otherwise."""
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, _DIGITS) if isinstance(value, float) else value
