"""The shipped models: found, whole, labelled synthetic, small; and what damage is told."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from astsvm.diagnosis import diagnose
from astsvm.errors import MissingResourceError, StorageError
from astsvm.recognizer import Bundle, Recognizer, shipped

WEIGHTS = Path(__file__).parents[2] / "weights"


@pytest.fixture
def copy(tmp_path):
    """Copy the shipped models to where they may be damaged."""
    return Path(shutil.copytree(WEIGHTS, tmp_path / "weights"))


def test_the_manifest_lists_every_model_and_nothing_else():
    listed = shipped.verified_models()
    assert set(listed) == {path.name for path in WEIGHTS.glob("*.astsvm")}
    for name, model in listed.items():
        content = (WEIGHTS / name).read_bytes()
        assert (model.size, model.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert model.size <= 3_000_000
        for told in (model.licence, model.source, model.command, model.commit):
            assert told
        assert "with changes" not in model.commit


def test_the_default_model_is_marked_as_synthetic_wherever_it_speaks():
    path = shipped.default_model()
    bundle = Bundle.read(path)
    listed = shipped.read_weights_manifest(WEIGHTS).files[path.name]
    assert listed.synthetic
    assert listed.source.startswith("SYNTHETIC")
    assert bundle.manifest.synthetic
    assert "SYNTHETIC" in bundle.card
    assert listed.metrics == bundle.manifest.run
    assert bundle.manifest.calibration is not None


@pytest.mark.slow
def test_the_default_model_names_what_the_generator_planted(tmp_path):
    from astsvm.datasets import load_dataset
    from astsvm.datasets.synthetic import write_corpus

    write_corpus(tmp_path / "new", subjects=2, clips=3, difficulty="easy", seed=99, size=(320, 240))
    clips = load_dataset("folder", tmp_path / "new").clips
    recognizer = Recognizer.load(shipped.default_model())
    right = 0
    for clip in clips:
        found = recognizer.predict_source(
            clip.source, clip.onset, clip.offset, fps=clip.fps, maps=False
        )
        assert found.notices[0].startswith("SYNTHETIC")
        assert abs(found.probabilities.sum() - 1) < 1e-9
        right += found.label == clip.label
    assert right >= 4  # by chance, two of six


def test_damage_is_told_in_one_line_with_the_way_out(copy):
    (model,) = copy.glob("*.astsvm")
    content = model.read_bytes()
    for damaged in (content[:-1], content[:100] + b"?" + content[101:], b""):
        model.write_bytes(damaged)
        with pytest.raises(StorageError, match=r"SHA-256 differs\. Install astsvm again"):
            shipped.verified_models(copy)
    model.unlink()
    with pytest.raises(StorageError, match="cannot be read"):
        shipped.verified_models(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(format="other"),
        lambda m: m.update(format_version=2),
        lambda m: m.update(default="other.astsvm"),
        lambda m: m.update(files={"../x.astsvm": next(iter(m["files"].values()))}),
        lambda m: next(iter(m["files"].values())).update(sha256="0"),
        lambda m: next(iter(m["files"].values())).pop("licence"),
    ],
)
def test_a_manifest_that_is_none_is_refused(copy, change):
    manifest = json.loads((copy / "MANIFEST.json").read_text())
    change(manifest)
    (copy / "MANIFEST.json").write_text(json.dumps(manifest))
    with pytest.raises(StorageError, match=r"MANIFEST\.json (is damaged|lists no file)") as refusal:
        shipped.read_weights_manifest(copy)
    assert "\n" not in str(refusal.value)


def test_an_installed_package_is_looked_in_first(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "astsvm"
    monkeypatch.setattr(shipped, "__file__", str(package / "recognizer" / "shipped.py"))
    with pytest.raises(MissingResourceError, match="astsvm/weights"):
        shipped.weights_folder()
    shutil.copytree(WEIGHTS, package / "weights")
    assert shipped.weights_folder() == package / "weights"
    assert shipped.default_model().parent == package / "weights"


def test_the_doctor_looks_at_them(monkeypatch, copy, tmp_path):
    found = {finding.name: finding for finding in diagnose(tmp_path)}
    assert "whole" in found["model synthetic.astsvm"].found
    assert "SYNTHETIC" in found["model synthetic.astsvm"].found
    (copy / "synthetic.astsvm").write_bytes(b"")
    monkeypatch.setattr(shipped, "weights_folder", lambda: copy)
    found = {finding.name: finding for finding in diagnose(tmp_path)}
    assert found["shipped models"].fault
    assert "Install astsvm again" in found["shipped models"].advice


def test_a_wheel_takes_them_along():
    """What setup.cfg packs: the folder as astsvm/weights, with all its kinds of files."""
    from configparser import ConfigParser

    settings = ConfigParser()
    settings.read(WEIGHTS.parent / "setup.cfg")
    assert "astsvm.weights" in settings["options"]["packages"].split()
    assert "astsvm.weights = weights" in settings["options"]["package_dir"]
    packed = settings["options.package_data"]["astsvm.weights"].replace(",", " ").split()
    names = {path.name for path in WEIGHTS.iterdir() if path.is_file()}
    assert names == {path.name for pattern in packed for path in WEIGHTS.glob(pattern)}
