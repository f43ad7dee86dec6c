"""A run knows the code its numbers depend on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from astsvm.evaluation import provenance


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Copy the package's sources, and let the digest be taken of the copy."""
    source = Path(provenance.__file__).parents[1]
    shutil.copytree(source, tmp_path / "astsvm", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(
        provenance, "__file__", str(tmp_path / "astsvm" / "evaluation" / "provenance.py")
    )
    return tmp_path / "astsvm"


@pytest.mark.parametrize(
    "file",
    [
        "datasets/protocol_tables.py",
        "datasets/protocols.py",
        "evaluation/splits.py",
        "evaluation/fold.py",
        "evaluation/fold_network.py",
        "evaluation/inner_selection.py",
        "evaluation/metrics.py",
        "config.py",
        "network/attention.py",
        "network/input_pipeline.py",
        "classifier.py",
    ],
)
def test_code_that_decides_a_fold_is_told_apart(package, file):
    before = provenance.software_versions()
    with (package / file).open("a", encoding="utf-8") as source:
        source.write("# changed\n")
    after = provenance.software_versions()
    assert after.pop("code") != before.pop("code")
    assert after == before


def test_code_that_only_reports_does_not_matter(package):
    before = provenance.software_versions()
    (package / "reporting" / "plots.py").write_text("")
    (package / "evaluation" / "statistics.py").write_text("")
    assert provenance.software_versions() == before
