"""Clips that are too long are refused, whatever their header says."""

import itertools

import pytest

from astsvm.app.limits import Limits, require_short
from astsvm.errors import InvalidInputError


def test_what_is_short_enough_is_counted():
    limits = Limits(seconds=2, frames=100)
    assert require_short(range(100), 50, limits) == 100
    assert require_short(range(100), None, limits) == 100


@pytest.mark.parametrize(("fps", "most"), [(10, 20), (200, 100), (None, 100)])
def test_what_is_longer_is_refused_without_reading_on(fps, most):
    read = itertools.count()
    with pytest.raises(InvalidInputError, match=f"at most {most} frames.*received more.*predict"):
        require_short(read, fps, Limits(seconds=2, frames=100))
    assert next(read) == most + 1
