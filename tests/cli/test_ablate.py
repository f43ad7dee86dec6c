"""`astsvm ablate`: one command, one page, and what is refused."""

from __future__ import annotations

import json

import pytest

from astsvm.cli import main
from astsvm.config import NetworkSettings, Settings, TrainingSettings


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
    folder = tmp_path_factory.mktemp("clips")
    settings = Settings(
        preset="tiny",
        network=NetworkSettings(attention="none", modules=("2d",), filters=(2, 2)),
        training=TrainingSettings(batch_size=4),
    )
    (folder / "tiny.json").write_text(settings.to_json())
    return clip_writer(folder, "clips", synthetic=True)


@pytest.mark.slow
def test_one_command_gives_the_page(command, clips, tmp_path):
    folder = tmp_path / "out"
    settings = clips.parent / "tiny.json"
    arguments = ("ablate", clips, "--tables", "12", "--settings", settings, "--epochs", 1)
    arguments = (*arguments, "--workers", 1, "-o", folder)
    code, out, err = command(*arguments)
    assert code == 0, err
    assert out.startswith("# Ablation of AST+SVMNet\n")
    assert "**SYNTHETIC clips: these figures say nothing about real faces.**" in out
    assert "folds of run 1 of 1, AST+SVMNet, optical flow only: 3 of 3" in err
    assert f"page: {folder / 'ablation.html'}" in err
    written = sorted(path.name for path in folder.iterdir())
    assert written == ["ablation.html", "ablation.json", "ablation.md", "runs"]
    assert (folder / "ablation.md").read_text() == out
    code, again, err = command(*arguments, "--resume", "--quiet", "--json")
    assert code == 0, err
    assert json.loads(again) == json.loads((folder / "ablation.json").read_text())
    assert command("evaluate", folder / "runs" / "flow-only")[0] == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--tables", "7"), "expected 9 and/or 10 and/or 11 and/or 12"),
        (("--tables", "9,9"), "expected 9"),
        (("--seeds", "0"), "not in the range"),
        (("--preset", "papier"), "'paper', 'fast', 'demo'"),
    ],
)
def test_usage_errors_are_answered_with_2(command, clips, tmp_path, options, says):
    code, out, err = command("ablate", clips, "-o", tmp_path / "out", *options)
    assert (code, out) == (2, "")
    assert says in err
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_left_alone(command, clips, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    code, out, err = command("ablate", clips, "-o", tmp_path)
    assert (code, out) == (1, "")
    assert "exists already and is not empty" in err
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]
