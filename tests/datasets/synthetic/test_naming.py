import math

import numpy as np
import pytest

from astsvm.datasets.synthetic.naming import check_integer, check_seed, clip_name, subject_name
from astsvm.errors import SettingsError


def test_names():
    assert subject_name(1) == "s01"
    assert clip_name(1, 3) == "s01_c03"
    assert clip_name(112, 10) == "s112_c10"


def test_numpy_integers_are_integers():
    assert check_integer("clips", np.int64(3)) == 3
    assert check_seed(0) == 0
    assert check_seed(2**32 - 1) == 2**32 - 1


@pytest.mark.parametrize("wrong", [0, -1, 10000, 2.0, True, "3", None, math.nan])
def test_what_is_no_count_is_refused(wrong):
    with pytest.raises(SettingsError, match="clips: expected an integer from 1 to 9999, received"):
        check_integer("clips", wrong)


@pytest.mark.parametrize("wrong", [-1, 2**32, 1.5, None])
def test_what_is_no_seed_is_refused(wrong):
    with pytest.raises(SettingsError, match="seed: expected an integer from 0 to 4294967295"):
        check_seed(wrong)
