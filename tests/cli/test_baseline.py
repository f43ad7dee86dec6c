"""`astsvm baseline`: the list, a run, and what is refused."""

from __future__ import annotations

import json

import pytest

from astsvm.baselines import all_baselines
from astsvm.cli import main


@pytest.fixture
def command(capsys):
    """Run a command line; return exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as leaving:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return leaving.value.code, said.out, said.err

    return run


@pytest.fixture(scope="module")
def clips(tmp_path_factory, clip_writer):
    return clip_writer(tmp_path_factory.mktemp("clips"), "clips", synthetic=True)


def test_the_list_names_every_baseline_and_needs_nothing_else(command):
    code, out, _ = command("baseline", "--list")
    assert code == 0
    for name, baseline in all_baselines().items():
        assert f"{name}: {baseline.title}\n" in out
        assert baseline.source in out
    assert (
        "flow_svm: SVM on blurred flow pixels\n    descriptor, needs motion, strain; a map" in out
    )


def test_the_list_is_there_for_machines(command):
    code, out, _ = command("baseline", "--list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [row["name"] for row in rows] == list(all_baselines())
    assert {"title", "source", "needs", "kind", "is_map", "differs"} < set(rows[0])


@pytest.mark.slow
def test_a_run_is_scored_reported_and_resumed(command, clips, tmp_path):
    run = tmp_path / "run"
    arguments = ("baseline", "flow_svm", clips, "--loso", "--epochs", 1, "--workers", 1, "-o", run)
    code, out, err = command(*arguments)
    assert code == 0, err
    assert out.splitlines()[:2] == [
        "SYNTHETIC clips: these figures say nothing about real faces.",
        "SVM on blurred flow pixels",
    ]
    assert "inputs: 9 of 9" in err
    assert "folds: 3 of 3" in err
    assert f"report: {run / 'report.html'}" in err
    code, _, err = command(*arguments, "--quiet")
    assert code == 1
    assert "exists already and is not empty" in err
    code, again, err = command(*arguments, "--resume", "--quiet", "--json")
    assert code == 0, err
    assert json.loads(again) == json.loads((run / "metrics.json").read_text())
    assert command("evaluate", run)[:2] == (0, out)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "expected a baseline, clip files, --loso and -o RUN"),
        (("flow_svm", "CLIPS", "-o", "RUN"), "expected a baseline"),
        (("flow_svm", "--loso", "-o", "RUN"), "expected a baseline"),
        (("flow_svm", "CLIPS", "--loso"), "expected a baseline"),
        (("flow_svm", "CLIPS", "--loso", "-o", "RUN", "--preset", "fast"), "--as-network-input"),
        (("flow_svm", "CLIPS", "--loso", "-o", "RUN", "--seeds", "0"), "not in the range"),
        (("flow_svm", "CLIPS", "--loso", "-o", "RUN", "--protocol", "megc"), "'megc2019'"),
    ],
)
def test_usage_errors_are_answered_with_2(command, clips, tmp_path, options, says):
    places = {"CLIPS": clips, "RUN": tmp_path / "run"}
    code, out, err = command("baseline", *(places.get(option, option) for option in options))
    assert (code, out) == (2, "")
    assert says in err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("flow_svn",), "Did you mean flow_svm?"),
        (("lbp_top",), "the baseline lbp_top needs frames, but there are no frames"),
        (("bi_woof", "--as-network-input", "--preset", "fast"), "has no places"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_1(command, clips, tmp_path, options, says):
    name, *rest = options
    code, out, err = command("baseline", name, clips, "--loso", "-o", tmp_path / "run", *rest)
    assert (code, out) == (1, "")
    assert says in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "run").exists()
