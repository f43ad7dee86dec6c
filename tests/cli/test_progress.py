"""Progress is a bar for people at a terminal and lines for logs, and never comes too early."""

from __future__ import annotations

import sys

import pytest

from astsvm.cli import progress as module
from astsvm.cli.progress import progress_bar, run_progress_bar
from astsvm.errors import DatasetError
from astsvm.evaluation.run_progress import RunProgress


@pytest.fixture(params=[False, True])
def terminal(request, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: request.param, raising=False)
    return request.param


def test_a_refusal_is_not_preceded_by_a_bar(terminal, capsys):
    with pytest.raises(DatasetError), progress_bar("clips"):
        raise DatasetError("no such sheet")
    assert capsys.readouterr().err.strip() == ""


def test_quiet_is_quiet(terminal, capsys):
    with progress_bar("clips", quiet=True) as progress:
        assert progress is None
    assert capsys.readouterr() == ("", "")


def test_a_log_gets_the_first_and_the_last_line_and_few_between(monkeypatch, capsys):
    now = iter([0.0, 1.0, 2.0, 40.0, 41.0, 42.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(now))
    with progress_bar("folds") as progress:
        for done in range(5):
            progress(done, 4)
    assert capsys.readouterr().err.splitlines() == [
        "folds: 0 of 4 after 1 s",
        "folds: 2 of 4 after 40 s; about 40 s left",
        "folds: 4 of 4 after 42 s",
    ]


def states(seeds: int = 1, found: int = 0):
    for done in range(found, 5):
        figures = {"svm": done / 4, "softmax": done / 8} if done else {}
        yield RunProgress(done, 4, done // (4 // seeds), seeds, figures)


def test_a_log_of_a_run_tells_seeds_uf1_so_far_and_time_left(monkeypatch, capsys):
    now = iter([0.0, 1.0, 100.0, 2000.0, 20000.0, 20001.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(now))
    with run_progress_bar("folds") as watch:
        for state in states(seeds=2):
            watch(state)
    assert capsys.readouterr().err.splitlines() == [
        "folds: 0 of 4 after 1 s; the first fold of each process takes longest: TensorFlow "
        "compiles",
        "folds: 1 of 4 after 100 s; about 5 min left; seeds 0 of 2; "
        "UF1 so far: SVM 0.250, softmax 0.125",
        "folds: 2 of 4 after 2000 s; about 33 min left; seeds 1 of 2; "
        "UF1 so far: SVM 0.500, softmax 0.250",
        "folds: 3 of 4 after 20000 s; about 2 h 46 min left; seeds 1 of 2; "
        "UF1 so far: SVM 0.750, softmax 0.375",
        "folds: 4 of 4 after 20001 s; seeds 2 of 2; UF1 so far: SVM 1.000, softmax 0.500",
    ]


def test_what_an_earlier_run_left_makes_no_pace(monkeypatch, capsys):
    now = iter([0.0, 1.0, 60.0, 120.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(now))
    with run_progress_bar("folds") as watch:
        for state in states(found=2):
            watch(state)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "folds: 2 of 4 after 1 s; UF1 so far: SVM 0.500, softmax 0.250"
    assert lines[1].startswith("folds: 3 of 4 after 60 s; about 60 s left; UF1")


def test_a_terminal_sees_the_same_of_a_run(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    with run_progress_bar("folds") as watch:
        for state in states(seeds=2):
            watch(state)
    err = capsys.readouterr().err
    for text in ("folds", "4/4", "seeds 2 of 2", "UF1 so far: SVM 1.000, softmax 0.500"):
        assert text in err


def test_a_quiet_run_is_not_watched(terminal, capsys):
    with run_progress_bar("folds", quiet=True) as watch:
        assert watch is None
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_the_count(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress_bar("folds") as progress:
        progress(3, 4)
    assert "folds" in (err := capsys.readouterr().err)
    assert "3/4" in err


def test_a_closed_stderr_stops_no_work(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with progress_bar("folds") as progress:
        progress(1, 2)


def test_without_a_total_the_count_alone_is_told_and_not_at_once(capsys, monkeypatch):
    with progress_bar("frames") as progress:
        progress(1, None)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LINES", 0.0)
    with progress_bar("frames") as progress:
        progress(30, None)
    told = capsys.readouterr().err
    assert told.startswith("frames: 30 after ")
    assert "left" not in told
