"""Runs that are more, or less, than a result: leak meter, null run, inner choice."""

from __future__ import annotations

import csv

import pytest

from astsvm.errors import InvalidInputError, SettingsError
from astsvm.evaluation.loso import run_loso
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.verification import verify_run

TWO = (("smic", "s1"), ("smic", "s2"), ("samm", "s1"))
MANY = tuple(("casme2", f"s{number}") for number in range(8))


@pytest.mark.slow
def test_the_leak_meter_stands_beside_figures_it_does_not_touch(
    write_clips, tiny_settings, tmp_path, caplog
):
    clips = write_clips("clips", TWO, draws={"smic/s1/c0": 50, "samm/s1/c2": 51})
    run_loso(clips, tiny_settings, tmp_path / "plain", workers=1)
    assert "LEAK METER" not in caplog.text
    metrics = run_loso(clips, tiny_settings, tmp_path / "run", workers=1, oracle_epoch=True)
    assert "LEAK METER, NOT A RESULT" in caplog.text
    run = RunFolder(tmp_path / "run")
    plain = (tmp_path / "plain" / "predictions.csv").read_bytes()
    assert (run.path / "predictions.csv").read_bytes() == plain
    assert not (tmp_path / "plain" / "leak_meter.csv").exists()
    assert metrics["marks"] == run.config()["marks"]
    assert metrics["marks"][0].startswith("LEAK METER")
    for head in ("svm", "softmax"):
        honest, leaked = metrics[head]["full"], metrics["leak_meter"][head]["full"]
        assert leaked["accuracy"] >= honest["accuracy"]
    assert verify_run(run) == metrics


@pytest.mark.slow
def test_the_null_lands_at_chance_and_says_what_it_is(write_clips, tiny_settings, tmp_path, caplog):
    settings = tiny_settings.replace(training=tiny_settings.training.replace(epochs=6))
    clips = write_clips("clips", MANY)
    real = run_loso(clips, settings, tmp_path / "real", workers=1)
    assert real["evaluation"] == "SDE"
    assert set(real["svm"]) == {"full"}
    assert real["svm"]["full"]["uf1"] > 0.8
    null = []
    for seed in range(2):
        output = tmp_path / f"null{seed}"
        metrics = run_loso(clips, settings, output, workers=1, permute_labels=seed)
        assert (
            f"NULL RUN: the labels were permuted among the clips before the run, with seed {seed}"
            in (caplog.text)
        )
        assert metrics["marks"][0].startswith("NULL RUN")
        assert verify_run(RunFolder(output)) == metrics
        null += [metrics[head]["full"]["uf1"] for head in ("svm", "softmax")]
    assert 0.2 < sum(null) / len(null) < 0.45
    truths = [row.truth for row in RunFolder(tmp_path / "null0").predictions().rows]
    assert sorted(truths) == sorted(list(range(3)) * len(MANY))
    assert truths != list(range(3)) * len(MANY)


@pytest.mark.slow
def test_an_inner_choice_is_written_down_fold_by_fold(write_clips, tiny_settings, tmp_path):
    inner = {"splits": 2, "epochs": (1, 2), "svm_c": (1.0, 10.0), "gamma_factors": (1.0,)}
    settings = tiny_settings.replace(training=tiny_settings.training.replace(inner=inner))
    metrics = run_loso(write_clips("clips", TWO), settings, tmp_path / "run", seeds=2, workers=1)
    assert metrics["marks"] == []
    text = (tmp_path / "run" / "choices.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert [(row["seed"], row["database"], row["subject"]) for row in rows] == [
        (seed, *who) for seed in ("1", "2") for who in sorted(TWO)
    ]
    assert {row["epochs"] for row in rows} <= {"1", "2"}
    assert {row["svm_c"] for row in rows} <= {"1.0", "10.0"}
    run = RunFolder(tmp_path / "run")
    assert run.choices() == rows
    fold = run.load_fold(1, "smic/s1", run.config())
    assert len(fold.losses) == fold.chosen["epochs"]
    assert verify_run(run) == metrics


def test_what_excludes_itself_is_refused(write_clips, tiny_settings, tmp_path):
    inner = tiny_settings.replace(training=tiny_settings.training.replace(inner={}))
    clips = write_clips("clips")
    with pytest.raises(SettingsError, match="leave the inner choice out"):
        run_loso(clips, inner, tmp_path / "run", oracle_epoch=True)
    for seed in (-1, True, 1.5, "1"):
        with pytest.raises(SettingsError, match="permute_labels must be a seed"):
            run_loso(clips, tiny_settings, tmp_path / "run", permute_labels=seed)
    with pytest.raises(SettingsError, match=r"splits is 3, but every fold trains on 2 subjects"):
        run_loso(clips, inner, tmp_path / "run")
    with pytest.raises(InvalidInputError, match="0 to 1 GPU, received 2"):
        run_loso(clips, tiny_settings, tmp_path / "run", gpus_per_fold=2)
    assert not (tmp_path / "run").exists()
