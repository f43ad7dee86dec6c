"""Progress is a bar for people at a terminal and lines for logs, and never comes too early."""

from __future__ import annotations

import sys

import pytest

from astsvm.cli import progress as module
from astsvm.cli.progress import Pace, clip_progress_bar, progress_bar, run_progress_bar
from astsvm.errors import DatasetError
from astsvm.evaluation.run_progress import RunProgress
from astsvm.preprocess_progress import PreprocessProgress


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


def clip_states(reused=0):
    yield PreprocessProgress(reused, 4, 0, reused)
    for done in range(reused + 1, 5):
        failed = int(done > 2)
        yield PreprocessProgress(done, 4, failed, reused, f"d/s/c{done}", "why" if failed else None)


def every_second(monkeypatch, step=10.0):
    """Let the clock of this module go on by `step` seconds with every clip."""
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return lambda: now.__setitem__(0, now[0] + step)


def test_a_log_of_clips_tells_failures_pace_and_time_left(monkeypatch, capsys):
    tick = every_second(monkeypatch, 40.0)
    with clip_progress_bar("clips") as watch:
        for state in clip_states():
            watch(state)
            tick()
    assert capsys.readouterr().err.splitlines() == [
        "clips: 0 of 4 after 0 s; 0 failed",
        "clips: 1 of 4 after 40 s; about 2 min left; 0 failed; 0.025 per second",
        "clips: 2 of 4 after 80 s; about 80 s left; 0 failed; 0.025 per second",
        "clips: 3 of 4 after 120 s; about 40 s left; 1 failed; 0.025 per second",
        "clips: 4 of 4 after 160 s; 1 failed; 0.025 per second",
    ]


def test_clips_of_an_earlier_run_are_told_and_make_no_pace(monkeypatch, capsys):
    tick = every_second(monkeypatch, 40.0)
    with clip_progress_bar("clips") as watch:
        for state in clip_states(reused=2):
            watch(state)
            tick()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "clips: 2 of 4 after 0 s; 0 failed; 2 of an earlier run"
    assert lines[1].startswith("clips: 3 of 4 after 40 s; about 40 s left; 1 failed; 2 of an earl")
    assert lines[1].endswith("0.025 per second")


def test_a_terminal_sees_the_same_of_clips(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    tick = every_second(monkeypatch, 10.0)
    with clip_progress_bar("clips") as watch:
        for state in clip_states():
            watch(state)
            tick()
    err = capsys.readouterr().err
    for text in ("clips", "4/4", "1 failed; 0.1 per second"):
        assert text in err


def test_quiet_clips_are_not_watched(terminal, capsys):
    with clip_progress_bar("clips", quiet=True) as watch:
        assert watch is None
    assert capsys.readouterr() == ("", "")


def test_the_pace_is_that_of_this_run_without_the_start_of_its_processes(monkeypatch):
    now = iter([0.0, 1.0, 31.0, 33.0, 35.0, 37.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(now))
    pace = Pace()
    pace.note(5, 9)
    assert (pace.per_second, pace.seconds_left) == (None, None)
    pace.note(6, 9)
    assert (pace.per_second, pace.seconds_left) == (pytest.approx(1 / 31), pytest.approx(93))
    pace.note(7, 9)
    pace.note(8, 9)  # from here on without the first one, which took 30 s longer
    assert (pace.per_second, pace.seconds_left) == (pytest.approx(0.5), pytest.approx(2))
    pace.note(9, 9)
    assert (pace.elapsed, pace.seconds_left) == (37.0, None)
