"""The paper's ablation tables, computed: which part of the method matters, and how sure that is.

Every variant is an ordinary leave-one-subject-out run in a folder of its own; what is written
beside them follows from these runs alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astsvm.baselines.inputs import UnfitClipError
from astsvm.config import Settings
from astsvm.errors import EvaluationError
from astsvm.evaluation.ablation_plan import (
    TABLES,
    AblationPlan,
    PlannedRow,
    PlannedTable,
    plan_ablation,
)
from astsvm.evaluation.baseline_run import run_baseline
from astsvm.evaluation.comparison import Difference, compare_tables, holm_adjusted
from astsvm.evaluation.loso import opened_clips, run_loso
from astsvm.evaluation.predictions import HEADS, PredictionTable
from astsvm.evaluation.published_tables import PUBLISHED, UNREADABLE
from astsvm.evaluation.run_folder import RunFolder
from astsvm.storage.atomic import write_text_atomically

if TYPE_CHECKING:
    from astsvm.evaluation.run_progress import RunProgress
    from astsvm.storage.reader import ClipCollection

__all__ = ["RESULTS", "run_ablation"]

RESULTS = "ablation.json"
RUNS = "runs"
_FORMAT = "astsvm-ablation"
_VERSION = 1
_CLASSIFIERS = 12
"""Number of the table whose row is compared by its two heads."""

Watch = Callable[["RunProgress"], object] | None
Watching = Callable[[str], AbstractContextManager[Watch]]


def run_ablation(
    clips: ClipCollection | str | Path | Sequence[str | Path],
    config: Settings | str,
    output: str | Path,
    *,
    tables: Collection[int] = TABLES,
    protocol: str = "as-labelled",
    seeds: int = 1,
    workers: int | None = None,
    cluster: str | None = None,
    resume: bool = False,
    watching: Watching | None = None,
) -> dict[str, Any]:
    """Run the variants of the paper's ablation tables, and compare each with the whole method.

    Parameters
    ----------
    clips : ClipCollection, path, or sequence of paths
        The clips, as `astsvm preprocess` stored them.
    config : Settings or str
        The method, or the name of a preset; each row changes one of its choices.
    output : path
        Folder to write: ``runs/NAME``, a run's folder for each variant, and ``ablation.json``.
    tables : collection of int
        Of 8, 9, 10, 11 and 12.
    protocol, seeds, workers, cluster
        See :func:`astsvm.run_loso`.
    resume : bool
        Go on with what is in `output`: finished folds are not computed again, and tables may be
        added.
    watching : callable, optional
        Called with the name of each run; returns a context whose value is what
        :func:`astsvm.run_loso` takes as `watch`.

    Returns
    -------
    dict
        What ``ablation.json`` holds, see ``docs/ablation.md``.

    Raises
    ------
    SettingsError
        If there is no such table, or the clips hold none of the settings' streams.
    EvaluationError
        If `output` is not empty and `resume` is off, or a run cannot be made.
    """
    settings = Settings.from_preset(config) if isinstance(config, str) else config
    folder = Path(output)
    _require_free(folder, resume=resume)
    with opened_clips(clips) as collection:
        plan = plan_ablation(collection, settings, tables)
        runs = plan.runs()
        for number, (name, row) in enumerate(runs.items(), 1):
            shown = f"{number} of {len(runs)}, {row.variant.label}"
            try:
                with _watched(watching, shown) as watch:
                    _run(
                        row,
                        collection,
                        folder / RUNS / name,
                        protocol=protocol,
                        seeds=seeds,
                        workers=workers,
                        cluster=cluster,
                        resume=resume,
                        watch=watch,
                    )
            except UnfitClipError as error:
                plan = plan.without(name, str(error))
    results = _results(plan, folder)
    write_text_atomically(
        folder / RESULTS, json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )
    return results


def _require_free(folder: Path, *, resume: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise EvaluationError(f"{folder} exists already and is no folder. Choose another.")
    if folder.is_dir() and any(folder.iterdir()) and not resume:
        raise EvaluationError(
            f"{folder} exists already and is not empty; nothing was changed. Choose another, or go "
            "on with what is in it: --resume, in Python resume=True."
        )


@contextmanager
def _watched(watching: Watching | None, name: str) -> Iterator[Watch]:
    if watching is None:
        yield None
        return
    with watching(name) as watch:
        yield watch


def _run(row: PlannedRow, clips: ClipCollection, folder: Path, **options: Any) -> None:
    if row.variant.baseline:
        training = row.settings.training
        run_baseline(row.variant.baseline, clips, folder, svm_of=training, **options)
    else:
        run_loso(clips, row.settings, folder, **options)


def _results(plan: AblationPlan, folder: Path) -> dict[str, Any]:
    """Gather figures, comparisons and what the paper says."""
    folders = {name: RunFolder(folder / RUNS / name) for name in plan.runs()}
    metrics = {name: one.metrics() for name, one in folders.items()}
    reference = plan.reference.name
    config, whole = folders[reference].config(), metrics[reference]
    against = _against_reference(folders, metrics, reference)
    heads = _between_heads(folders[reference].predictions()) if whole["complete"] else None
    return {
        "format": _FORMAT,
        "format_version": _VERSION,
        "reference": reference,
        "synthetic": whole["synthetic"],
        "remarks": list(plan.remarks),
        **{key: whole[key] for key in ("protocol", "class_names", "seeds", "evaluation")},
        **{key: whole[key] for key in ("n_clips", "n_subjects", "floors")},
        "settings": config["settings"],
        "data": {key: config["data"][key] for key in ("digest", "datasets", "streams")},
        "versions": config["versions"],
        "tables": [_table(table, plan, metrics, against, heads) for table in plan.tables],
    }


def _table(
    table: PlannedTable,
    plan: AblationPlan,
    metrics: dict[str, dict[str, Any]],
    against: dict[str, dict[str, Any]],
    heads: dict[str, Any] | None,
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": table.number,
        "title": table.title,
        "unreadable": UNREADABLE.get(table.number, ""),
        "rows": [_as_dict(row, plan, metrics, against) for row in table.rows],
    }
    if table.number == _CLASSIFIERS:
        told["svm_against_softmax"] = heads
    return told


def _as_dict(
    row: PlannedRow,
    plan: AblationPlan,
    metrics: dict[str, dict[str, Any]],
    against: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    name = "" if row.reason else plan.run_of(row)
    found = metrics.get(name)
    published = PUBLISHED.get(row.variant.name, {})
    return {
        "variant": row.variant.name,
        "label": row.variant.label,
        "run": f"{RUNS}/{name}" if name else None,
        "not_possible": row.reason,
        "complete": found["complete"] if found else None,
        "heads": {head: found[head] for head in HEADS} if found else None,
        "against_reference": against.get(name),
        "published": {
            head: {"place": one.place, "figures": {k: list(v) for k, v in one.figures.items()}}
            for head, one in published.items()
        },
    }


def _against_reference(
    folders: dict[str, RunFolder], metrics: dict[str, dict[str, Any]], reference: str
) -> dict[str, dict[str, Any]]:
    """Compare every complete run with the reference, head by head; p-values after Holm.

    All variants count as compared at once, whatever table they stand in.
    """
    others = [name for name in folders if name != reference and metrics[name]["complete"]]
    if not metrics[reference]["complete"] or not others:
        return {}
    tables = {name: folders[name].predictions() for name in (reference, *others)}
    found: dict[str, dict[str, Any]] = {name: {} for name in others}
    for head in HEADS:
        compared = [compare_tables(tables[name], tables[reference], head)[0] for name in others]
        for name, differences in zip(others, holm_adjusted(compared), strict=True):
            found[name][head] = _differences(differences)
    return found


def _between_heads(table: PredictionTable) -> dict[str, Any]:
    """Compare the two heads of one run, clip by clip the same networks."""
    softmax = PredictionTable(
        (
            replace(
                row,
                predicted=dict.fromkeys(HEADS, row.predicted["softmax"]),
                class_scores=dict.fromkeys(HEADS, row.class_scores["softmax"]),
            )
            for row in table.rows
        ),
        table.class_names,
    )
    return _differences(compare_tables(table, softmax, "svm")[0])


def _differences(differences: dict[str, Difference]) -> dict[str, Any]:
    return {
        name: {
            "difference": one.first - one.second,
            "ci95": None if one.interval is None else list(one.interval),
            "p_value": one.p_value,
            "distinguishable": one.is_distinguishable,
        }
        for name, one in differences.items()
    }
