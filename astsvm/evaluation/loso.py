"""Leave-one-subject-out over a collection of clips, from the clip file to ``metrics.json``.

The driver plans folds, hands them to worker processes, writes each result as it comes, and at the
end reads everything back from the run folder: a run that was interrupted and resumed goes the same
way as one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astsvm.config import Settings
from astsvm.datasets.protocols import Selection, apply_protocol
from astsvm.errors import SettingsError, StorageError
from astsvm.evaluation.fold import FoldResult, FoldTask, run_fold
from astsvm.evaluation.predictions import join_predictions
from astsvm.evaluation.provenance import software_versions
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.splits import Fold, leave_one_subject_out
from astsvm.evaluation.summary import MissingFold, summarise
from astsvm.execution import run_tasks

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from astsvm.storage.reader import ClipCollection

__all__ = ["run_loso"]

# Keras leaks a little memory with every training; a fresh process now and then gives it back.
_FOLDS_PER_PROCESS = 40
_LONGEST_REASON = 1000


def run_loso(
    clips: ClipCollection | str | Path | Sequence[str | Path],
    config: Settings | str,
    output: str | Path,
    *,
    protocol: str = "as-labelled",
    seeds: int = 1,
    workers: int = 1,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Hold out every subject once, train on the others, and score what was held out.

    Everything that is fitted (network, scaler, SVM, class weights) is fitted inside the fold. The
    number of epochs is fixed beforehand. Nothing is chosen on a held-out subject. A fold that
    fails is left out with its reason, and the others go on.

    Parameters
    ----------
    clips : ClipCollection, path, or sequence of paths
        The clips, as `astsvm preprocess` stored them. Several files form one composite set.
    config : Settings or str
        Settings, or the name of a preset.
    output : path
        Run folder to write: ``config.json``, ``folds``, ``predictions.csv``, ``metrics.json`` and
        ``megc_log.txt``. Pictures and page are drawn by :func:`astsvm.reporting.write_report`.
    protocol : str
        ``"as-labelled"`` or ``"megc2019"``, see :mod:`astsvm.datasets.protocols`.
    seeds : int
        Number of seeds: every fold is trained with each of the seeds 1..`seeds`.
    workers : int
        Number of processes. It changes no result.
    resume : bool
        Go on with the run in `output`, if there is one, and only compute the folds that are
        missing or damaged.
    progress : callable, optional
        Called with the number of folds done and in all.

    Returns
    -------
    dict
        What ``metrics.json`` holds, see :func:`astsvm.evaluation.summary.summarise`.

    Raises
    ------
    SettingsError
        If a stream of the settings is not in the clip files, or the files hold none of them.
    EvaluationError
        If the protocol leaves too little to evaluate, the run folder cannot be used, or every
        fold failed.
    """
    settings = Settings.from_preset(config) if isinstance(config, str) else config
    _check_arguments(settings, seeds=seeds, workers=workers)
    folder = RunFolder(Path(output))
    # Open as long as folds are handed out: only then does a copy know the digest to insist on.
    with _opened(clips) as collection:
        plan = _plan(collection, settings, protocol, seeds)
        folder.begin(plan.config, resume=resume)
        reasons = _compute(plan, folder, workers, progress)
    results, missing = _collect(plan, folder, reasons)
    table = join_predictions(results, plan.truth, plan.class_names)
    metrics = summarise(table, missing)
    metrics["protocol"] = protocol
    metrics["synthetic"] = plan.config["synthetic"]
    folder.write_results(table, metrics)
    return metrics


def _check_arguments(settings: Any, **numbers: Any) -> None:
    if not isinstance(settings, Settings):
        raise SettingsError(
            f"config must be Settings or the name of a preset, received {settings!r}. "
            "Read a file with Settings.load."
        )
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise SettingsError(
                f"{name} must be a whole number and 1 or more, received {number!r}."
            )


@dataclass(frozen=True, eq=False)
class _Plan:
    """All folds of a run, and what they depend on."""

    config: dict[str, Any]
    tasks: tuple[FoldTask, ...]
    truth: dict[str, int]
    class_names: tuple[str, ...]


def _opened(
    clips: ClipCollection | str | Path | Sequence[str | Path],
) -> AbstractContextManager[ClipCollection]:
    from astsvm.storage.reader import ClipCollection, open_clips

    if isinstance(clips, ClipCollection):
        return nullcontext(clips)
    paths = [clips] if isinstance(clips, str | Path) else list(clips)
    return open_clips(*(Path(path) for path in paths))


