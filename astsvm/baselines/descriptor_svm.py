"""The support vector machine that goes with a hand-crafted descriptor.

Every descriptor's module holds one such record. Where a source leaves the kernel or C open, or its
text was not at hand, the record's note says so: such values are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError

__all__ = ["DescriptorSvm", "Kernel"]

Kernel = Literal["linear", "rbf", "polynomial", "chi_square"]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DescriptorSvm:
    """Settings of a support vector machine, fixed beforehand.

    Parameters
    ----------
    kernel : {"linear", "rbf", "polynomial", "chi_square"}
        ``linear`` is ``x.y``; ``rbf`` ``exp(-gamma |x - y|^2)``; ``polynomial``
        ``(gamma x.y + 1) ** degree``; ``chi_square``, for values of 0 or more,
        ``exp(-gamma sum_i (x_i - y_i)^2 / (x_i + y_i))``, where terms with ``x_i + y_i = 0`` are 0.
    c : float
        Penalty of an error in training.
    gamma : float, optional
        None takes it from the training clips, see :meth:`training_gamma`. ``linear`` has none.
    degree : int
        Of ``polynomial``.
    standardise : bool
        Whether every value is brought to mean 0 and deviation 1 over the training clips first.
        Histograms that are weighted or of one norm are not: that would undo it.
    note : str
        What the source says, and what is ours.
    """

    kernel: Kernel
    c: float
    gamma: float | None = None
    degree: int = 2
    standardise: bool = False
    note: str = ""

    def training_gamma(self, training: npt.ArrayLike) -> float:
        """Return `gamma`, or what training clips make of it where it is None.

        Parameters
        ----------
        training : array_like of shape (n, d)
            Values of the training clips alone, standardised if they are to be.

        Returns
        -------
        float
            For ``rbf`` and ``polynomial`` 1 over d times the variance of all values; for
            ``chi_square`` 1 over the mean of its sum between two different clips. 1 where that is
            0, and for ``linear``, which does not use it.

        Raises
        ------
        InvalidInputError
            If the values are not finite numbers (n, d), or negative for ``chi_square``.
        """
        values = self._checked(training, "training")
        if self.gamma is not None or self.kernel == "linear":
            return 1.0 if self.gamma is None else self.gamma
        if self.kernel == "chi_square":
            pairs = len(values) * (len(values) - 1)
            spread = float(_chi_square(values, values).sum()) / max(pairs, 1)
        else:
            spread = values.shape[1] * float(values.var())
        return 1 / spread if spread > 0 else 1.0

    def gram(self, values: npt.ArrayLike, training: npt.ArrayLike, gamma: float) -> Values:
        """Return the kernel between every clip and every training clip.

        Parameters
        ----------
        values : array_like of shape (m, d)
        training : array_like of shape (n, d)
        gamma : float
            As :meth:`training_gamma` returned it.

        Returns
        -------
        ndarray of shape (m, n), float64
            What ``sklearn.svm.SVC(kernel="precomputed")`` takes.

        Raises
        ------
        InvalidInputError
            If the values are not finite numbers of the same width, or negative for ``chi_square``.
        """
        rows, columns = self._checked(values, "values"), self._checked(training, "training")
        if rows.shape[1] != columns.shape[1]:
            raise InvalidInputError(
                f"values: expected {columns.shape[1]} a clip, as in training, received "
                f"{rows.shape[1]}."
            )
        if self.kernel == "chi_square":
            return np.asarray(np.exp(-gamma * _chi_square(rows, columns)))
        products = rows @ columns.T
        if self.kernel == "linear":
            return np.asarray(products)
        if self.kernel == "polynomial":
            return np.asarray((gamma * products + 1) ** self.degree)
        squares = np.square(rows).sum(axis=1)[:, None] + np.square(columns).sum(axis=1)
        return np.asarray(np.exp(-gamma * np.maximum(squares - 2 * products, 0)))

    def _checked(self, values: npt.ArrayLike, name: str) -> Values:
        array = np.asarray(values)
        if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "fiu":
            raise InvalidInputError(
                f"{name}: expected numbers of shape (clips, values), received {array.dtype} of "
                f"shape {array.shape}."
            )
        if not np.isfinite(array).all():
            raise InvalidInputError(f"{name}: expected finite values, received NaN or infinity.")
        if self.kernel == "chi_square" and array.min() < 0:
            raise InvalidInputError(
                f"{name}: expected values of 0 or more for a chi-square kernel, received "
                f"{array.min():g}. Do not standardise histograms."
            )
        return array.astype(np.float64)


def _chi_square(rows: Values, columns: Values) -> npt.NDArray[Any]:
    """Return ``sum_i (x_i - y_i)^2 / (x_i + y_i)`` of every pair, (m, n)."""
    from sklearn.metrics.pairwise import additive_chi2_kernel

    return np.asarray(-additive_chi2_kernel(rows, columns))
