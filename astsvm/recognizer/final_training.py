"""Training on all clips: what a fold does, with nobody held out.

One spawned process with one computing thread and no GPU does the arithmetic, so that the same
training gives the same bytes. Nothing is measured here: a model that has seen every clip cannot be
judged by them. Its figures are those of a leave-one-subject-out run of the same clips and settings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from astsvm.config import PreprocessingSettings, Settings
from astsvm.datasets.protocols import Selection, apply_protocol
from astsvm.errors import SettingsError
from astsvm.evaluation.fold import FoldTask
from astsvm.evaluation.loso import opened_clips
from astsvm.evaluation.provenance import code_digest, require_code, software_versions
from astsvm.evaluation.run_plan import RunPlan, plan_run
from astsvm.execution import refuse_unguarded_script, run_tasks
from astsvm.execution.environment import WITHOUT_GPU
from astsvm.recognizer.bundle import Bundle
from astsvm.recognizer.calibration import OutOfFoldScores, calibrate
from astsvm.recognizer.manifest import (
    CalibrationRecord,
    Manifest,
    TrainingData,
    TrainingRecord,
)
from astsvm.recognizer.model_card import model_card
from astsvm.recognizer.run_reference import RunReference, refer_to_run
from astsvm.svm_machines import is_of_the_method

if TYPE_CHECKING:
    from astsvm.storage.reader import ClipCollection

__all__ = ["train_bundle"]

_NOBODY = "all clips"
"""Stands where a fold names its held-out subject; no subject has this key, which lacks a slash."""


@dataclass(frozen=True, eq=False)
class _FinalTask:
    fold: FoldTask
    scores: OutOfFoldScores | None
    code: str


@dataclass(frozen=True, eq=False)
class _FinalParts:
    network: bytes
    classifier: bytes
    training: TrainingRecord
    calibration: CalibrationRecord | None


def train_bundle(
    clips: ClipCollection | str | Path | Sequence[str | Path],
    config: Settings | str,
    *,
    protocol: str = "as-labelled",
    seed: int = 1,
    calibration_run: str | Path | None = None,
    metrics_run: str | Path | None = None,
    begin: Callable[[], object] | None = None,
) -> Bundle:
    """Train on all clips that a protocol has a class for.

    Parameters and errors are those of :meth:`astsvm.recognizer.Recognizer.train`; `begin` is called
    when everything is checked and the long part begins.
    """
    settings = Settings.from_preset(config) if isinstance(config, str) else config
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise SettingsError(f"seed must be a whole number and 0 or more, received {seed!r}.")
    if not is_of_the_method(settings.training):
        raise SettingsError(
            "a model that is to be used has RBF machines on standardised features, one for each "
            "class; leave training.svm_kernel, svm_standardise and svm_multiclass out."
        )
    refuse_unguarded_script()
    # Open as long as the training goes on: only then does a copy know the digest to insist on.
    with opened_clips(clips) as collection:
        plan = plan_run(collection, settings, protocol, seeds=1, final=True)
        held_out = _reference(calibration_run, plan)
        judged = _reference(metrics_run, plan) if metrics_run else held_out
        selection = apply_protocol(collection.records, protocol)
        fold = _whole_task(collection, settings, selection, seed)
        scores = held_out.scores if held_out else None
        # Before the training: a name that no model may hold is refused at once.
        data = _data(collection, selection, settings)
        if begin is not None:
            begin()
        parts = _trained(_FinalTask(fold, scores, code_digest()))
        manifest = Manifest(
            generated_by=f"astsvm {version('astsvm')}",
            versions=software_versions(),
            class_names=selection.class_names,
            protocol=protocol,
            synthetic=collection.synthetic,
            data=data,
            training=parts.training,
            run=judged.figures if judged else None,
            calibration=parts.calibration,
            members={},
        )
        used = _settings_of_clips(settings, collection, plan)
    card = model_card(manifest, used)
    return Bundle.sealed(manifest, used, parts.network, parts.classifier, card)


def _reference(run: str | Path | None, plan: RunPlan) -> RunReference | None:
    return None if run is None else refer_to_run(Path(run), plan)


def _whole_task(
    collection: ClipCollection, settings: Settings, selection: Selection, seed: int
) -> FoldTask:
    return FoldTask(
        clips=collection,
        settings=settings,
        classes=len(selection.class_names),
        seed=seed,
        subject=_NOBODY,
        train_indices=selection.indices,
        train_labels=selection.labels,
        test_indices=np.empty(0, np.int64),
        test_clips=(),
        train_subjects=tuple(collection.records[i].subject_key for i in selection.indices),
    )


def _trained(task: _FinalTask) -> _FinalParts:
    outcomes = run_tasks(_train_here, [task], places=[WITHOUT_GPU])
    # Closed on the way out, so that an interrupt leaves no process behind.
    with closing(outcomes):
        (outcome,) = outcomes
    if outcome.error is not None:
        raise outcome.error
    return cast(_FinalParts, outcome.result)


def _train_here(task: _FinalTask) -> _FinalParts:
    """Train in a worker."""
    require_code(task.code)
    from astsvm.network.start import start_tensorflow

    start_tensorflow()
    from astsvm.evaluation.fold_fitting import fit_fold
    from astsvm.network.network_file import pack_network

    fitted = fit_fold(task.fold)
    return _FinalParts(
        network=pack_network(fitted.network.copy()),
        classifier=fitted.svm.to_bytes(),
        training=TrainingRecord(
            seed=task.fold.seed,
            epochs=len(fitted.losses),
            final_loss=float(fitted.losses[-1]),
            chosen=fitted.choice.as_numbers() if fitted.choice else {},
        ),
        calibration=calibrate(task.scores) if task.scores else None,
    )


def _data(collection: ClipCollection, selection: Selection, settings: Settings) -> TrainingData:
    counts = np.bincount(selection.labels, minlength=len(selection.class_names))
    used = settings.network.streams
    return TrainingData(
        digest=collection.digest,
        datasets=collection.datasets,
        clips=len(selection.indices),
        subjects=len({collection.records[i].subject_key for i in selection.indices}),
        clips_by_class=dict(zip(selection.class_names, counts.tolist(), strict=True)),
        left_out=sum(selection.left_out.values()),
        streams={name: collection.streams[name] for name in used},
        precomputed_flow=collection.settings.get("precomputed_flow"),
    )


def _settings_of_clips(settings: Settings, collection: ClipCollection, plan: RunPlan) -> Settings:
    """Put the preprocessing that the clips had into the settings: predictions must have the same.

    Flow images made elsewhere had none of ours; the settings' own then has no meaning.
    """
    stored: dict[str, Any] = collection.settings
    if "precomputed_flow" in stored:
        return settings
    preset = settings.preset
    if plan.config["other_than_settings"]:
        preset = f"{preset}, preprocessed otherwise"
    return settings.replace(preset=preset, preprocessing=PreprocessingSettings(**stored))
