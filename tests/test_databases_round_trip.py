"""From three archives as distributed to one composite result, as a user does it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from astsvm import cli
from astsvm.datasets.synthetic import write_corpus

DATABASES = ("casme2", "smic", "samm")
SETTINGS = {
    "preset": "tiny",
    "preprocessing": {"size": 48, "length": 4},
    "network": {"filters": [2, 2], "kernels": "factorised"},
    "training": {"epochs": 2, "batch_size": 8},
}


def run(*arguments: object) -> object:
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    return left.value.code


def planted(root: Path) -> dict[str, str]:
    """Return key -> class of every clip that the generator planted."""
    mark = json.loads((root / "SYNTHETIC.json").read_text())
    return {f"{root.name}/{clip}": entry["label"] for clip, entry in mark["planted"].items()}


@pytest.mark.slow
def test_synth_check_preprocess_and_train_the_composite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "settings.json").write_text(json.dumps(SETTINGS))
    truth: dict[str, str] = {}
    for name in DATABASES:
        root = tmp_path / name
        write_corpus(root, subjects=2, clips=3, layout=name, size=(320, 240), difficulty="easy")
        truth |= planted(root)
        assert run("check", root, "--dataset", name) == 0
        output = tmp_path / f"{name}.h5"
        options = ("--settings", tmp_path / "settings.json", "--workers", 1, "--quiet")
        assert run("preprocess", root, "--dataset", name, "-o", output, *options) == 0
    files = [tmp_path / f"{name}.h5" for name in DATABASES]
    capsys.readouterr()
    options = ("--protocol", "megc2019", "--settings", tmp_path / "settings.json", "--quiet")
    assert run("train", *files, "--loso", *options, "-o", tmp_path / "run", "--json") == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["synthetic"] is True
    assert (metrics["n_clips"], metrics["n_subjects"]) == (18, 6)
    assert set(metrics["svm"]) == {"full", *DATABASES}
    lines = (tmp_path / "run" / "predictions.csv").read_text().splitlines()
    header = lines[0].split(",")
    classes = ("negative", "positive", "surprise")
    found = {}
    for line in lines[1:]:
        row = dict(zip(header, line.split(","), strict=True))
        key = f"{row['database']}/{row['subject']}/{row['clip']}"
        found[key] = classes[int(row["truth"])]
    assert found == truth


@pytest.mark.parametrize("name", DATABASES)
def test_planted_faults_are_told_and_the_rest_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    root = tmp_path / name
    write_corpus(root, subjects=6, clips=4, layout=name, size=(320, 240), faults=True)
    assert run("check", root, "--dataset", name, "--json") == 3
    found = json.loads(capsys.readouterr().out)
    told = {fault["clip"] for fault in (*found["left_out"], *found["corrected"])}
    faults = json.loads((root / "SYNTHETIC.json").read_text())["faults"]
    expected = {fault["clip"] for fault in faults if fault["outcome"] != "read"}
    assert told == expected
    lost = {fault["clip"] for fault in faults if fault["outcome"] == "left out"}
    assert found["clips"]["found"] == len(planted(root)) - len(lost)
