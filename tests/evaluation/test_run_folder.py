"""A run's folder is begun once, resumed only as the same run, and never half written."""

from __future__ import annotations

import json
import os
from contextlib import closing

import pytest

from astsvm.errors import EvaluationError, StorageError
from astsvm.evaluation.leak_meter import LEAK_METER
from astsvm.evaluation.megc_log import megc_log
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.summary import summarise
from astsvm.storage.folder_lock import take_lock

CONFIG = {
    "class_names": ["negative", "positive", "surprise"],
    "settings": {"training": {"epochs": 3}, "preset": "demo"},
    "data": {"digest": "d1"},
    "seeds": [1],
    "versions": {"keras": "3"},
    "files": ["a.h5"],
}


def changed(**changes):
    return {**CONFIG, **changes}


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.begin(CONFIG)
    # With its first fold, a run has something to lose.
    (folder.path / "folds").mkdir()
    return folder


def test_config_comes_back(run):
    assert {key: run.config()[key] for key in CONFIG} == CONFIG


def test_an_existing_run_is_not_overwritten(run):
    before = (run.path / "config.json").read_bytes()
    with pytest.raises(EvaluationError, match="--resume"):
        run.begin(CONFIG)
    assert (run.path / "config.json").read_bytes() == before


def test_an_empty_folder_and_a_new_one_may_be_resumed_into(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "deep/new"):
        folder = RunFolder(tmp_path / name)
        folder.begin(CONFIG, resume=True)
        assert folder.config()["seeds"] == [1]


def test_a_run_that_was_killed_at_its_first_write_may_be_begun_again(tmp_path):
    (tmp_path / ".astsvm-0123.partial").write_text("{")
    folder = RunFolder(tmp_path)
    folder.begin(CONFIG)
    assert folder.config()["seeds"] == [1]


def test_a_run_without_a_fold_may_be_begun_otherwise(tmp_path):
    for seeds in ([1], [1, 2]):
        with closing(RunFolder(tmp_path)) as folder:
            folder.begin(changed(seeds=seeds))
            assert folder.config()["seeds"] == seeds


def test_a_strangers_config_alone_is_not_overwritten(tmp_path):
    (tmp_path / "config.json").write_text('{"theme": "dark"}')
    with pytest.raises(EvaluationError, match="exists already"):
        RunFolder(tmp_path).begin(CONFIG)
    assert (tmp_path / "config.json").read_text() == '{"theme": "dark"}'


def test_a_run_that_finished_while_the_lock_was_waited_for_is_seen(tmp_path, monkeypatch):
    from astsvm.evaluation import run_folder

    def finish_another(path):
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(run_folder, "take_lock", take_lock)
            with closing(RunFolder(tmp_path)) as other:
                other.begin(changed(seeds=[7]))
                (tmp_path / "folds").mkdir()
        return take_lock(path)

    monkeypatch.setattr(run_folder, "take_lock", finish_another)
    with pytest.raises(EvaluationError, match="exists already"):
        RunFolder(tmp_path).begin(CONFIG)
    assert RunFolder(tmp_path).config()["seeds"] == [7]


def test_a_link_to_the_config_of_another_run_is_not_written_through(run, tmp_path):
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "config.json").symlink_to(run.path / "config.json")
    with pytest.raises(EvaluationError, match="exists already"):
        RunFolder(tmp_path / "linked").begin(changed(seeds=[5]))
    assert run.config()["seeds"] == [1]


def test_a_second_run_is_kept_out_until_the_first_is_closed(run):
    second = RunFolder(run.path)
    with pytest.raises(StorageError, match=f"process {os.getpid()} on .* is writing here"):
        second.begin(CONFIG, resume=True)
    run.close()
    second.begin(CONFIG, resume=True)
    second.close()
    assert sorted(entry.name for entry in run.path.iterdir()) == ["config.json", "folds"]


def test_moved_files_are_the_same_data(run):
    run.begin(changed(files=["elsewhere.h5"]), resume=True)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (
            changed(settings={"training": {"epochs": 9}, "preset": "demo"}),
            "settings.training.epochs: 3, not 9",
        ),
        (changed(data={"digest": "d2"}), "data.digest: 'd1', not 'd2'"),
        (changed(versions={"keras": "4"}), "versions.keras: '3', not '4'"),
        (changed(versions={}), "versions.keras: '3', not absent"),
        (changed(seeds=[1, 2]), r"seeds: \[1\], not \[1, 2\]"),
    ],
)
def test_resume_under_other_conditions_is_refused_by_name(run, config, says):
    with pytest.raises(EvaluationError, match=says):
        run.begin(config, resume=True)
    assert run.config()["data"] == CONFIG["data"]


def test_a_strangers_folder_is_never_used(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    for resume, error in ((False, EvaluationError), (True, StorageError)):
        with pytest.raises(error):
            RunFolder(tmp_path).begin(CONFIG, resume=resume)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(EvaluationError, match="exists already"):
        RunFolder(tmp_path / "run").begin(CONFIG)


def test_a_place_where_no_folder_can_be_is_refused_in_words(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(EvaluationError, match="cannot be made: Not a directory"):
        RunFolder(tmp_path / "file" / "run").begin(CONFIG)


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "{}", '{"format": "astsvm-run", "format_version": 2}', "[" * 100_000]
)
def test_damaged_or_foreign_config_is_refused(run, text):
    (run.path / "config.json").write_text(text)
    with pytest.raises(StorageError, match=r"config\.json"):
        run.config()


def test_folds_belong_to_their_run_seed_and_subject(run, make_result):
    result = make_result()
    run.save_fold(result, CONFIG)
    assert run.load_fold(1, "smic/s1", CONFIG).clips == result.clips
    # More seeds do not change what one seed's fold depends on; other data does.
    assert run.load_fold(1, "smic/s1", changed(seeds=[1, 2])).clips == result.clips
    with pytest.raises(StorageError, match="another run"):
        run.load_fold(1, "smic/s1", changed(data={"digest": "d2"}))
    there = run.fold_path(1, "smic/s1")
    there.rename(there.with_name("smic_s2.npz"))
    with pytest.raises(StorageError, match="another run"):
        run.load_fold(1, "smic/s2", CONFIG)


def test_results_are_written_and_read(run, make_table):
    table = make_table(seeds=2)
    run.write_results(table, summarise(table))
    assert run.predictions().to_csv() == table.to_csv()
    assert run.metrics() == summarise(table)
    assert (run.path / "megc_log.txt").read_text() == megc_log(table, 1)
    assert (run.path / "megc_log_seed2.txt").read_text() == megc_log(table, 2)
    assert list(json.loads((run.path / "metrics.json").read_text())) == sorted(summarise(table))


def test_missing_results_are_refused_in_words(run):
    with pytest.raises(StorageError, match="astsvm train --loso"):
        run.predictions()


def test_what_is_no_result_says_so_in_its_own_file(run, make_table):
    table = make_table(seeds=2)
    marks = [LEAK_METER, "NULL RUN: the labels were permuted."]
    run.write_results(table, summarise(table) | {"marks": marks}, leaked=table)
    lines = (run.path / "leak_meter.csv").read_text().splitlines()
    assert lines[:2] == [f"# {mark}" for mark in marks]
    # Its format is read by others, who would stumble over a mark.
    assert (run.path / "predictions.csv").read_text().splitlines() == lines[2:]
    assert run.predictions().rows == run.leaked_predictions().rows == table.rows
