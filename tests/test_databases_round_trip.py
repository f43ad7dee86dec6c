"""From three archives as distributed to one composite result, as a user does it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import openpyxl
import pytest

from astsvm import cli
from astsvm.datasets.synthetic import write_corpus

DATABASES = ("casme2", "smic", "samm")
SETTINGS = {
    "preset": "tiny",
    "preprocessing": {"size": 48, "length": 4},
    "network": {"filters": [2, 2], "attention": "cam", "modules": ["2d"]},
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


def shuffle_sheet(path: Path, seed: int) -> None:
    """Deal out rows, columns and worksheets anew."""
    generator = random.Random(seed)
    header, *rows = openpyxl.load_workbook(path, data_only=True).worksheets[0].values
    columns = list(range(len(header)))
    generator.shuffle(columns)
    generator.shuffle(rows)
    book = openpyxl.Workbook()
    for row in (header, *rows):
        book.active.append([row[column] for column in columns])  # type: ignore[union-attr]
    book.create_sheet("A", 0)
    book.save(path)


def test_no_order_of_the_sheet_changes_a_byte_of_the_clip_file(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps(SETTINGS))
    root = tmp_path / "casme2"
    write_corpus(root, subjects=2, clips=2, layout="casme2", size=(320, 240))
    written = []
    for seed in range(2):
        if seed:
            shuffle_sheet(root / "CASME2-coding-20190701.xlsx", seed)
        output = tmp_path / f"{seed}.h5"
        options = ("--settings", tmp_path / "settings.json", "--workers", 1, "--quiet")
        assert run("preprocess", root, "--dataset", "casme2", "-o", output, *options) == 0
        written.append(output.read_bytes())
    assert written[0] == written[1]


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
