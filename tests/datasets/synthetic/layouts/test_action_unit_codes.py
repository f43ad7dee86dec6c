from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from astsvm.datasets.casme2 import read_casme2_sheet
from astsvm.datasets.objective_class import OBJECTIVE_CLASSES
from astsvm.datasets.synthetic.layouts.action_unit_codes import (
    action_unit_text,
    coded_units,
    objective_class,
)


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ({12}, 1),
        ({6, 12}, 1),
        ({1, 2}, 2),
        ({4, 7}, 3),
        ({4, 9}, 4),
        ({15}, 5),
        ({20}, 6),
        ({14}, 7),
    ],
)
def test_objective_classes(units, expected):
    assert objective_class(units) == expected


@pytest.mark.real_data
@pytest.mark.skipif("ASTSVM_REAL_DATA" not in os.environ, reason="needs ASTSVM_REAL_DATA")
def test_objective_classes_are_those_of_the_published_sheet():
    sheet = Path(os.environ["ASTSVM_REAL_DATA"], "annotations/casme2/CASME2-coding-20190701.xlsx")
    agreeing = 0
    for annotation in read_casme2_sheet(sheet).annotations:
        units = {int(unit) for unit in re.findall(r"\d+", annotation.notes[0])}
        expected = OBJECTIVE_CLASSES.index(annotation.objective_class) + 1
        agreeing += objective_class(units) == expected
    # Of two sets with an unlisted pair, 4+10 and 4+7+9+10, the coders chose the nearest class.
    assert agreeing == 253


def test_one_unit_is_a_number_and_several_are_text():
    assert action_unit_text({12: 1.0}, {}, ("R", "L")) == 12
    assert action_unit_text({7: 0.6, 4: 1.0}, {}, ("R", "L")) == "4+7"


def test_a_unit_that_leans_to_one_side_says_so():
    lean = {4: 0.1, 10: 0.4, 12: -0.4}
    assert action_unit_text({4, 10}, lean, ("R", "L")) == "4+L10"
    assert action_unit_text({12}, lean, ("R", "L")) == "R12"
    assert action_unit_text({10, 12}, lean, ("A", "A")) == "A10+A12"


def test_a_unit_far_weaker_than_the_strongest_is_not_coded():
    assert coded_units({4: 0.7, 10: 0.8, 12: 0.39, 7: 0.4}) == {4, 7, 10}
    assert coded_units({12: 1.0}) == {12}
