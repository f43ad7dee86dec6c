"""What a run consists of: its folds, the truth they are judged by, and all they depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from astsvm.baselines import DERIVED
from astsvm.config import Settings
from astsvm.datasets.contract import CORRECTED
from astsvm.datasets.protocols import Selection, apply_protocol
from astsvm.errors import SettingsError
from astsvm.evaluation.fold import FoldTask
from astsvm.evaluation.leak_meter import LEAK_METER, NULL_RUN
from astsvm.evaluation.method import Method
from astsvm.evaluation.provenance import software_versions
from astsvm.evaluation.splits import Fold, leave_one_subject_out
from astsvm.storage.differences import describe_differences

if TYPE_CHECKING:
    from astsvm.storage.reader import ClipCollection

__all__ = ["RunPlan", "plan_run"]


@dataclass(frozen=True, eq=False)
class RunPlan:
    """All folds of a run, and what they depend on.

    Parameters
    ----------
    config : dict
        Everything a result depends on, as JSON values: ``config.json``.
    tasks : tuple of FoldTask
        One for every seed and subject.
    truth : dict of str to int
        Clip key -> class. It stays with the driver; folds get the labels of training clips only.
    class_names : tuple of str
        Names of the classes.
    """

    config: dict[str, Any]
    tasks: tuple[FoldTask, ...]
    truth: dict[str, int]
    class_names: tuple[str, ...]


def plan_run(
    collection: ClipCollection,
    settings: Settings,
    protocol: str,
    seeds: int,
    *,
    oracle_epoch: bool = False,
    permute_labels: int | None = None,
    gpus: str = "",
    final: bool = False,
    method: Method | None = None,
) -> RunPlan:
    """Plan a fold for every seed and subject.

    Parameters
    ----------
    collection : ClipCollection
        The clips.
    settings : Settings
        How a fold is computed.
    protocol : str
        See :mod:`astsvm.datasets.protocols`.
    seeds : int
        Number of seeds.
    oracle_epoch : bool
        Let folds predict after every epoch, for the leak meter.
    permute_labels : int, optional
        Permute the labels among all clips with this seed, for the null.
    gpus : str
        The kind of GPU folds are computed on, each of which rounds otherwise; empty for none.
    final : bool
        The plan is what a final model is compared with: it trains on every subject.
    method : Method, optional
        What is trained, by default AST+SVMNet on the streams of the settings.

    Raises
    ------
    SettingsError
        If a stream of the settings is not in the clip files, the leak meter is asked for together
        with an inner choice of epochs, or there are too few subjects for an inner split.
    EvaluationError
        If the protocol leaves too little to evaluate.
    """
    method = method or Method.of_settings(settings)
    _check_clips(collection, method)
    if oracle_epoch and settings.training.inner:
        raise SettingsError(
            "the leak meter looks at a fixed number of epochs; leave the inner choice out."
        )
    selection = apply_protocol(collection.records, protocol)
    if permute_labels is not None:
        dealt = np.random.default_rng(permute_labels).permutation(selection.labels)
        selection = replace(selection, labels=dealt)
    # A collection is ordered by clip key, so no number depends on the order of rows or files.
    records = [collection.records[i] for i in selection.indices]
    folds = leave_one_subject_out(records)
    _check_inner(settings, len(folds), final)
    truth = {r.key: int(label) for r, label in zip(records, selection.labels, strict=True)}
    tasks = [
        _task(collection, settings, method, seed, fold, selection, every_epoch=oracle_epoch)
        for seed in range(1, seeds + 1)
        for fold in folds
    ]
    config = _config(collection, settings, method, protocol, seeds, selection, folds)
    config |= {"oracle_epoch": oracle_epoch, "permuted_labels": permute_labels}
    config["folds_on_gpus"] = gpus
    config["marks"] = [LEAK_METER] * oracle_epoch
    if permute_labels is not None:
        config["marks"].append(NULL_RUN.format(seed=permute_labels))
    return RunPlan(config, tuple(tasks), truth, selection.class_names)


def _check_clips(collection: ClipCollection, method: Method) -> None:
    if not collection.records:
        first = next(iter(collection.skipped), None)
        told = "" if first is None else f" The first that was skipped: {first}"
        raise SettingsError(f"the clip files hold no clip.{told}")
    wanted, there = method.streams, collection.streams
    absent = [name for name in wanted if name not in there]
    if absent:
        usable = [name for name in wanted if name in there]
        advice = f"Pass --streams {','.join(usable)}" if usable else "Preprocess the clips again"
        raise SettingsError(
            f"the network takes the streams {', '.join(wanted)}, but the clip files hold "
            f"{', '.join(there) or 'none'}: {', '.join(absent)} is missing. {advice}, or give "
            "files that hold every stream."
        )


def _check_inner(settings: Settings, subjects: int, final: bool) -> None:
    inner = settings.training.inner
    trained_on = subjects if final else subjects - 1
    if inner and trained_on < inner.splits:
        told = f"{trained_on} subject{'s' if trained_on > 1 else ''} only"
        raise SettingsError(
            f"training.inner.splits is {inner.splits}, but "
            f"{f'there are {told}' if final else f'every fold trains on {told}'}, and a part holds "
            "one at least. Lower it, or leave the inner choice out."
        )


def _task(
    collection: ClipCollection,
    settings: Settings,
    method: Method,
    seed: int,
    fold: Fold,
    selection: Selection,
    *,
    every_epoch: bool,
) -> FoldTask:
    held_out, kept = selection.indices[fold.test], selection.indices[fold.train]
    return FoldTask(
        clips=collection,
        settings=settings,
        classes=len(selection.class_names),
        seed=seed,
        subject=fold.subject,
        train_indices=kept,
        train_labels=selection.labels[fold.train],
        test_indices=held_out,
        test_clips=tuple(collection.records[i].key for i in held_out),
        train_subjects=tuple(collection.records[i].subject_key for i in kept),
        every_epoch=every_epoch,
        method=method,
    )


def _config(
    collection: ClipCollection,
    settings: Settings,
    method: Method,
    protocol: str,
    seeds: int,
    selection: Selection,
    folds: Iterable[Fold],
) -> dict[str, Any]:
    """Everything a result depends on; written as ``config.json`` and compared on resume."""
    return {
        "method": method.title,
        **({} if method.facts is None else {"baseline": dict(method.facts)}),
        "evaluation": "leave one subject out",
        "protocol": protocol,
        "class_names": list(selection.class_names),
        # How the clips were preprocessed stands in their file, under "data"; the preset's own
        # preprocessing took no part. Nor did AST+SVMNet's network in a baseline of its own.
        "settings": settings.model_dump(
            mode="json", exclude={"preprocessing"} | ({"network"} if method.network else set())
        ),
        "seeds": list(range(1, seeds + 1)),
        "threads_per_fold": 1,
        "data": {
            "digest": collection.digest,
            "streams": {name: list(shape) for name, shape in sorted(collection.streams.items())},
            "preprocessing": collection.settings,
            "datasets": list(collection.datasets),
            "corrected": _corrected(collection),
            "left_out": selection.left_out,
            "skipped": sorted(str(problem) for problem in collection.skipped),
        },
        "subjects": {fold.subject: len(fold.test) for fold in folds},
        "other_than_settings": _differences(settings, method, collection.settings),
        "synthetic": collection.synthetic,
        "versions": software_versions(),
        "files": sorted(Path(path).name for path in collection.paths),
    }


def _differences(settings: Settings, method: Method, preprocessing: Mapping[str, Any]) -> str:
    """Say in what the clips were preprocessed otherwise than the run's settings would.

    That is allowed, but the run must not pass under the name of its preset alone. Precomputed
    flow was not preprocessed by us in any way, and a baseline knows no preset.
    """
    if "precomputed_flow" in preprocessing or method.network:
        return ""
    own = {name: value for name, value in preprocessing.items() if name != DERIVED}
    return describe_differences(own, settings.preprocessing.model_dump(mode="json"))


def _corrected(collection: ClipCollection) -> list[str]:
    """List what was corrected or is doubtful about the clips that are kept."""
    return [
        f"{record.key}: {note.removeprefix(CORRECTED)}"
        for record in collection.records
        for note in record.notes
        if note.startswith(CORRECTED)
    ]
