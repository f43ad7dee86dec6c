"""Objective classes are written as numbers or Roman numerals."""

from __future__ import annotations

import pytest

from astsvm.datasets.objective_class import OBJECTIVE_CLASSES, roman_class
from astsvm.errors import DatasetError


def test_both_ways_of_writing_them_mean_the_same() -> None:
    for number, roman in enumerate(OBJECTIVE_CLASSES, start=1):
        assert roman_class(str(number)) == roman_class(roman) == roman_class(roman.lower()) == roman
    assert roman_class(None) == ""


@pytest.mark.parametrize("cell", ["0", "8", "VIII", "x", "1.5", "²"])
def test_anything_else_is_refused(cell: str) -> None:
    with pytest.raises(DatasetError, match="I to VII"):
        roman_class(cell)
