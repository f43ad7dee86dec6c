"""`astsvm compare`: figures side by side, and a plain verdict."""

from __future__ import annotations

import json

import numpy as np
import pytest

from astsvm import cli
from astsvm.evaluation.predictions import HEADS, Prediction, PredictionTable
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.summary import MissingFold, run_metrics

CLASSES = ("negative", "positive", "surprise")


def run(*arguments):
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    return left.value.code


@pytest.fixture
def write_run(tmp_path):
    def write(name, chance, draw, people=8, marks=(), missing=()):
        generator = np.random.default_rng(draw)
        rows = []
        for person in range(people):
            for clip in range(6):
                truth = (person + clip) % 3
                guess = truth if generator.random() < chance else (truth + 1) % 3
                predicted = dict.fromkeys(HEADS, guess)
                scores = dict.fromkeys(HEADS, tuple(float(c == guess) for c in range(3)))
                rows.append(Prediction(1, "db", f"s{person}", f"c{clip}", truth, predicted, scores))
        table = PredictionTable(rows, CLASSES)
        folder = RunFolder(tmp_path / name)
        config = {
            "class_names": list(CLASSES),
            "seeds": [1],
            "subjects": dict.fromkeys([*table.subjects, *(f.subject for f in missing)], 6),
            "protocol": "as-labelled",
            "synthetic": True,
            "marks": list(marks),
        }
        folder.begin(config)
        folder.write_results(table, run_metrics(config, table, missing, None))
        folder.close()
        return folder.path

    return write


def test_a_clear_difference_and_a_doubtful_one(write_run, capsys):
    good, alike, bad = (
        write_run("good", 0.9, 1),
        write_run("alike", 0.9, 2),
        write_run("bad", 0.3, 3),
    )
    assert run("compare", good, alike, bad) == 0
    out = capsys.readouterr().out
    assert out.startswith("SYNTHETIC")
    blocks = {block.splitlines()[0]: block for block in out.split("\n\n")}
    assert "not distinguishable" in blocks[f"{good} and {alike}, head svm, seed 1"]
    assert "the first is better" in blocks[f"{good} and {bad}, head svm, seed 1"]
    assert "the second is better" not in out
    assert "adjusted for 3 comparisons (Holm)" in out
    assert "With one seed, a difference may be the luck of that training" in out


def test_a_null_run_is_not_compared_in_silence(write_run, capsys):
    real, null = write_run("real", 0.9, 1), write_run("null", 0.3, 2, marks=["NULL RUN: so."])
    assert run("compare", real, null) == 0
    assert f"{null}: NULL RUN: so." in capsys.readouterr().out
    assert run("compare", real, null, "--json") == 0
    assert json.loads(capsys.readouterr().out)["marks"] == {str(null): ["NULL RUN: so."]}


def test_runs_that_lack_the_same_fold_are_not_compared_in_silence(write_run, capsys):
    lost = [MissingFold(1, "db/s8", 6, "its process died")]
    one, other = (write_run(f"run{draw}", 0.9, draw, missing=lost) for draw in (1, 2))
    assert run("compare", one, other) == 0
    out = capsys.readouterr().out
    assert f"{one}: INCOMPLETE: 1 fold gave no result" in out
    assert f"{other}: INCOMPLETE" in out


def test_json_holds_the_same(write_run, capsys):
    good, bad = write_run("good", 0.95, 1), write_run("bad", 0.3, 2)
    assert run("compare", bad, good, "--json", "--head", "softmax") == 0
    found = json.loads(capsys.readouterr().out)
    (comparison,) = found["comparisons"]
    uf1 = comparison["figures"]["uf1"]
    assert uf1["distinguishable"] is True
    assert uf1["first"] < uf1["second"]
    assert uf1["difference_ci95"][1] < 0
    assert comparison["mcnemar"][0]["seed"] == 1


def test_one_run_and_runs_on_other_clips_are_refused(write_run, capsys):
    one = write_run("one", 0.9, 1)
    assert run("compare", one) == 2
    assert run("compare", one, write_run("other", 0.9, 1, people=7)) == 1
    assert "did not predict the same clips" in capsys.readouterr().err


def test_a_polished_run_is_not_compared(write_run, capsys):
    one, other = write_run("one", 0.9, 1), write_run("other", 0.3, 2)
    text = (other / "metrics.json").read_text()
    metrics = json.loads(text)
    metrics["svm"]["full"]["uf1"] = 0.99
    (other / "metrics.json").write_text(json.dumps(metrics))
    assert run("compare", one, other) == 1
    assert "does not follow from predictions.csv" in capsys.readouterr().err


def test_it_is_said_that_p_decides_and_how_small_it_can_get(write_run, capsys):
    good, bad = write_run("good", 1.0, 1, people=4), write_run("bad", 0.1, 3, people=4)
    assert run("compare", good, bad) == 0
    out = capsys.readouterr().out
    assert "p = 0.125: not distinguishable" in out
    assert "UF1: the interval leaves 0 out, but p decides." in out
    assert "p cannot get below 0.12." in out
    assert "p decides, not the interval" in out
    assert run("compare", good, bad, "--json") == 0
    (comparison,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert comparison["figures"]["uf1"]["least_p_value"] == 2**-3
    many = [write_run(f"{name}16", chance, 1, people=16) for name, chance in (("a", 1), ("b", 0.1))]
    assert run("compare", *many, "--json") == 0
    (comparison,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert comparison["figures"]["uf1"]["least_p_value"] == 2 / 10_000
    assert comparison["figures"]["uf1"]["p_value"] == 2 / 10_000
