"""From a table of predictions to the figures of ``metrics.json``.

The figures are a pure function of the predictions, so `astsvm evaluate` can compute them again from
``predictions.csv`` and compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from astsvm.errors import EvaluationError
from astsvm.evaluation.predictions import HEADS, Prediction, PredictionTable, labels_of
from astsvm.evaluation.statistics import (
    bootstrap_intervals,
    majority_floor,
    permuted_floor,
    seed_statistics,
    subject_confusions,
)

__all__ = [
    "FULL",
    "MissingFold",
    "leak_figures",
    "part_name",
    "run_metrics",
    "seed_confusions",
    "summarise",
]

FULL = "full"
"""Name of the part that holds every clip."""

RESAMPLES = 2000
PERMUTATIONS = 1000


class MissingFold(NamedTuple):
    """A fold that gave no predictions."""

    seed: int
    subject: str
    clips: int
    reason: str


def summarise(table: PredictionTable, missing: Sequence[MissingFold] = ()) -> dict[str, Any]:
    """Score a table of predictions: both heads, all clips and each database, floors beside.

    Figures of a database are its part of the predictions of the networks trained on everything.
    Clips of missing folds are not scored, neither as right nor as wrong; they are listed.

    Parameters
    ----------
    table : PredictionTable
        Predictions of one or more seeds.
    missing : sequence of MissingFold
        Folds without predictions.

    Returns
    -------
    dict
        ``{"svm": {part: figures}, "softmax": {...}, "floors": {part: {floor: figures}},
        "evaluation", "n_clips", "n_subjects", "seeds", "class_names", "complete", "missing"}``.
        ``evaluation`` is ``"CDE"`` (composite, of several databases, which are parts) or ``"SDE"``
        (a single database, which is no part beside the whole: trained on it alone, its figures are
        others than its part of a composite). The figures of a head are
        ``uf1``, ``uar``, ``accuracy`` (means over seeds), each with ``_ci95`` (bootstrap over
        subjects; null with one subject) and ``_sd_seeds`` (null with one seed), ``confusion``
        (mean over seeds, rows are true classes), ``n_clips`` and ``n_subjects``.

    Raises
    ------
    EvaluationError
        If there are no predictions at all.
    """
    if not len(table):
        reason = f" The first reason: {missing[0].reason}" if missing else ""
        raise EvaluationError(f"there are no predictions to score.{reason}")
    composite = _is_composite(table, missing)
    parts = _parts(table, composite)
    metrics: dict[str, Any] = {
        head: {name: _figures(table, rows, head) for name, rows in parts.items()} for head in HEADS
    }
    metrics["evaluation"] = "CDE" if composite else "SDE"
    metrics["floors"] = _floors(table, composite)
    metrics["n_clips"] = len({row.key for row in table.rows})
    metrics["n_subjects"] = len(table.subjects)
    metrics["seeds"] = list(table.seeds)
    metrics["class_names"] = list(table.class_names)
    metrics["complete"] = not missing
    metrics["missing"] = [fold._asdict() for fold in missing]
    return metrics


def run_metrics(
    config: Mapping[str, Any],
    table: PredictionTable,
    missing: Sequence[MissingFold],
    leaked: PredictionTable | None,
) -> dict[str, Any]:
    """Return what ``metrics.json`` of a run holds: the summary, and what the run is.

    Parameters
    ----------
    config : mapping
        The run's ``config.json``.
    table : PredictionTable
        Its predictions.
    missing : sequence of MissingFold
        Folds without predictions.
    leaked : PredictionTable, optional
        What the leak meter chose; its figures go under ``leak_meter``.

    Raises
    ------
    EvaluationError
        If there are no predictions at all.
    """
    metrics = summarise(table, missing)
    metrics |= {key: config.get(key) for key in ("protocol", "synthetic")}
    metrics["marks"] = list(config.get("marks", ()))
    if "baseline" in config:
        metrics["method"] = config["method"]
    if leaked is not None:
        metrics["leak_meter"] = leak_figures(leaked, missing)
    return metrics


def leak_figures(
    table: PredictionTable, missing: Sequence[MissingFold] = ()
) -> dict[str, dict[str, dict[str, float]]]:
    """Score what the leak meter chose: ``{head: {part: {figure: mean over seeds}}}``.

    No intervals: an interval would give the look of a result.
    """
    classes = len(table.class_names)
    parts = _parts(table, _is_composite(table, missing))
    return {
        head: {
            name: seed_statistics(seed_confusions(rows, head, classes).sum(axis=1)).mean
            for name, rows in parts.items()
        }
        for head in HEADS
    }


def part_name(database: str) -> str:
    """Name of a database's part, which must not be taken for the whole."""
    return f"database {FULL}" if database == FULL else database


