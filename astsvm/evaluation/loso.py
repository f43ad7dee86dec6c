"""Leave-one-subject-out over a collection of clips, from the clip file to ``metrics.json``.

The driver plans folds, hands them to worker processes, writes each result as it comes, and at the
end reads everything back from the run folder: a run that was interrupted and resumed goes the same
way as one that was not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astsvm.config import Settings
from astsvm.errors import SettingsError, StorageError
from astsvm.evaluation.cluster_folds import run_folds_on_cluster
from astsvm.evaluation.fold import FoldResult, FoldTask, run_fold
from astsvm.evaluation.predictions import join_predictions
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.run_plan import RunPlan, plan_run
from astsvm.evaluation.summary import MissingFold, summarise
from astsvm.execution import TaskOutcome, refuse_unguarded_script, run_tasks

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from astsvm.storage.reader import ClipCollection

__all__ = ["run_loso"]

_LOGGER = logging.getLogger(__name__)

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
    workers: int | None = None,
    cluster: str | None = None,
    gpus_per_fold: float = 0,
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
        One of :data:`astsvm.datasets.PROTOCOLS`, for example ``"megc2019"``.
    seeds : int
        Number of seeds: every fold is trained with each of the seeds 1..`seeds`.
    workers : int, optional
        Number of processes, by default 1; on a cluster the most folds at a time, by default as
        many as it has room for. It changes no result.
    cluster : str, optional
        Train on a Ray cluster: ``"auto"``, ``"local"`` or ``"HOST:PORT"``, see
        :func:`astsvm.execution.ray_connection.ray_connection`. It changes no result where the
        processors are of the same kind.
    gpus_per_fold : float
        GPUs, or the fraction of one, that a fold on a cluster gets; with 0 it sees none.
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
    ClusterError
        If the cluster cannot be reached or used; what is finished is kept.
    """
    settings = Settings.from_preset(config) if isinstance(config, str) else config
    _check_arguments(settings, seeds=seeds, workers=1 if workers is None else workers)
    refuse_unguarded_script()
    with closing(RunFolder(Path(output))) as folder:
        # Open as long as folds are handed out: only then does a copy know the digest to insist on.
        with _opened(clips) as collection:
            plan = plan_run(collection, settings, protocol, seeds)
            folder.begin(plan.config, resume=resume)
            _tell_of_surprises(plan, settings)
            run_folds = partial(_run_folds, workers=workers, cluster=cluster, gpus=gpus_per_fold)
            reasons = _compute(plan, folder, run_folds, progress)
        return _conclude(plan, folder, reasons)


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


def _tell_of_surprises(plan: RunPlan, settings: Settings) -> None:
    """Say before hours of work what one may not have meant; the report says it again."""
    if differences := plan.config["other_than_settings"]:
        _LOGGER.warning(
            "note: the clips were preprocessed otherwise than the settings %r do it: %s. "
            "The report says so.",
            settings.preset,
            differences,
        )
    left_out = plan.config["data"]["left_out"]
    if left_out:
        reasons = "; ".join(f"{count} x {reason}" for reason, count in left_out.items())
        _LOGGER.warning("note: the protocol leaves clips out: %s.", reasons)
    present = {plan.class_names[number] for number in plan.truth.values()}
    if absent := [name for name in plan.class_names if name not in present]:
        _LOGGER.warning("note: no clip is of the class %s.", ", ".join(absent))
    databases = {key.split("/")[0] for key in plan.truth}
    if len(databases) > 1 and plan.config["protocol"] == "as-labelled":
        _LOGGER.warning(
            "note: labels of %d databases are mixed as they are; a protocol such as megc2019 "
            "gives them common classes.",
            len(databases),
        )


def _opened(
    clips: ClipCollection | str | Path | Sequence[str | Path],
) -> AbstractContextManager[ClipCollection]:
    from astsvm.storage.reader import ClipCollection, open_clips

    if isinstance(clips, ClipCollection):
        return nullcontext(clips)
    paths = [clips] if isinstance(clips, str | Path) else list(clips)
    return open_clips(*(Path(path) for path in paths))


def _compute(
    plan: RunPlan,
    folder: RunFolder,
    run_folds: Callable[[Sequence[FoldTask]], Generator[TaskOutcome[FoldResult]]],
    progress: Callable[[int, int], None] | None,
) -> dict[tuple[int, str], str]:
    """Compute the folds that are not there, write each; return why folds failed."""
    pending = [task for task in plan.tasks if not _is_done(task, folder, plan.config)]
    done = len(plan.tasks) - len(pending)
    reasons: dict[tuple[int, str], str] = {}
    if progress:
        progress(done, len(plan.tasks))
    outcomes = run_folds(pending)
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


def _run_folds(
    tasks: Sequence[FoldTask], *, workers: int | None, cluster: str | None, gpus: float
) -> Generator[TaskOutcome[FoldResult]]:
    """Start folds in processes of this machine or of a cluster."""
    recycled = {"tasks_per_process": _FOLDS_PER_PROCESS}
    if cluster is None:
        return run_tasks(run_fold, tasks, workers=workers or 1, **recycled)
    return run_folds_on_cluster(
        tasks, address=cluster, workers=workers, gpus_per_fold=gpus, **recycled
    )


def _conclude(
    plan: RunPlan, folder: RunFolder, reasons: dict[tuple[int, str], str]
) -> dict[str, Any]:
    """Score what lies in the folder, and write the figures beside it."""
    results, missing = _collect(plan, folder, reasons)
    table = join_predictions(results, plan.truth, plan.class_names)
    metrics = summarise(table, missing)
    metrics["protocol"] = plan.config["protocol"]
    metrics["synthetic"] = plan.config["synthetic"]
    folder.write_results(table, metrics)
    return metrics


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
    plan: RunPlan, folder: RunFolder, reasons: dict[tuple[int, str], str]
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
