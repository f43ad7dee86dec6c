"""The group: order of commands, exit codes, one line for an error."""

import os
import signal
import time

import pytest

from astsvm import cli
from astsvm.cli.options import kept_on_interrupt
from astsvm.errors import DatasetError


def run(*arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(list(arguments))
    return left.value.code


def raising(error):
    def main(**_):
        raise error

    return main


def test_help_lists_the_commands_in_the_order_of_the_work(capsys):
    assert run("-h") == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[:2] == "  "]
    assert [name for name in listed if name in cli.COMMANDS] == list(cli.COMMANDS)


def test_version(capsys):
    import astsvm

    assert run("-V") == 0
    assert astsvm.__version__ in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["nonsense"], ["train"], ["preprocess", "/nowhere"], ["-x"]])
def test_wrong_use_is_exit_code_2(arguments, capsys):
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Error" in captured.err


def test_a_library_error_is_one_line_and_exit_code_1(monkeypatch, capsys):
    monkeypatch.setattr(cli.group, "main", raising(DatasetError("row 3: no clip")))
    assert run("inspect", "x") == 1
    assert capsys.readouterr().err == "astsvm: error: row 3: no clip\n"


def test_debug_shows_where_it_came_from(monkeypatch, capsys):
    monkeypatch.setattr(cli.group, "main", raising(DatasetError("row 3: no clip")))
    assert run("--debug", "inspect", "x") == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_exit_code_130(monkeypatch, capsys):
    monkeypatch.setattr(cli.group, "main", raising(KeyboardInterrupt()))
    assert run("demo") == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_true_bug_is_not_hidden(monkeypatch):
    monkeypatch.setattr(cli.group, "main", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        cli.main(["inspect", "x"])


def test_the_end_of_a_batch_job_is_an_interrupt(monkeypatch, capsys):
    def terminated(**_):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(cli.group, "main", terminated)
    assert run("demo") == 130
    assert "interrupted" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_program_itself_takes_no_further_interrupt_after_the_first(monkeypatch):
    def interrupted(**_):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr(cli.group, "main", interrupted)
    try:
        for arguments, after in (([], before), (None, dict.fromkeys(before, signal.SIG_IGN))):
            with pytest.raises(SystemExit) as left:
                cli.main(arguments)
            assert left.value.code == 130
            assert {number: signal.getsignal(number) for number in before} == after
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_an_interrupt_says_that_work_is_kept(capsys):
    with pytest.raises(KeyboardInterrupt), kept_on_interrupt("Run it again."):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "Run it again.\n"


@pytest.mark.parametrize(
    ("arguments", "place", "says"),
    [
        (("preprocess", ".", "-o", "x.h5"), "astsvm.pipeline.preprocess_dataset", "with --resume"),
        (
            ("train", "x.h5", "--loso", "-o", "x"),
            "astsvm.evaluation.loso.run_loso",
            "with --resume",
        ),
        (("demo", "x"), "astsvm.datasets.synthetic.corpus.write_corpus", "The same command"),
    ],
)
def test_who_interrupts_long_work_is_told_how_to_go_on(
    tmp_path, monkeypatch, capsys, arguments, place, says
):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.h5").touch()
    (tmp_path / "clips.csv").write_text("clip,subject,label,path\na,b,c,x.h5\n")
    monkeypatch.setattr(place, interrupted)
    assert run(*arguments) == 130
    assert says in capsys.readouterr().err
