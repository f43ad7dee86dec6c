"""Choosing epochs, C and gamma without a look at the held-out subject.

The training subjects of a fold are split once more: every part of them is held out in turn by an
inner network. What did best on these inner subjects, pooled, is then used to fit the fold. This is
ours; the paper fixes all three.
"""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from astsvm.config import InnerSettings, TrainingSettings
from astsvm.errors import EvaluationError
from astsvm.evaluation.metrics import confusion_matrix, rates

if TYPE_CHECKING:
    from astsvm.evaluation.fold import FoldTask

__all__ = ["Choice", "choose_within_training", "inner_parts", "settings_of_choice"]

_Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a fold is fitted with.

    Parameters
    ----------
    epochs : int
        Number of epochs of the network.
    svm_c : float
        C of the SVM.
    gamma_factor : float
        Gamma of the SVM, in units of scikit-learn's ``"scale"`` on the scaled features.
    """

    epochs: int
    svm_c: float
    gamma_factor: float

    def as_numbers(self) -> dict[str, float]:
        """Return the choice by name."""
        return asdict(self)


def choose_within_training(task: FoldTask, seed: tuple[int, int]) -> Choice:
    """Choose by the pooled UF1 over inner subjects.

    The epochs are those with the best softmax UF1; C and gamma those with the best SVM UF1 after
    these epochs. Of equals, the fewest epochs, then the smallest C, then the smallest gamma.

    Parameters
    ----------
    task : FoldTask
        The fold. Only its training clips and their labels are read.
    seed : (int, int)
        Seed of the fold; the inner networks are seeded by it and their part's number.

    Raises
    ------
    EvaluationError
        If there are fewer training subjects than parts, or the rest of a part shows one class only.
    """
    inner = task.settings.training.inner
    if inner is None:
        raise EvaluationError("the settings name no inner split; set training.inner.")
    candidates = task.settings.training.candidate_epochs
    grid = [(c, g) for c in sorted(inner.svm_c) for g in sorted(inner.gamma_factors)]
    shape = (task.classes, task.classes)
    softmax = np.zeros((len(candidates), *shape), np.int64)
    svm = np.zeros((len(candidates), len(grid), *shape), np.int64)
    for number, held_out in enumerate(inner_parts(task, inner, seed), 1):
        _judge_part(task, (*seed, number), held_out, grid, softmax, svm)
    # argmax takes the first of equals, and all candidates ascend.
    best = int(np.argmax(rates(softmax)[0]))
    svm_c, factor = grid[int(np.argmax(rates(svm[best])[0]))]
    return Choice(candidates[best], svm_c, factor)


def inner_parts(
    task: FoldTask, inner: InnerSettings, seed: tuple[int, int]
) -> list[npt.NDArray[np.int64]]:
    """Split the training clips into parts of whole subjects with about the same classes.

    Returns
    -------
    list of ndarray of int64
        Positions among the training clips; every one stands in exactly one part.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    subjects = np.array(task.train_subjects)
    if len(set(task.train_subjects)) < inner.splits:
        raise EvaluationError(
            f"the fold of {task.subject} cannot be split into {inner.splits} inner parts: it has "
            f"{len(set(task.train_subjects))} training subjects. Lower inner.splits."
        )
    state = int(np.random.SeedSequence(list(seed)).generate_state(1)[0])
    splitter = StratifiedGroupKFold(inner.splits, shuffle=True, random_state=state)
    with warnings.catch_warnings():
        # A class of fewer clips than parts cannot stand in each; it is no reason to stop.
        warnings.filterwarnings("ignore", message="The least populated class")
        try:
            parts = list(splitter.split(subjects, task.train_labels, subjects))
        except ValueError as error:
            raise EvaluationError(
                f"the fold of {task.subject} cannot be split into {inner.splits} inner parts: "
                f"{error} Lower inner.splits."
            ) from error
    return [np.sort(held_out).astype(np.int64) for _, held_out in parts]


def settings_of_choice(
    training: TrainingSettings, choice: Choice, features: npt.NDArray[np.floating]
) -> TrainingSettings:
    """Put a choice into the settings of a head that is to be fitted to `features` (n, d)."""
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(np.asarray(features, np.float64))
    # All features constant: any gamma gives the same kernel.
    scale = 1 / (scaled.shape[1] * float(scaled.var() or 1))
    return training.replace(svm_c=choice.svm_c, svm_gamma=choice.gamma_factor * scale)


def _judge_part(
    task: FoldTask,
    seed: tuple[int, ...],
    held_out: npt.NDArray[np.int64],
    grid: list[tuple[float, float]],
    softmax: _Counts,
    svm: _Counts,
) -> None:
    """Train on all but one part and count what every candidate makes of that part."""
    from astsvm.classifier import SvmHead
    from astsvm.evaluation.fold_network import FoldNetwork

    training = task.settings.training
    kept = np.setdiff1d(np.arange(len(task.train_indices)), held_out)
    labels, truth = task.train_labels[kept], task.train_labels[held_out]
    if len(np.unique(labels)) < 2:
        raise EvaluationError(
            f"the fold of {task.subject}: without one inner part, the training clips show one "
            "class only. Lower inner.splits, or leave the inner split out."
        )
    network = FoldNetwork(task, seed)
    candidates = training.candidate_epochs

    def judge(epoch: int) -> None:
        if epoch not in candidates:
            return
        place = candidates.index(epoch)
        found = network.predict(task.train_indices[held_out])
        softmax[place] += confusion_matrix(truth, found.probabilities.argmax(axis=1), task.classes)
        features, of_features = network.training_features(task.train_indices[kept], labels)
        for column, (svm_c, factor) in enumerate(grid):
            settings = settings_of_choice(training, Choice(epoch, svm_c, factor), features)
            head = SvmHead(task.classes).fit(features, of_features, settings)
            scores = head.decision_function(found.features)
            svm[place, column] += confusion_matrix(truth, scores.argmax(axis=1), task.classes)

    network.train(task.train_indices[kept], labels, epochs=candidates[-1], after_epoch=judge)
