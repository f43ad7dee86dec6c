import dataclasses
import math

import pytest

from astsvm.datasets.synthetic.difficulty import (
    DIFFICULTIES,
    PX192,
    Difficulty,
    find_difficulty,
)
from astsvm.errors import SettingsError

# amplitude, its spread, noise, illumination, head motion, confusion, tremor
MEASURED = {
    "easy": (1.5, 0.25, 1, 0.01, 0.10, 0.15, 0),
    "medium": (0.9, 0.40, 2, 0.03, 0.35, 0.45, 0),
    "hard": (0.5, 0.5, 3, 0.05, 0.5, 1.2, 0.32),
    "extreme": (0.35, 0.5, 4, 0.06, 0.6, 1.6, 0.25),
}


def test_presets_hold_the_measured_values():
    presets = {name: dataclasses.astuple(values) for name, values in DIFFICULTIES.items()}
    assert presets == MEASURED


def test_the_crop_is_two_and_three_quarters_interocular_distances_wide():
    assert pytest.approx(2.75) == PX192 * 192


def test_a_difficulty_is_found_by_name_or_passed_through():
    assert find_difficulty("hard") is DIFFICULTIES["hard"]
    own = Difficulty(0.7, 0, 0, 0, 0, 0, 0)
    assert find_difficulty(own) is own


@pytest.mark.parametrize("wrong", ["std", "", None, 3, ["hard"]])
def test_an_unknown_preset_is_refused_in_one_line(wrong):
    with pytest.raises(SettingsError, match="expected one of easy, medium, hard, extreme") as error:
        find_difficulty(wrong)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(Difficulty)])
@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, 1e9, "1", True])
def test_values_out_of_range_are_refused(field, value):
    with pytest.raises(SettingsError, match=f"difficulty {field}: expected a number from 0 to"):
        dataclasses.replace(DIFFICULTIES["hard"], **{field: value})
