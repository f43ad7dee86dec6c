"""One fold of one seed: fit everything on the training clips, predict the held-out subject.

A fold is a pure function of its :class:`FoldTask`: the same task gives the same bits, in whatever
process it runs and whatever ran there before (one computing thread a process). The labels of the
held-out clips are not part of the task, so nothing in a fold can look at them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from astsvm.config import Settings
from astsvm.errors import EvaluationError
from astsvm.evaluation.method import Method

if TYPE_CHECKING:
    from astsvm.evaluation.fold_network import FoldNetwork
    from astsvm.network.input_pipeline import ClipReader

__all__ = ["FoldResult", "FoldTask", "array_digest", "class_weights", "fold_tag", "run_fold"]


@dataclass(frozen=True, eq=False)
class FoldTask:
    """What a fold may know.

    Parameters
    ----------
    clips : ClipReader
        The clips. A collection travels to a worker as paths and digest, and is refused there if
        the files have changed.
    settings : Settings
        Network and training settings; they name the streams.
    classes : int
        Number of classes.
    seed : int
        Seed of the training, 0 or more.
    subject : str
        Key of the held-out subject.
    train_indices, train_labels : ndarray of shape (n,), int64
        Positions of the training clips in the collection, and their classes.
    test_indices : ndarray of shape (m,), int64
        Positions of the held-out clips. Their labels stay with the caller.
    test_clips : tuple of str
        Keys ``database/subject/clip`` of the held-out clips.
    train_subjects : tuple of str
        Key of every training clip's subject, for an inner split.
    every_epoch : bool
        Predict the held-out clips after every epoch as well, for the leak meter.
    method : Method, optional
        A baseline in place of AST+SVMNet, or another input of it; it then names the streams.
    """

    clips: ClipReader
    settings: Settings
    classes: int
    seed: int
    subject: str
    train_indices: npt.NDArray[np.int64]
    train_labels: npt.NDArray[np.int64]
    test_indices: npt.NDArray[np.int64]
    test_clips: tuple[str, ...]
    train_subjects: tuple[str, ...]
    every_epoch: bool = False
    method: Method | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        """Streams that the network takes."""
        return (self.method or Method.of_settings(self.settings)).streams


@dataclass(frozen=True, eq=False)
class FoldResult:
    """What a fold found, and fingerprints of everything it fitted.

    Parameters
    ----------
    seed, subject
        As in the task.
    clips : tuple of str
        Keys of the held-out clips; the rows below are in this order.
    probabilities : ndarray of shape (m, classes), float32
        Softmax output of the network.
    svm_scores : ndarray of shape (m, classes), float64
        One-vs-rest decision values of the SVM; the largest one is its prediction.
    losses : ndarray of shape (epochs,), float64
        Mean training loss of every epoch.
    chosen : dict of str to number
        What an inner split chose: ``epochs``, ``svm_c``, ``gamma_factor``; empty without one.
    epoch_probabilities, epoch_svm_scores : ndarray of shape (epochs, m, classes)
        What both heads said after every epoch; no epochs unless the task asked for it.
    scaler_mean, scaler_scale : ndarray of shape (features,), float64
        What the scaler learnt from the training clips.
    network_sha256, svm_sha256 : str
        Digests of the trained weights, and of the support vectors with their coefficients.
    seconds : float
        Time the fold took.
    attention, motion : dict of str to ndarray, float16
        Where the network looked in the held-out clips, and the motion there, see
        :class:`astsvm.evaluation.attention_maps.ClipMaps`. For people; nothing depends on them.
    """

    seed: int
    subject: str
    clips: tuple[str, ...]
    probabilities: npt.NDArray[np.float32]
    svm_scores: npt.NDArray[np.float64]
    losses: npt.NDArray[np.float64]
    chosen: dict[str, float]
    epoch_probabilities: npt.NDArray[np.float32]
    epoch_svm_scores: npt.NDArray[np.float64]
    scaler_mean: npt.NDArray[np.float64]
    scaler_scale: npt.NDArray[np.float64]
    network_sha256: str
    svm_sha256: str
    seconds: float
    attention: dict[str, npt.NDArray[np.float16]]
    motion: dict[str, npt.NDArray[np.float16]]


def fold_tag(subject: str) -> int:
    """Return a number that stands for a subject in the seeds of its fold.

    It depends on the subject's key alone, not on its place among the folds, so that a corpus with
    one more subject does not change how the others are shuffled. It is never 0, which
    :class:`numpy.random.SeedSequence` does not tell from nothing.
    """
    return int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big") | 1


def class_weights(labels: npt.NDArray[np.int64], classes: int) -> npt.NDArray[np.float32]:
    """Weight every class by n / (classes present * clips of the class), as scikit-learn does.

    A class without training clips gets 0; no clip of it is there to be weighed.
    """
    counts = np.bincount(labels, minlength=classes)
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.where(counts > 0, weights, 0).astype(np.float32)


def array_digest(arrays: Iterable[npt.NDArray[np.generic]]) -> str:
    """SHA-256 of the types, shapes and bytes of arrays, in their order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def run_fold(task: FoldTask) -> FoldResult:
    """Train on all subjects but one and predict that one with both heads.

    Parameters
    ----------
    task : FoldTask
        The fold.

    Returns
    -------
    FoldResult
        Predictions and fingerprints.

    Raises
    ------
    EvaluationError
        If the training clips show fewer than two classes or cannot be split within as the settings
        ask, the clip files have changed since the task was made, or the training diverged.
    """
    started = time.perf_counter()
    if len(np.unique(task.train_labels)) < 2:
        raise EvaluationError(
            f"the training clips of the fold of {task.subject} show one class only; a classifier "
            "needs at least two. Add clips of other subjects."
        )
    # TensorFlow loads here, in the worker, and not where folds are planned.
    from astsvm.network.start import start_tensorflow

    start_tensorflow()
    from astsvm.evaluation.fold_fitting import fit_fold, require_finite

    diary = _EpochDiary(task)
    fitted = fit_fold(task, after_epoch=diary.write if task.every_epoch else None)
    network, svm = fitted.network, fitted.svm
    found = network.predict(task.test_indices)
    require_finite(task, found.features, found.probabilities)
    maps = network.maps(task.test_indices)
    return FoldResult(
        seed=task.seed,
        subject=task.subject,
        clips=task.test_clips,
        probabilities=found.probabilities,
        svm_scores=svm.decision_function(found.features),
        losses=fitted.losses,
        chosen=fitted.choice.as_numbers() if fitted.choice else {},
        epoch_probabilities=diary.probabilities,
        epoch_svm_scores=diary.svm_scores,
        scaler_mean=svm.scaler_mean,
        scaler_scale=svm.scaler_scale,
        network_sha256=array_digest(network.weights()),
        svm_sha256=array_digest(svm.support_arrays()),
        seconds=time.perf_counter() - started,
        attention=maps.attention,
        motion=maps.motion,
    )


class _EpochDiary:
    """What both heads say of the held-out clips after every epoch; their truth is not known here.

    Parameters
    ----------
    task : FoldTask
        The fold.
    """

    def __init__(self, task: FoldTask) -> None:
        self._task = task
        nothing = (0, len(task.test_clips), task.classes)
        self.probabilities = np.empty(nothing, np.float32)
        self.svm_scores = np.empty(nothing, np.float64)

    def write(self, network: FoldNetwork, epoch: int) -> None:
        """Fit the SVM as it would be fitted now, and note what both heads say."""
        from astsvm.classifier import SvmHead
        from astsvm.evaluation.fold_fitting import require_finite

        task = self._task
        features, labels = network.training_features(task.train_indices, task.train_labels)
        found = network.predict(task.test_indices)
        require_finite(task, features, found.features, found.probabilities)
        svm = SvmHead(task.classes).fit(features, labels, task.settings.training)
        scores = svm.decision_function(found.features)
        self.probabilities = np.concatenate([self.probabilities, found.probabilities[None]])
        self.svm_scores = np.concatenate([self.svm_scores, scores[None]])
