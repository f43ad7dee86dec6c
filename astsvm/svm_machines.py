"""The scaler and the support vector machines that settings ask for.

The paper's are RBF machines on standardised features, one for each class. Baselines have those of
their sources, which the settings name as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.config import TrainingSettings

__all__ = ["ChiSquareKernel", "is_of_the_method", "unfitted_machines", "unfitted_scaler"]

Features = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ChiSquareKernel:
    """exp(-gamma sum_i (x_i - y_i)^2 / (x_i + y_i)) for values of 0 or more.

    Parameters
    ----------
    gamma : float
        Larger than 0.
    """

    gamma: float

    def __call__(self, one: Features, other: Features) -> Features:
        """Return the kernel (n, m) of rows (n, d) and (m, d); a term 0 / 0 is 0."""
        from sklearn.metrics.pairwise import chi2_kernel

        kernel: Features = chi2_kernel(one, other, gamma=self.gamma)
        return kernel

    @classmethod
    def scaled_to(cls, values: Features) -> ChiSquareKernel:
        """Return the kernel whose gamma is 1 over the mean sum between two training clips."""
        from sklearn.metrics.pairwise import additive_chi2_kernel

        sums = -additive_chi2_kernel(values)
        mean = float(sums[np.triu_indices(len(values), 1)].mean())
        return cls(1 / (mean or 1))


def is_of_the_method(settings: TrainingSettings) -> bool:
    """Tell whether machines and scaler are those of AST+SVMNet, which can be saved and exported."""
    return (
        settings.svm_kernel == "rbf"
        and settings.svm_multiclass == "one_vs_rest"
        and settings.svm_standardise
    )


def unfitted_scaler(settings: TrainingSettings) -> Any:
    """Return a StandardScaler; one that leaves values as they are if the settings say so."""
    from sklearn.preprocessing import StandardScaler

    wanted = settings.svm_standardise
    return StandardScaler(with_mean=wanted, with_std=wanted)


def unfitted_machines(settings: TrainingSettings, values: Features) -> Any:
    """Return machines for scaled training values (n, d), of which at least two are there.

    Parameters
    ----------
    settings : TrainingSettings
        Those whose names begin with ``svm``, and `class_weight`.
    values : ndarray of shape (n, d)
        A chi-square kernel takes its width from them.
    """
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.svm import SVC

    machine = SVC(
        **_kernel(settings, values),
        C=settings.svm_c,
        class_weight="balanced" if settings.class_weight == "balanced" else None,
    )
    return OneVsRestClassifier(machine) if settings.svm_multiclass == "one_vs_rest" else machine


def _kernel(settings: TrainingSettings, values: Features) -> dict[str, Any]:
    if settings.svm_kernel == "polynomial":
        return {
            "kernel": "poly",
            "degree": settings.svm_degree,
            "coef0": 1.0,
            "gamma": settings.svm_gamma,
        }
    if settings.svm_kernel != "chi_square":
        return {"kernel": settings.svm_kernel, "gamma": settings.svm_gamma}
    if isinstance(settings.svm_gamma, float):
        return {"kernel": ChiSquareKernel(settings.svm_gamma)}
    return {"kernel": ChiSquareKernel.scaled_to(values)}
