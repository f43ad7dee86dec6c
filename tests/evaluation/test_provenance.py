"""A run knows the code its numbers depend on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from astsvm.evaluation import fold_dispatch, provenance
from astsvm.evaluation.fold_dispatch import FoldDispatch

NO_NUMBERS = {
    "classifier_file",
    "clip",
    "datasets",
    "datasets/contract",
    "errors",
    "printable",
    "evaluation",
    "evaluation/attention_maps",
    "evaluation/leak_meter",
    "evaluation/predictions",
    "evaluation/provenance",
    "execution",
    "execution/local",
    "execution/places",
    "storage",
    "storage/atomic",
    "storage/differences",
    "storage/sealed_archive",
    "versions",
}
"""What a fold loads, but no number of it comes from."""


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
        "evaluation/run_plan.py",
        "execution/environment.py",
        "storage/reader.py",
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


def test_every_source_that_a_fold_computes_with_is_told_apart():
    """What moves to a file of its own must not be forgotten here."""
    script = (
        "import sys; before = set(sys.modules)\n"
        "import astsvm.evaluation.fold_fitting, astsvm.evaluation.inner_selection\n"
        "import astsvm.evaluation.run_plan, astsvm.classifier\n"
        "print(*(m for m in set(sys.modules) - before if m.startswith('astsvm.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    loaded = {name.removeprefix("astsvm.").replace(".", "/") for name in done.stdout.split()}
    decisive = {place.removesuffix(".py") for place in provenance._DECISIVE_CODE}
    others = {name for name in loaded if not {name, name.partition("/")[0]} & decisive}
    assert decisive & loaded
    assert others <= NO_NUMBERS


def test_computing_without_onednn_is_another_software(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    assert provenance.software_versions()["oneDNN"] == "on"
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert provenance.software_versions()["oneDNN"] == "off"


def test_folds_are_not_computed_with_other_sources_than_the_run_began_with(package):
    before = provenance.code_digest()
    provenance.require_code(before)
    (package / "config.py").write_text("changed = True")
    # A process looks once: what it has loaded by then is what it computes with.
    provenance.require_code(before)
    provenance.require_code.cache_clear()
    with pytest.raises(provenance.SourcesChangedError, match="no longer those this run began"):
        provenance.require_code(before)


def test_changed_sources_end_the_whole_run(monkeypatch):
    monkeypatch.setattr(fold_dispatch, "code_digest", lambda: "another")
    with pytest.raises(provenance.SourcesChangedError):
        list(FoldDispatch().run([None, None]))
