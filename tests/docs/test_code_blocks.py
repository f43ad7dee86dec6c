"""The commands, scripts, settings and sheets that the pages show are what the program takes."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import click
import pytest

from astsvm.cli import group
from astsvm.config import Settings
from astsvm.datasets import load_dataset

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
HEAVY = ("run_loso", "astsvm.network", "import tensorflow", "onnxruntime")
"""What only a block that trains, or starts TensorFlow itself, names."""

OPTIONS_OF_OTHERS = {"--head", "--port"}
"""Options of `ray start`; `--head` is one of ours as well."""


def blocks(language: str) -> list[tuple[str, str]]:
    """Return (page and number, text) of every block of code in a language."""
    found = []
    for page in PAGES:
        fence = re.compile(rf"^( *)```{language}\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
        for number, (_, text) in enumerate(fence.findall(page.read_text("utf-8")), 1):
            found.append((f"{page.relative_to(ROOT).as_posix()}-{number}", dedent(text)))
    return found


def parametrized(pairs: list[tuple[str, str]]):
    return pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in pairs])


def problems_of(line: str) -> list[str]:
    """Say what is wrong with a command line of astsvm, without running it."""
    words = shlex.split(line, comments=True)[1:]
    if words and words[0] in ("-h", "-V"):
        return []
    command = group.get_command(click.Context(group), words[0])
    if command is None:
        return [f"no command {words[0]}"]
    context = click.Context(command, help_option_names=["-h", "--help"])
    try:
        given, _, order = command.make_parser(context).parse_args(words[1:])
    except click.UsageError as error:
        return [error.format_message()]
    if "-h" in words:
        return []
    wrong = [
        f"{parameter.name} is missing"
        for parameter in command.params
        if parameter.required and parameter not in order
    ]
    for parameter in order:
        value = given.get(parameter.name)
        # What is no text is a switch, several arguments, or an option without its value.
        if isinstance(parameter.type, click.Path) or not isinstance(value, str):
            continue
        try:
            parameter.type.convert(value, parameter, context)
        except click.BadParameter as error:
            wrong.append(error.format_message())
    return wrong


@parametrized(blocks("sh"))
def test_every_command_line_is_understood(text):
    for line in text.splitlines():
        if line.startswith("astsvm "):
            assert problems_of(line) == [], line


def test_a_wrong_command_line_is_found():
    assert problems_of("astsvm predict video.mp4 --nonsense") != []
    assert problems_of("astsvm train clips.h5 --loso --presets fast -o run") != []
    assert problems_of("astsvm train clips.h5 --loso --preset slow -o run") != []
    assert problems_of("astsvm train clips.h5 --loso --seeds 0 -o run") != []
    assert problems_of("astsvm train clips.h5 --loso") == ["output is missing"]
    assert problems_of("astsvm preprocess CLIPS --dataset casme9 -o clips.h5") != []
    assert problems_of("astsvm train clips.h5 --loso --permute-labels -o run  # the null") == []


def test_options_in_the_prose_exist():
    commands = [group.get_command(click.Context(group), name) for name in group.list_commands(None)]
    known = {"--help", "--version", "--debug", *OPTIONS_OF_OTHERS}
    for command in commands:
        for parameter in command.params:
            known |= {*parameter.opts, *parameter.secondary_opts}
    for page in PAGES:
        named = re.findall(r"(?<![\w`-])`(--[a-z][a-z-]*)", page.read_text("utf-8"))
        assert set(named) <= known, page


@parametrized([pair for pair in blocks("python") if not any(name in pair[1] for name in HEAVY)])
def test_python_blocks_run(text, documented_files, tmp_path, monkeypatch, capsys):
    shutil.copytree(documented_files, tmp_path, dirs_exist_ok=True)
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("script.py", run_name="__main__")
    said = capsys.readouterr().out
    assert said or "assert" in text
    assert "CHANGED" not in said


@pytest.mark.slow
@parametrized(
    [
        (name, text)
        for name, text in blocks("python")
        # That of the README, which takes longest, is run by tests/test_readme.py.
        if any(heavy in text for heavy in HEAVY) and not name.startswith("README")
    ]
)
def test_python_blocks_that_train_run_as_files(text, documented_files, tmp_path):
    shutil.copytree(documented_files, tmp_path, dirs_exist_ok=True)
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@parametrized(blocks("json"))
def test_settings_are_valid(text):
    assert Settings.from_json(text) != Settings()
    assert json.loads(text)


@parametrized(blocks("csv"))
def test_the_sheet_of_own_clips_is_read(text, tmp_path):
    rows = [line.split(",") for line in text.splitlines()]
    for row in rows[1:]:
        path = tmp_path / row[rows[0].index("path")]
        path.parent.mkdir(exist_ok=True)
        # A folder of frames has no suffix; a loader decodes neither.
        path.touch() if path.suffix else path.mkdir()
    (tmp_path / "clips.csv").write_text(text, encoding="utf-8")
    dataset = load_dataset("folder", tmp_path)
    assert (len(dataset.clips), dataset.problems) == (len(rows) - 1, ())
