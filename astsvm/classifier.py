"""The SVM head: a scaler and one RBF support vector machine per class (paper section III-D).

Penultimate features of the network are standardised with statistics of the training clips and
classified one class against the rest. Saved with skops: loading runs no code of the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from astsvm.classifier_file import pack_head, unpack_head
from astsvm.config import TrainingSettings
from astsvm.errors import InvalidInputError, StorageError
from astsvm.storage.atomic import write_bytes_atomically
from astsvm.svm_machines import is_of_the_method, unfitted_machines, unfitted_scaler

__all__ = ["SvmHead"]

Features = npt.NDArray[np.float64]


class SvmHead:
    """StandardScaler, then OneVsRestClassifier(SVC(kernel="rbf")).

    Parameters
    ----------
    classes : int, optional
        Number of classes; None takes the largest training label plus 1. Say it where a fold's
        training clips may lack the last class.

    Notes
    -----
    `SVC(decision_function_shape="ovr")` would train one machine per pair of classes; the paper
    asks for one per class. With ``svm_multiclass="one_vs_one"`` it is that, for baselines whose
    sources took libsvm as it is; a class's score is then its votes, ties broken by confidence.
    Such a head cannot be saved.

    Conventions (ours). A class without training clips gets the smallest of the row's other scores
    minus 1, so that scores stay finite and it is never predicted. With a single class in training
    there is nothing to separate: it gets 0, every other class -1. With two, the first class's
    score is the negative of the second's. Of equal best scores the lowest class wins.
    ``class_weight="balanced"`` weighs each machine's class against its rest.
    """

    def __init__(self, classes: int | None = None) -> None:
        if classes is not None and (
            isinstance(classes, bool) or not isinstance(classes, int) or classes < 1
        ):
            raise InvalidInputError(f"classes must be a positive number, received {classes!r}.")
        self._asked_classes = classes
        self._classes = 0
        self._seen: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._scaler: Any = None
        self._machines: Any = None
        self._can_be_saved = True

    def fit(
        self, features: npt.ArrayLike, labels: npt.ArrayLike, settings: TrainingSettings
    ) -> Self:
        """Fit scaler and machines.

        Parameters
        ----------
        features : array_like of shape (n, d)
        labels : array_like of shape (n,), integer
            Classes from 0.
        settings : TrainingSettings
            Those whose names begin with ``svm``, and `class_weight`.

        Raises
        ------
        InvalidInputError
            If shapes disagree, a feature is not finite, or a label is out of range; or if a
            feature is negative and the kernel chi-square.
        """
        values = _checked_features(features)
        truth, classes = _checked_labels(labels, len(values), self._asked_classes)
        if settings.svm_kernel == "chi_square" and values.min() < 0:
            raise InvalidInputError(
                "the chi-square kernel compares values of 0 or more; features hold "
                f"{values.min():.6g}. Choose another svm_kernel."
            )
        scaler = unfitted_scaler(settings).fit(values)
        scaled = scaler.transform(values)
        machines = None
        if len(np.unique(truth)) > 1:
            machines = unfitted_machines(settings, scaled).fit(scaled, truth)
        self._classes, self._seen = classes, np.unique(truth)
        self._scaler, self._machines = scaler, machines
        self._can_be_saved = is_of_the_method(settings)
        return self

    @property
    def classes(self) -> int:
        """Number of classes, which is the number of score columns."""
        self._require_fitted()
        return self._classes

    @property
    def seen(self) -> npt.NDArray[np.int64]:
        """Classes that training clips showed, ascending."""
        self._require_fitted()
        return self._seen

    @property
    def scaler_mean(self) -> Features:
        """What is subtracted from every feature, shape (d,): its mean over the training clips."""
        self._require_fitted()
        if not self._scaler.with_mean:
            return np.zeros(self._scaler.n_features_in_)
        return np.asarray(self._scaler.mean_, np.float64)

    @property
    def scaler_scale(self) -> Features:
        """Standard deviation of every feature, 1 where it is constant, shape (d,)."""
        self._require_fitted()
        if not self._scaler.with_std:
            return np.ones(self._scaler.n_features_in_)
        return np.asarray(self._scaler.scale_, np.float64)

    def support_arrays(self) -> tuple[Features, ...]:
        """Return what each machine learnt, machine after machine.

        Four arrays each: support vectors (s, d) in scaled features, their coefficients (1, s), the
        intercept (1,) and the kernel's gamma (1,). Its score is
        ``sum_i coefficient_i exp(-gamma |x - vector_i|^2) + intercept``. One machine per class
        seen, in the order of the classes; a single one, for the second, where only two were seen;
        none where only one was. With one machine for each pair, all of them in one set of arrays,
        as libsvm keeps them; a chi-square machine names its training clips instead of the vectors.
        """
        self._require_fitted()
        arrays: list[Features] = []
        for machine in self._estimators():
            gamma = np.array([machine._gamma])
            vectors = (
                machine.support_vectors_ if len(machine.support_vectors_) else machine.support_
            )
            found = (vectors, machine.dual_coef_, machine.intercept_, gamma)
            arrays += [np.asarray(array, np.float64) for array in found]
        return tuple(arrays)

    def decision_function(self, features: npt.ArrayLike) -> Features:
        """Return the score of every class, shape (n, classes); the largest is the prediction.

        Raises
        ------
        InvalidInputError
            If the head is not fitted, or the features have another width or are not finite.
        """
        self._require_fitted()
        values = _checked_features(features, len(self.scaler_mean))
        if self._machines is None:
            seen = np.zeros((len(values), 1))
        else:
            seen = self._machines.decision_function(self._scaler.transform(values))
        if seen.ndim == 1:
            seen = np.stack([-seen, seen], axis=1)
        lowest: Features = seen.min(axis=1, keepdims=True) - 1
        scores = np.repeat(lowest, self._classes, axis=1)
        scores[:, self._seen] = seen
        return scores

    def predict(self, features: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the class with the largest score, the lowest of equal ones, shape (n,)."""
        best: npt.NDArray[np.int64] = np.argmax(self.decision_function(features), axis=1)
        return best

    def to_bytes(self) -> bytes:
        """Return the head as a file's content; equal heads give equal bytes.

        Raises
        ------
        InvalidInputError
            If the head is not fitted, or has other machines than the method's.
        """
        self._require_fitted()
        if not self._can_be_saved:
            raise InvalidInputError(
                "only a head of RBF machines on standardised features, one for each class, can be "
                "saved; leave svm_kernel, svm_standardise and svm_multiclass out of the settings."
            )
        parts = {"classes": self._classes, "seen": self._seen}
        return pack_head({**parts, "scaler": self._scaler, "machines": self._machines})

    @classmethod
    def from_bytes(cls, data: bytes, source: str = "SVM head") -> Self:
        """Read what :meth:`to_bytes` returned.

        Nothing is built before every type in it is known to be harmless.

        Parameters
        ----------
        data : bytes
            The content.
        source : str
            What messages call it.

        Raises
        ------
        StorageError
            If it holds any other type, or is no complete head.
        """
        parts = unpack_head(data, source)
        head = cls(parts["classes"])
        head._classes, head._seen = parts["classes"], parts["seen"]
        head._scaler, head._machines = parts["scaler"], parts["machines"]
        return head

    def save(self, path: Path) -> None:
        """Write the head to a file, whole or not at all.

        Raises
        ------
        StorageError
            If the system refuses to write.
        """
        write_bytes_atomically(path, self.to_bytes())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a head that :meth:`save` wrote; see :meth:`from_bytes`.

        Raises
        ------
        StorageError
            If the file cannot be read, or is no complete head.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise StorageError(f"{path}: the SVM head cannot be read: {error.strerror}.") from error
        return cls.from_bytes(data, str(path))

    def _estimators(self) -> list[Any]:
        if self._machines is None:
            return []
        return list(getattr(self._machines, "estimators_", [self._machines]))

    def _require_fitted(self) -> None:
        if self._scaler is None:
            raise InvalidInputError("the SVM head is not fitted; call fit or load first.")


