"""`astsvm export`: what it writes and says, and what it refuses."""

import json
import sys

import pytest

from astsvm.cli import main
from astsvm.export import FORMATS


@pytest.fixture
def command(capsys):
    """Run a command line; return exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ending:
            main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return ending.value.code, output.out, output.err

    return run


@pytest.fixture(scope="module")
def model(bundle, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.astsvm"
    bundle.write(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_written(command, model, tmp_path, caplog, kind):
    if kind == "onnx":
        pytest.importorskip("tf2onnx", reason="the extra `onnx` is not installed")
    folder = tmp_path / "1"
    code, out, err = command("export", model, "--format", kind, "-o", folder)
    assert (code, out) == (0, f"{folder}\n")
    assert err == "SYNTHETIC: this model has seen drawn faces only.\n"
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []
    about = json.loads((folder / "astsvm.json").read_text("utf-8"))
    assert (about["format"], about["synthetic"]) == (kind, True)
    assert len(list(folder.iterdir())) > 1


def test_a_model_of_other_clips_is_not_called_synthetic(command, make_bundle, tmp_path):
    model = tmp_path / "model.astsvm"
    make_bundle(synthetic=False).write(model)
    code, _, err = command("export", model, "--format", "keras", "-o", tmp_path / "out")
    assert (code, err) == (0, "")


def test_a_folder_that_is_there_is_one_line_and_1(command, model, tmp_path):
    (tmp_path / "precious").write_text("mine")
    code, out, err = command("export", model, "--format", "keras", "-o", tmp_path)
    assert (code, out) == (1, "")
    assert "there is something already, and it is not overwritten" in err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_missing_extra_is_one_line_and_1(command, model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    code, out, err = command("export", model, "--format", "onnx", "-o", tmp_path / "out")
    assert (code, out) == (1, "")
    assert "pip install --constraint constraints.txt -e '.[onnx]'" in err.splitlines()[-1]
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["cut", "changed", "foreign", "empty"])
def test_a_damaged_model_is_one_line_and_1(command, model, tmp_path, damage):
    content = model.read_bytes()
    middle = len(content) // 2
    damaged = {
        "cut": content[:middle],
        "changed": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "foreign": b"PK no model",
        "empty": b"",
    }[damage]
    (tmp_path / "model.astsvm").write_bytes(damaged)
    out_folder = tmp_path / "out"
    code, out, err = command(
        "export", tmp_path / "model.astsvm", "--format", "keras", "-o", out_folder
    )
    assert (code, out) == (1, "")
    assert "model.astsvm: expected a model that `astsvm train --final` wrote" in err
    assert len(err.splitlines()) == 1
    assert not out_folder.exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--format", "keras"), "Missing option"),
        (("-o", "out"), "Missing option '--format'"),
        (("--format", "tflite", "-o", "out"), "'tflite' is not one of"),
    ],
)
def test_usage_errors_are_answered_with_2(command, model, options, says):
    code, out, err = command("export", model, *options)
    assert (code, out) == (2, "")
    assert says in err


def test_a_model_that_is_not_there_is_2(command, tmp_path):
    arguments = ("export", tmp_path / "none.astsvm", "--format", "keras", "-o", tmp_path / "out")
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert "does not exist" in err
