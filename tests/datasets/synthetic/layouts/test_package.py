import pytest

from astsvm.datasets.synthetic.layouts import LAYOUTS, find_layout
from astsvm.errors import SettingsError


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_bears_its_name(name):
    assert find_layout(name).name == name


def test_an_unknown_layout_is_refused():
    with pytest.raises(SettingsError, match="expected one of folder, casme2, smic, samm, received"):
        find_layout("casme")