def _is_composite(table: PredictionTable, missing: Sequence[MissingFold]) -> bool:
    """Tell whether networks were trained on several databases; one may have lost all its folds."""
    lost = {fold.subject.partition("/")[0] for fold in missing}
    return len(lost.union(table.databases)) > 1


def _parts(table: PredictionTable, composite: bool) -> dict[str, list[Prediction]]:
    parts = {FULL: list(table.rows)}
    for database in table.databases if composite else ():
        parts[part_name(database)] = [row for row in table.rows if row.database == database]
    return parts


def _figures(table: PredictionTable, rows: list[Prediction], head: str) -> dict[str, Any]:
    counts = seed_confusions(rows, head, len(table.class_names))
    pooled = counts.sum(axis=1)
    statistics = seed_statistics(pooled)
    intervals = bootstrap_intervals(counts, resamples=RESAMPLES)
    figures: dict[str, Any] = dict(statistics.mean)
    for name in statistics.mean:
        figures[f"{name}_ci95"] = list(intervals[name]) if intervals else None
        figures[f"{name}_sd_seeds"] = statistics.deviation[name]
    figures["confusion"] = pooled[0].tolist() if len(pooled) == 1 else pooled.mean(axis=0).tolist()
    figures["n_clips"] = len({row.key for row in rows})
    figures["n_subjects"] = counts.shape[1]
    return figures


def seed_confusions(rows: list[Prediction], head: str, classes: int) -> npt.NDArray[np.int64]:
    """Count predictions by seed, subject, true class and predicted class.

    Parameters
    ----------
    rows : list of Prediction
        Of any number of seeds. A subject of which a seed has nothing gets an empty matrix there.
    head : str
        Whose predictions are counted.
    classes : int
        Number of classes.

    Returns
    -------
    ndarray of shape (seeds, subjects, classes, classes), int64
        Seeds ascending, subjects in text order, the same ones for every seed.
    """
    subjects = {key: number for number, key in enumerate(sorted({r.subject_key for r in rows}))}
    counts = np.zeros((0, len(subjects), classes, classes), dtype=np.int64)
    # A seed whose folds of this part are all missing has no rows here and takes no part.
    for seed in sorted({row.seed for row in rows}):
        chosen = [row for row in rows if row.seed == seed]
        numbers = np.array([subjects[row.subject_key] for row in chosen])
        of_seed = subject_confusions(numbers, *labels_of(chosen, head), classes)
        absent = len(subjects) - len(of_seed)
        of_seed = np.pad(of_seed, ((0, absent), (0, 0), (0, 0)))
        counts = np.concatenate([counts, of_seed[None]])
    return counts


def _floors(table: PredictionTable, composite: bool) -> dict[str, Any]:
    """Floors on the distinct clips, which do not depend on any seed of training."""
    clips = {row.key: row for row in table.rows}
    rows = [clips[key] for key in sorted(clips)]
    truth, _ = labels_of(rows, "svm")
    parts = {FULL: np.ones(len(rows), dtype=np.bool_)}
    for database in table.databases if composite else ():
        parts[part_name(database)] = np.array([row.database == database for row in rows])
    classes = len(table.class_names)
    majority = majority_floor(truth, parts, classes)
    permuted = permuted_floor(truth, parts, classes, permutations=PERMUTATIONS)
    return {part: {"majority": majority[part], "permuted": permuted[part]} for part in parts}
