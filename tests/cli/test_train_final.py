"""`astsvm train --final`: what it writes and says, and what has no meaning with it."""

import json

import pytest

from astsvm.cli import main
from astsvm.recognizer import Bundle


@pytest.fixture
def command(capsys):
    """Run a command line; return exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ending:
            main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return ending.value.code, output.out, output.err

    return run


@pytest.fixture
def handed(monkeypatch, bundle):
    """Note what the command hands on, and give back a model without training one."""
    noted = {}

    def note(clips, settings, begin, **options):
        if begin is not None:
            begin()
        noted.update(options, clips=clips, settings=settings)
        return bundle

    monkeypatch.setattr("astsvm.recognizer.final_training.train_bundle", note)
    return noted


def test_what_is_asked_for_is_handed_on(command, handed, dots_file, tmp_path):
    model, run = tmp_path / "model.astsvm", tmp_path / "run"
    run.mkdir()
    arguments = ("train", dots_file, "--final", "-o", model, "--preset", "fast", "--epochs", 7)
    more = ("--seed", 5, "--calibrate", run, "--protocol", "megc2019", "--streams", "flow")
    code, out, err = command(*arguments, *more)
    assert code == 0
    assert "training on all clips" in err
    assert handed["clips"] == (dots_file,)
    assert (handed["protocol"], handed["seed"]) == ("megc2019", 5)
    assert (handed["calibration_run"], handed["metrics_run"]) == (run, None)
    assert handed["settings"].training.epochs == 7
    assert handed["settings"].network.streams == ("flow",)
    lines = out.splitlines()
    assert lines[0].startswith("SYNTHETIC")
    assert "12 clips of 4 subjects, 3 classes (negative, positive, surprise)" in lines[1]
    assert "has not been judged" in lines[2]
    assert "scores, not probabilities" in lines[3]
    assert Bundle.read(model).manifest.class_names == ("negative", "positive", "surprise")


def test_json_is_the_manifest(command, handed, dots_file, tmp_path):
    model = tmp_path / "model.astsvm"
    code, out, err = command("train", dots_file, "--final", "-o", model, "--json", "--quiet")
    assert (code, err) == (0, "")
    assert json.loads(out) == Bundle.read(model).manifest.model_dump(mode="json")


def test_a_model_is_not_overwritten(command, handed, dots_file, tmp_path):
    model = tmp_path / "model.astsvm"
    model.write_text("precious")
    code, _, err = command("train", dots_file, "--final", "-o", model)
    assert code == 1
    assert "exists already; nothing was changed" in err
    assert model.read_text() == "precious"
    code, _, err = command("train", dots_file, "--final", "-o", tmp_path / "no" / "model")
    assert code == 1
    assert "there is no folder" in err
    assert not handed


def test_what_is_refused_is_not_announced(command, dots_file, tmp_path):
    (tmp_path / "run").mkdir()
    arguments = ("train", dots_file, "--final", "--calibrate", tmp_path / "run")
    code, _, err = command(*arguments, "-o", tmp_path / "model.astsvm")
    assert code == 1
    assert "config.json cannot be read" in err
    assert "this takes as long" not in err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "--loso holds out one subject"),
        (("--loso", "--final"), "one of two"),
        (("--final", "--seeds", "1"), "--seeds has no meaning with --final"),
        (("--final", "--workers", "2"), "--workers has no meaning with --final"),
        (("--final", "--cluster", "auto"), "--cluster has no meaning with --final"),
        (("--final", "--gpus-per-fold", "0"), "--gpus-per-fold has no meaning with --final"),
        (("--final", "--oracle-epoch"), "--oracle-epoch has no meaning with --final"),
        (("--final", "--permute-labels"), "--permute-labels has no meaning with --final"),
        (("--final", "--fold-timeout", "9"), "--fold-timeout has no meaning with --final"),
        (("--final", "--tensorboard"), "--tensorboard has no meaning with --final"),
        (("--final", "--resume"), "--resume has no meaning with --final"),
        (("--loso", "--seed", "1"), "--seed has no meaning with --loso"),
        (("--loso", "--calibrate", "."), "--calibrate has no meaning with --loso"),
        (("--loso", "--metrics", "."), "--metrics has no meaning with --loso"),
        (("--final", "--calibrate", "nothing"), "does not exist"),
    ],
)
def test_usage_errors_are_answered_with_2(command, handed, dots_file, tmp_path, options, says):
    code, out, err = command("train", dots_file, "-o", tmp_path / "model", *options)
    assert (code, out) == (2, "")
    assert says in err
    assert not handed
    assert not (tmp_path / "model").exists()
