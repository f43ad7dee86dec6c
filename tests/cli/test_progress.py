"""Progress is a bar for people at a terminal and lines for logs, and never comes too early."""

from __future__ import annotations

import sys

import pytest

from astsvm.cli import progress as module
from astsvm.cli.progress import progress_bar
from astsvm.errors import DatasetError


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
        "folds: 2 of 4 after 40 s",
        "folds: 4 of 4 after 42 s",
    ]


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
