"""A baseline under the protocol of the method: its inputs first, then leave one subject out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astsvm.baselines.inputs import write_inputs
from astsvm.baselines.registry import Baseline, find_baseline
from astsvm.config import Settings, TrainingSettings
from astsvm.datasets.protocols import apply_protocol
from astsvm.errors import SettingsError
from astsvm.evaluation.loso import opened_clips, run_loso
from astsvm.evaluation.method import ASTSVMNET, Method
from astsvm.evaluation.run_folder import RunFolder
from astsvm.execution import refuse_unguarded_script

if TYPE_CHECKING:
    from astsvm.evaluation.run_progress import RunProgress
    from astsvm.storage.reader import ClipCollection

__all__ = ["run_baseline"]

_MACHINE = (
    "class_weight",
    *(name for name in TrainingSettings.model_fields if name.startswith("svm_")),
)
"""Settings of the SVM head."""


def run_baseline(
    name: str,
    clips: ClipCollection | str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    as_network_input: Settings | None = None,
    svm_of: TrainingSettings | None = None,
    epochs: int | None = None,
    protocol: str = "as-labelled",
    seeds: int = 1,
    workers: int | None = None,
    cluster: str | None = None,
    resume: bool = False,
    input_progress: Callable[[int, int], None] | None = None,
    watch: Callable[[RunProgress], object] | None = None,
) -> dict[str, Any]:
    """Hold out every subject once and train a baseline on the others.

    Parameters
    ----------
    name : str
        One of :func:`astsvm.baselines.all_baselines`.
    clips : ClipCollection, path, or sequence of paths
        The clips, as `astsvm preprocess` stored them.
    output : path
        Run folder to write, as that of :func:`astsvm.run_loso`, with ``inputs.h5`` besides.
    as_network_input : Settings, optional
        Train AST+SVMNet with these settings on the baseline's input, its only one; their streams
        are not looked at.
    svm_of : TrainingSettings, optional
        Give the baseline the machine of these settings, so that only its features differ from what
        they belong to; by default it has the machine of its source.
    epochs : int, optional
        Epochs, fixed beforehand; by default the baseline's own, or those of the settings.
    protocol, seeds, workers, cluster, resume, watch
        See :func:`astsvm.run_loso`. Inputs are made on this machine, also with a cluster.
    input_progress : callable, optional
        Called with the number of clips whose input is made, and in all.

    Returns
    -------
    dict
        What ``metrics.json`` holds.

    Raises
    ------
    SettingsError
        If there is no such baseline, or AST+SVMNet cannot take its input.
    EvaluationError
        If the clips do not offer what the baseline needs, the protocol leaves too little, or the
        run folder cannot be used.
    StorageError
        If inputs of an earlier run are in the way.
    """
    baseline = find_baseline(name)
    settings = _settings(baseline, as_network_input, svm_of, epochs)
    refuse_unguarded_script()
    with closing(RunFolder(Path(output), with_inputs=True)) as folder:
        folder.require_free(resume=resume)
        with opened_clips(clips) as collection:
            # What can be refused at once is, before hours of computing.
            apply_protocol(collection.records, protocol)
            write_inputs(
                collection,
                baseline,
                folder.inputs,
                workers=workers or 1,
                resume=resume,
                progress=input_progress,
            )
        inputs = folder.inputs
    return run_loso(
        inputs,
        settings,
        output,
        protocol=protocol,
        seeds=seeds,
        workers=workers,
        cluster=cluster,
        resume=resume,
        watch=watch,
        method=Method.of_baseline(baseline, as_network_input=as_network_input is not None),
    )


def _settings(
    baseline: Baseline,
    as_network_input: Settings | None,
    svm_of: TrainingSettings | None,
    epochs: int | None,
) -> Settings:
    """Return how the folds are fitted."""
    if as_network_input is not None and not baseline.is_map:
        raise SettingsError(
            f"the input of the baseline {baseline.name} has no places that {ASTSVMNET} could look "
            "at; expected one of the maps that astsvm baseline --list marks."
        )
    if as_network_input is not None and as_network_input.training.augmentation != "none":
        raise SettingsError(
            f"training.augmentation is {as_network_input.training.augmentation!r}, but nothing "
            f"says how the input of the baseline {baseline.name} looks in a mirror. Leave it out."
        )
    settings = as_network_input or Settings(preset=baseline.name, training=baseline.training)
    if svm_of is not None:
        machine = {name: getattr(svm_of, name) for name in _MACHINE}
        settings = settings.replace(training=settings.training.replace(**machine))
    if epochs is not None:
        settings = settings.replace(training=settings.training.replace(epochs=epochs))
    return settings
