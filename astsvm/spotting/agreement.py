"""How well found intervals agree with true ones: the rule of the MEGC's spotting challenge.

A found interval is right if it shares half or more of its union with a true one that no stronger
found interval has claimed. Everything else that was found is a false alarm.

References
----------
J. Li et al., "MEGC2020 - The third facial micro-expression grand challenge", FG 2020,
doi:10.1109/FG47880.2020.00035.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from astsvm.errors import InvalidInputError

__all__ = ["Interval", "SpottingCounts", "count_agreement", "intersection_over_union"]

Interval = tuple[int, int]
"""First and last frame, both included."""


class SpottingCounts(NamedTuple):
    """Numbers of right, found and true intervals; they add up over videos.

    Parameters
    ----------
    right, found, true : int or float
        Means over random draws are no whole numbers.
    """

    right: float
    found: float
    true: float

    @property
    def precision(self) -> float:
        """Share of the found intervals that are right; 0 where nothing was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the true intervals that were found; 0 where there are none."""
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 0 where there is nothing at all."""
        return 2 * self.right / (self.found + self.true) if self.found + self.true else 0.0


def intersection_over_union(one: Interval, other: Interval) -> float:
    """Return the shared frames of two intervals over the frames of either, 0 to 1.

    Raises
    ------
    InvalidInputError
        If an interval ends before it begins.
    """
    for first, last in (one, other):
        if last < first:
            raise InvalidInputError(
                f"expected first <= last frame of an interval, received ({first}, {last})."
            )
    shared = min(one[1], other[1]) - max(one[0], other[0]) + 1
    if shared <= 0:
        return 0.0
    return shared / (max(one[1], other[1]) - min(one[0], other[0]) + 1)


def count_agreement(
    found: Sequence[Interval], true: Sequence[Interval], *, least: float = 0.5
) -> SpottingCounts:
    """Count right intervals; each true one is found once at most.

    Parameters
    ----------
    found : sequence of (int, int)
        The strongest first.
    true : sequence of (int, int)
    least : float
        Intersection over union from which on an interval is right.
    """
    free = list(true)
    right = 0
    for interval in found:
        shares = [intersection_over_union(interval, own) for own in free]
        if shares and max(shares) >= least:
            del free[shares.index(max(shares))]
            right += 1
    return SpottingCounts(right, len(found), len(true))
