"""Versions come from the metadata; what is not there is said so."""

import platform

import numpy as np

from astsvm import versions
from astsvm.versions import NOT_INSTALLED, installed_versions, whole_installation


def test_versions_are_those_installed():
    found = installed_versions(["numpy", "no-such-distribution"])
    assert found == {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "no-such-distribution": NOT_INSTALLED,
    }
    assert next(iter(found)) == "python"


def test_a_whole_installation_tells_everything_that_is_required_and_the_sources(
    tmp_path, monkeypatch
):
    found = whole_installation()
    assert found["machine"].split()[0] == platform.machine()
    assert {"astsvm", "tensorflow", "numpy", "dlib-bin", "opencv-python-headless"} < set(found)
    assert NOT_INSTALLED not in found.values()
    assert not {"pytest", "ray"} & set(found)
    # The digest follows the sources that compute, and nothing else.
    package = tmp_path / "astsvm"
    (package / "cli").mkdir(parents=True)
    (package / "versions.py").write_text("one")
    monkeypatch.setattr(versions, "__file__", str(package / "versions.py"))
    before = whole_installation()["sources"]
    assert len(before) == 16
    (package / "cli" / "train.py").write_text("two")
    (package / "notes.txt").write_text("three")
    assert whole_installation()["sources"] == before
    (package / "fold.py").write_text("four")
    assert whole_installation()["sources"] != before
