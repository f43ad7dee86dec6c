"""`astsvm check`: a table for people, JSON for machines, 3 where anything is amiss."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from astsvm import cli


def run(*arguments: object) -> object:
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    return left.value.code


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").touch()
    (tmp_path / "clips.csv").write_text("clip,subject,label,path,fps\na,1,happy,a,100\n")
    return tmp_path


def test_a_clean_folder_is_0(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", root) == 0
    out = capsys.readouterr().out
    assert "left out: 0" in out
    assert "published" not in out


def test_every_fault_is_told_with_3(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (root / "clips.csv").open("a") as sheet:
        sheet.write("[red]b,1,[bold]sad,none,\n")
    assert run("check", root) == 3
    captured = capsys.readouterr()
    assert "folder/1/[red]b" in captured.out
    assert "does not exist" in captured.out
    assert "the row is left out" in captured.out
    assert captured.err == ""


def test_json_holds_the_same(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (root / "clips.csv").open("a") as sheet:
        sheet.write("b,1,sad,none,\n")
    assert run("check", root, "--json") == 3
    found = json.loads(capsys.readouterr().out)
    assert found["clips"] == {"found": 1, "published": None}
    assert [fault["clip"] for fault in found["left_out"]] == ["folder/1/b"]
    assert found["left_out"][0]["row"] == 3
    assert found["corrected"] == []


def test_frames_are_opened_only_when_asked_for(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", root) == 0
    assert run("check", root, "--frames", "--quiet", "--workers", 1) == 3
    assert "1.png" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["nonsense", "casme2:small"])
def test_unknown_names_are_refused(
    root: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run("check", root, "--dataset", name) == (2 if name == "nonsense" else 1)
    assert "expected one of" in capsys.readouterr().err