def _checked_features(features: npt.ArrayLike, width: int | None = None) -> Features:
    values = np.asarray(features)
    if values.dtype.kind not in "fiu" or values.ndim != 2 or 0 in values.shape:
        raise InvalidInputError(
            "features must be numbers of shape (clips, features), neither of them 0; "
            f"received {values.dtype} of shape {values.shape}."
        )
    if width is not None and values.shape[1] != width:
        raise InvalidInputError(
            f"expected {width} features a clip, as in training, received {values.shape[1]}."
        )
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(bad):
        raise InvalidInputError(
            f"features must be finite; {len(bad)} of {len(values)} rows hold NaN or infinity, "
            f"the first is row {bad[0]}. Look for a diverged training."
        )
    return values.astype(np.float64)


def _checked_labels(
    labels: npt.ArrayLike, count: int, classes: int | None
) -> tuple[npt.NDArray[np.int64], int]:
    truth = np.asarray(labels)
    if truth.shape != (count,) or truth.dtype.kind not in "iu":
        raise InvalidInputError(
            f"labels must be {count} whole numbers, one per row of features; "
            f"received {truth.dtype} of shape {truth.shape}."
        )
    limit = classes if classes is not None else int(truth.max()) + 1
    if truth.min() < 0 or truth.max() >= limit:
        raise InvalidInputError(
            f"labels must lie between 0 and {limit - 1}, received {truth.min()} to {truth.max()}."
        )
    return truth.astype(np.int64), limit
