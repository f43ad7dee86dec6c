"""Everything that is fitted to training clips: the choice within them, the network, the SVM head.

A fold does this without its held-out subject, a final model with all clips; there is one way to
train, so that what was judged is what is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from astsvm.classifier import SvmHead
from astsvm.errors import EvaluationError
from astsvm.evaluation.fold import FoldTask, fold_tag
from astsvm.evaluation.fold_network import FoldNetwork
from astsvm.evaluation.inner_selection import (
    Choice,
    choose_within_training,
    settings_of_choice,
)

__all__ = ["FittedFold", "fit_fold", "require_finite"]


@dataclass(frozen=True, eq=False)
class FittedFold:
    """What was fitted.

    Parameters
    ----------
    network : FoldNetwork
        The trained network.
    svm : SvmHead
        Scaler and machines, fitted to the network's features of the training clips.
    losses : ndarray of shape (epochs,), float64
        Mean training loss of every epoch.
    choice : Choice or None
        What an inner split chose; None without one.
    """

    network: FoldNetwork
    svm: SvmHead
    losses: npt.NDArray[np.float64]
    choice: Choice | None


def fit_fold(
    task: FoldTask, after_epoch: Callable[[FoldNetwork, int], None] | None = None
) -> FittedFold:
    """Fit network and head to the training clips of a task.

    Parameters
    ----------
    task : FoldTask
        Its training clips and their labels; nothing else of it is read.
    after_epoch : callable, optional
        Called with the network and the number of epochs done; it may predict.

    Raises
    ------
    EvaluationError
        If the training clips cannot be split within as the settings ask, or the training diverged.
    """
    seed = (task.seed, fold_tag(task.subject))
    training = task.settings.training
    choice = choose_within_training(task, seed) if training.inner else None
    network = FoldNetwork(task, seed)
    losses = network.train(
        task.train_indices,
        task.train_labels,
        epochs=choice.epochs if choice else training.epochs,
        after_epoch=(lambda epoch: after_epoch(network, epoch)) if after_epoch else None,
    )
    features, labels = network.training_features(task.train_indices, task.train_labels)
    require_finite(task, losses, features)
    if choice:
        training = settings_of_choice(training, choice, features)
    return FittedFold(
        network, SvmHead(task.classes).fit(features, labels, training), losses, choice
    )


def require_finite(task: FoldTask, *arrays: npt.NDArray[np.floating]) -> None:
    """Refuse what a diverged training left behind.

    Raises
    ------
    EvaluationError
        If an array holds NaN or infinity.
    """
    if not all(np.isfinite(array).all() for array in arrays):
        raise EvaluationError(
            f"the training of the fold of {task.subject} (seed {task.seed}) diverged: its loss or "
            "features are not finite. Lower the learning rate."
        )
