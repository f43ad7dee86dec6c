"""The demo runs from nothing to a report, and a second call uses what is there."""

import json

import pytest

from astsvm.cli import demo as demo_module
from astsvm.cli import main
from astsvm.config import PRESETS


def run(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return left.value.code


@pytest.mark.slow
def test_the_demo_from_nothing_to_a_report_and_again(tmp_path, capsys, monkeypatch):
    small = PRESETS["demo"]
    small = small.replace(training=small.training.replace(epochs=1))
    monkeypatch.setitem(PRESETS, "demo", small)
    monkeypatch.setattr(demo_module, "SUBJECTS", 3)
    monkeypatch.setattr(demo_module, "CLIPS", 3)
    folder = tmp_path / "demo"
    assert run("demo", folder, "--quiet", "--workers", 1) == 0
    said = capsys.readouterr().out
    metrics = json.loads((folder / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["n_clips"] == 9
    assert "SYNTHETIC" in said
    assert f"{metrics['svm']['full']['uf1']:.3f} [" in said
    assert all(name in said for name in ("UF1", "UAR", "SVM", "softmax"))
    assert "floor" in said
    assert str(folder / "run" / "report.html") in said
    for made in ("clip.png", "run/report.html", "run/predictions.csv"):
        assert (folder / made).stat().st_size > 0
    assert not (folder / "corpus.partial").exists()
    assert run("demo", folder, "--quiet") == 0
    assert capsys.readouterr().out == said


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, capsys):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "mine.txt").write_text("mine", encoding="utf-8")
    assert run("demo", tmp_path, "--quiet") == 1
    assert "no whole synthetic corpus" in capsys.readouterr().err
    assert (tmp_path / "corpus" / "mine.txt").read_text(encoding="utf-8") == "mine"
