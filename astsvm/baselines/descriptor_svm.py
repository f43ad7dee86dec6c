"""The support vector machine that goes with a hand-crafted descriptor.

Every descriptor's module holds one such record. Where a source leaves the kernel or C open, or its
text was not at hand, the record's note says so: such values are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DescriptorSvm", "Kernel"]

Kernel = Literal["linear", "rbf", "polynomial", "chi_square"]


@dataclass(frozen=True, slots=True)
class DescriptorSvm:
    """Settings of a support vector machine, fixed beforehand.

    Parameters
    ----------
    kernel : {"linear", "rbf", "polynomial", "chi_square"}
        ``polynomial`` is ``(gamma x.y + 1) ** degree``; ``chi_square``, for values of 0 or more,
        is ``exp(-gamma sum_i (x_i - y_i)^2 / (x_i + y_i))``, a term with ``x_i + y_i = 0`` being 0.
    c : float
        Penalty of an error in training.
    gamma : float, optional
        None takes it from the training clips: ``1 / (d var)`` for ``rbf`` and ``polynomial``, with
        the number d of values and their variance; 1 over the mean sum between two training clips
        for ``chi_square``. ``linear`` has none.
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