def _plan(collection: ClipCollection, settings: Settings, protocol: str, seeds: int) -> _Plan:
    _check_streams(collection, settings)
    selection = apply_protocol(collection.records, protocol)
    # A collection is ordered by clip key, so no number depends on the order of rows or files.
    records = [collection.records[i] for i in selection.indices]
    folds = leave_one_subject_out(records)
    truth = {r.key: int(label) for r, label in zip(records, selection.labels, strict=True)}
    tasks = [
        _task(collection, settings, seed, fold, selection)
        for seed in range(1, seeds + 1)
        for fold in folds
    ]
    config = _config(collection, settings, protocol, seeds, selection, folds)
    return _Plan(config, tuple(tasks), truth, selection.class_names)


def _check_streams(collection: ClipCollection, settings: Settings) -> None:
    wanted, there = settings.network.streams, collection.streams
    absent = [name for name in wanted if name not in there]
    if absent:
        usable = [name for name in wanted if name in there]
        advice = f"Pass --streams {','.join(usable)}" if usable else "Preprocess the clips again"
        raise SettingsError(
            f"the network takes the streams {', '.join(wanted)}, but the clip files hold "
            f"{', '.join(there) or 'none'}: {', '.join(absent)} is missing. {advice}, or give "
            "files that hold every stream."
        )


def _task(
    collection: ClipCollection, settings: Settings, seed: int, fold: Fold, selection: Selection
) -> FoldTask:
    held_out = selection.indices[fold.test]
    return FoldTask(
        clips=collection,
        settings=settings,
        classes=len(selection.class_names),
        seed=seed,
        subject=fold.subject,
        train_indices=selection.indices[fold.train],
        train_labels=selection.labels[fold.train],
        test_indices=held_out,
        test_clips=tuple(collection.records[i].key for i in held_out),
    )


def _config(
    collection: ClipCollection,
    settings: Settings,
    protocol: str,
    seeds: int,
    selection: Selection,
    folds: Iterable[Fold],
) -> dict[str, Any]:
    """Everything a result depends on; written as ``config.json`` and compared on resume."""
    return {
        "method": "AST+SVMNet",
        "evaluation": "leave one subject out",
        "protocol": protocol,
        "class_names": list(selection.class_names),
        # How the clips were preprocessed stands in their file, under "data"; the preset's own
        # preprocessing took no part.
        "settings": settings.model_dump(mode="json", exclude={"preprocessing"}),
        "seeds": list(range(1, seeds + 1)),
        "threads_per_fold": 1,
        "data": {
            "digest": collection.digest,
            "streams": {name: list(shape) for name, shape in sorted(collection.streams.items())},
            "preprocessing": collection.settings,
            "left_out": selection.left_out,
            "skipped": sorted(str(problem) for problem in collection.skipped),
        },
        "subjects": {fold.subject: len(fold.test) for fold in folds},
        "synthetic": collection.synthetic,
        "versions": software_versions(),
        "files": sorted(Path(path).name for path in collection.paths),
    }


def _compute(
    plan: _Plan,
    folder: RunFolder,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> dict[tuple[int, str], str]:
    """Compute the folds that are not there, write each; return why folds failed."""
    pending = [task for task in plan.tasks if not _is_done(task, folder, plan.config)]
    done = len(plan.tasks) - len(pending)
    reasons: dict[tuple[int, str], str] = {}
    if progress:
        progress(done, len(plan.tasks))
    outcomes = run_tasks(run_fold, pending, workers=workers, tasks_per_process=_FOLDS_PER_PROCESS)
    # Closed on the way out, so that an error here leaves no worker at its fold.
    with closing(outcomes):
        for outcome in outcomes:
            task = pending[outcome.index]
            if outcome.result is not None:
                folder.save_fold(outcome.result, plan.config)
            else:
                reasons[task.seed, task.subject] = _one_line(outcome.error)
            done += 1
            if progress:
                progress(done, len(plan.tasks))
    return reasons


def _one_line(error: Exception | None) -> str:
    """Say what failed in one line; TensorFlow wraps a reader's error in a screen of its own."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:_LONGEST_REASON]}"


def _is_done(task: FoldTask, folder: RunFolder, config: dict[str, Any]) -> bool:
    try:
        folder.load_fold(task.seed, task.subject, config)
    except StorageError:
        return False
    return True


def _collect(
    plan: _Plan, folder: RunFolder, reasons: dict[tuple[int, str], str]
) -> tuple[list[FoldResult], list[MissingFold]]:
    """Read every fold back from the disk; list those that are not there."""
    results: list[FoldResult] = []
    missing: list[MissingFold] = []
    for task in plan.tasks:
        if reason := reasons.get((task.seed, task.subject)):
            missing.append(MissingFold(task.seed, task.subject, len(task.test_clips), reason))
        else:
            results.append(folder.load_fold(task.seed, task.subject, plan.config))
    return results, missing
