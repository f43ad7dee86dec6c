"""A run's figures are believed only if they follow from its predictions."""

from __future__ import annotations

import json
import os

import pytest

from astsvm.errors import EvaluationError, StorageError
from astsvm.evaluation.predictions import PredictionTable
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.summary import MissingFold, run_metrics
from astsvm.evaluation.verification import verify_run


@pytest.fixture
def finished(tmp_path, make_table):
    def make(table: PredictionTable | None = None, missing=(), leaked=None):
        whole = make_table(seeds=2)
        folder = RunFolder(tmp_path / "run")
        config = {
            "class_names": list(whole.class_names),
            "seeds": list(whole.seeds),
            "subjects": dict.fromkeys(whole.subjects, 6),
            "protocol": "as-labelled",
            "synthetic": False,
            "oracle_epoch": leaked is not None,
        }
        folder.begin(config)
        table = table or whole
        folder.write_results(table, run_metrics(config, table, missing, leaked), leaked=leaked)
        return folder

    return make


def test_an_honest_run_passes(finished):
    folder = finished()
    assert verify_run(folder) == folder.metrics()


def test_a_polished_figure_is_named(finished):
    folder = finished()
    metrics = folder.metrics()
    metrics["svm"]["smic"]["uf1"] += 1e-4
    metrics["softmax"]["full"]["confusion"][0][1] -= 1
    (folder.path / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(EvaluationError, match=r"softmax\.full\.confusion: .*svm\.smic\.uf1: "):
        verify_run(folder)


def test_a_polished_leak_meter_is_named(finished, make_table):
    folder = finished(leaked=make_table(seeds=2, chance=0.9))
    assert verify_run(folder)["leak_meter"]["svm"]["full"]["uf1"] > 0.8
    metrics = folder.metrics()
    metrics["leak_meter"]["svm"]["full"]["uf1"] = 0.2
    (folder.path / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(EvaluationError, match=r"leak_meter\.svm\.full\.uf1"):
        verify_run(folder)


def test_a_changed_prediction_is_found(finished):
    folder = finished()
    path = folder.path / "predictions.csv"
    lines = path.read_text().splitlines()
    fields = lines[1].split(",")
    fields[6] = str((int(fields[6]) + 1) % 3)
    path.write_text("\n".join([lines[0], ",".join(fields), *lines[2:], ""]))
    with pytest.raises(EvaluationError, match="does not follow"):
        verify_run(folder)


def test_a_removed_subject_is_found(finished, make_table):
    table = make_table(seeds=2)
    rows = [r for r in table.rows if (r.seed, r.subject_key) != (2, "smic/s1")]
    with pytest.raises(EvaluationError, match=r"fold of smic/s1 \(seed 2\) has no predictions"):
        verify_run(finished(PredictionTable(rows, table.class_names)))


def test_a_removed_clip_is_found(finished, make_table):
    table = make_table(seeds=2)
    with pytest.raises(EvaluationError, match=r"smic/s2 \(seed 2\) has not as many predictions"):
        verify_run(finished(PredictionTable(table.rows[:-1], table.class_names)))


def test_a_stated_gap_is_no_fraud(finished, make_table):
    table = make_table(seeds=2)
    rows = [r for r in table.rows if (r.seed, r.subject_key) != (2, "smic/s1")]
    gap = MissingFold(2, "smic/s1", 6, "out of memory")
    metrics = verify_run(finished(PredictionTable(rows, table.class_names), (gap,)))
    assert metrics["complete"] is False


def test_a_subject_from_elsewhere_is_found(finished):
    folder = finished()
    config = json.loads((folder.path / "config.json").read_text())
    del config["subjects"]["smic/s1"]
    (folder.path / "config.json").write_text(json.dumps(config))
    with pytest.raises(EvaluationError, match=r"smic/s1.*not a fold of this run"):
        verify_run(folder)


@pytest.mark.parametrize(
    ("file", "key"),
    [("metrics.json", "missing"), ("config.json", "seeds"), ("config.json", "subjects")],
)
def test_damaged_files_are_refused_in_words(finished, file, key):
    folder = finished()
    for value in (None, 3, [3]):
        if value == [3] and key != "missing":
            continue
        content = json.loads((folder.path / file).read_text()) | {key: value}
        (folder.path / file).write_text(json.dumps(content))
        with pytest.raises(StorageError, match=f"{file}.*damaged"):
            verify_run(folder)


@pytest.mark.parametrize("marks", [None, 5, True, "x", [None], [[1]], {"a": 1}])
def test_damaged_marks_are_refused_in_words(finished, marks):
    folder = finished()
    content = json.loads((folder.path / "config.json").read_text()) | {"marks": marks}
    (folder.path / "config.json").write_text(json.dumps(content))
    with pytest.raises(StorageError, match=r"config\.json is damaged: its marks"):
        verify_run(folder)


@pytest.mark.parametrize("key", ["seed", "subject", "clips", "reason"])
@pytest.mark.parametrize("value", [None, 5.5, True, [], {"a": 1}])
def test_a_damaged_missing_fold_is_refused_in_words(finished, key, value):
    folder = finished()
    fold = {"seed": 1, "subject": "a/b", "clips": 1, "reason": "x"} | {key: value}
    content = json.loads((folder.path / "metrics.json").read_text()) | {"missing": [fold]}
    (folder.path / "metrics.json").write_text(json.dumps(content))
    with pytest.raises(StorageError, match=r"metrics\.json is damaged: its list of missing folds"):
        verify_run(folder)


def test_an_interrupted_run_is_told_from_a_damaged_one(finished, make_result):
    folder = finished()
    for name in ("predictions.csv", "metrics.json"):
        (folder.path / name).unlink()
    folder.save_fold(make_result(), folder.config())
    with pytest.raises(EvaluationError, match=rf"process {os.getpid()} on .* is at work.*: 1 of "):
        verify_run(folder)
    folder.close()
    with pytest.raises(EvaluationError, match=r"interrupted: 1 of \d+ folds are there.*--resume"):
        verify_run(folder)
