"""Leave-one-subject-out over a collection of clips, from the clip file to ``metrics.json``.

The driver plans folds, hands them to worker processes, writes each result as it comes, and at the
end reads everything back from the run folder: a run that was interrupted and resumed goes the same
way as one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astsvm.config import Settings
from astsvm.errors import SettingsError, StorageError
from astsvm.evaluation.fold import FoldResult, FoldTask
from astsvm.evaluation.fold_dispatch import FoldDispatch
from astsvm.evaluation.leak_meter import oracle_predictions
from astsvm.evaluation.method import Method
from astsvm.evaluation.predictions import join_predictions
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.run_notes import tell_of_surprises
from astsvm.evaluation.run_plan import RunPlan, plan_run
from astsvm.evaluation.run_progress import FoldWatch, RunProgress
from astsvm.evaluation.summary import MissingFold, run_metrics
from astsvm.execution import refuse_unguarded_script

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from astsvm.storage.reader import ClipCollection

__all__ = ["opened_clips", "run_loso"]

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
    gpus_per_fold: float | None = None,
    resume: bool = False,
    oracle_epoch: bool = False,
    permute_labels: int | None = None,
    fold_timeout: float | None = None,
    progress: Callable[[int, int], None] | None = None,
    watch: Callable[[RunProgress], object] | None = None,
    method: Method | None = None,
) -> dict[str, Any]:
    """Hold out every subject once, train on the others, and score what was held out.

    Everything that is fitted (network, scaler, SVM, class weights) is fitted inside the fold. The
    number of epochs is fixed beforehand, or chosen on an inner split of the training subjects
    (``training.inner`` of the settings). Nothing is chosen on a held-out subject. A fold that
    fails is left out with its reason, and the others go on; one whose process dies or hangs is
    tried three times.

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
    gpus_per_fold : float, optional
        GPUs, or the fraction of one, that a fold gets; with 0 it sees none. By default the GPUs of
        this machine, if TensorFlow finds any, are shared out among the workers; on a cluster it is
        0. A GPU rounds otherwise, so a run goes on with the kind of GPU, or none, it began with.
    resume : bool
        Go on with the run in `output`, if there is one, and only compute the folds that are
        missing or damaged.
    oracle_epoch : bool
        Measure beside the figures what choosing the epoch on the held-out subjects would have
        claimed: ``metrics["leak_meter"]`` and ``leak_meter.csv``. It is no result and is marked so.
    permute_labels : int, optional
        Permute the labels among the clips with this seed before anything else: the null, in which
        there is nothing to learn. Marked so in every output.
    fold_timeout : float, optional
        Seconds after which a fold counts as hung. By default ten times the longest fold so far,
        at least half an hour; six hours before the first is done.
    progress : callable, optional
        Called with the number of folds done and in all.
    watch : callable, optional
        Called at the same moments with more: seeds done, and the running UF1.
    method : Method, optional
        A baseline instead of AST+SVMNet, whose inputs the clip files hold; see
        :func:`astsvm.evaluation.baseline_run.run_baseline`, which makes them.

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
    _check_permutation(permute_labels)
    refuse_unguarded_script()
    dispatch = FoldDispatch(workers, cluster, gpus_per_fold, fold_timeout)
    with closing(RunFolder(Path(output), with_inputs=method is not None)) as folder:
        # Open as long as folds are handed out: only then does a copy know the digest to insist on.
        with opened_clips(clips) as collection:
            plan = plan_run(
                collection,
                settings,
                protocol,
                seeds,
                oracle_epoch=oracle_epoch,
                permute_labels=permute_labels,
                gpus=dispatch.gpus,
                method=method,
            )
            folder.begin(plan.config, resume=resume)
            tell_of_surprises(plan, settings)
            reasons = _compute(plan, folder, dispatch, _telling(progress, watch))
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


def _check_permutation(seed: Any) -> None:
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise SettingsError(
            f"permute_labels must be a seed, a whole number and 0 or more, received {seed!r}."
        )


def opened_clips(
    clips: ClipCollection | str | Path | Sequence[str | Path],
) -> AbstractContextManager[ClipCollection]:
    """Open clip files, to be closed by the ``with`` statement; what is open already stays so."""
    from astsvm.storage.reader import ClipCollection, open_clips

    if isinstance(clips, ClipCollection):
        return nullcontext(clips)
    paths = [clips] if isinstance(clips, str | Path) else list(clips)
    return open_clips(*(Path(path) for path in paths))


def _telling(
    progress: Callable[[int, int], None] | None, watch: Callable[[RunProgress], object] | None
) -> Callable[[RunProgress], None]:
    def tell(state: RunProgress) -> None:
        if progress:
            progress(state.done, state.total)
        if watch:
            watch(state)

    return tell


def _compute(
    plan: RunPlan, folder: RunFolder, dispatch: FoldDispatch, tell: Callable[[RunProgress], None]
) -> dict[tuple[int, str], str]:
    """Compute the folds that are not there, write each; return why folds failed."""
    reasons: dict[tuple[int, str], str] = {}
    pending: list[FoldTask] = []
    folds = [(task.seed, task.subject) for task in plan.tasks]
    watched = FoldWatch(folds, plan.truth, len(plan.class_names))
    for task in plan.tasks:
        if result := _stored(task, folder, plan.config):
            watched.count(task.seed, task.subject, result)
        else:
            pending.append(task)
    tell(watched.progress())
    outcomes = dispatch.run(pending)
    # Closed on the way out, so that an error here leaves no worker at its fold.
    with closing(outcomes):
        for outcome in outcomes:
            task = pending[outcome.index]
            if outcome.result is not None:
                folder.save_fold(outcome.result, plan.config)
            else:
                reasons[task.seed, task.subject] = _one_line(outcome.error)
            watched.count(task.seed, task.subject, outcome.result)
            tell(watched.progress())
    return reasons


def _conclude(
    plan: RunPlan, folder: RunFolder, reasons: dict[tuple[int, str], str]
) -> dict[str, Any]:
    """Score what lies in the folder, and write the figures beside it."""
    results, missing = _collect(plan, folder, reasons)
    table = join_predictions(results, plan.truth, plan.class_names)
    leaked = None
    if plan.config["oracle_epoch"]:
        leaked = oracle_predictions(results, plan.truth, plan.class_names)
    metrics = run_metrics(plan.config, table, missing, leaked)
    folder.write_results(table, metrics, leaked=leaked, chosen=results)
    return metrics


def _one_line(error: Exception | None) -> str:
    """Say what failed in one line; TensorFlow wraps a reader's error in a screen of its own."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:_LONGEST_REASON]}"


def _stored(task: FoldTask, folder: RunFolder, config: dict[str, Any]) -> FoldResult | None:
    """Return what an earlier run has left of a fold, if it is whole and of this run."""
    try:
        return folder.load_fold(task.seed, task.subject, config)
    except StorageError:
        return None


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
