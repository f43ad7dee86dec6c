"""Versions come from the metadata; what is not there is said so."""

import platform

import numpy as np

from astsvm.versions import NOT_INSTALLED, installed_versions


def test_versions_are_those_installed():
    found = installed_versions(["numpy", "no-such-distribution"])
    assert found == {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "no-such-distribution": NOT_INSTALLED,
    }
    assert next(iter(found)) == "python"
