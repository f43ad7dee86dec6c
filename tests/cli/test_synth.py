from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner

from astsvm.cli.synth import synth
from astsvm.datasets import load_dataset
from astsvm.datasets.synthetic import DIFFICULTIES, CorpusSummary, corpus
from astsvm.datasets.synthetic.layouts import LAYOUTS
from astsvm.errors import SettingsError, StorageError

SMALL = ("--subjects", "1", "--clips", "3", "--size", "320x240", "--fps", "25")


def run(*arguments):
    return CliRunner().invoke(synth, [str(part) for part in arguments], prog_name="astsvm synth")


def test_writes_a_corpus_and_says_what_it_is(tmp_path):
    result = run(tmp_path / "corpus", *SMALL, "--quiet")
    assert result.exit_code == 0, result.output
    assert "3 SYNTHETIC clips of 1 subjects (1 negative, 1 positive, 1 surprise)" in result.stdout
    assert result.stderr == ""
    assert (tmp_path / "corpus" / "clips.csv").is_file()


def test_json_on_stdout_and_progress_on_stderr(tmp_path):
    result = run(tmp_path / "corpus", *SMALL, "--json")
    assert result.exit_code == 0, result.output
    outcome = json.loads(result.stdout)
    assert outcome["synthetic"] is True
    assert outcome["clips"] == 3
    assert outcome["frames"] == len(list(tmp_path.rglob("*.png")))
    assert "clips" in result.stderr


def test_options_reach_the_generator(tmp_path):
    result = run(tmp_path, *SMALL, "--difficulty", "easy", "--seed", "9", "--quiet")
    assert result.exit_code == 0, result.output
    mark = json.loads((tmp_path / "SYNTHETIC.json").read_text())
    assert mark["seed"] == 9
    assert (mark["layout"], mark["faults"]) == ("folder", [])
    assert mark["settings"] == {
        "subjects": 1,
        "clips": 3,
        "size": [320, 240],
        "fps": 25.0,
        "preset": "easy",
        "difficulty": DIFFICULTIES["easy"].to_dict(),
    }


def test_a_folder_in_use_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    result = run(tmp_path, *SMALL)
    assert isinstance(result.exception, StorageError)
    assert "not empty" in str(result.exception)


@pytest.mark.parametrize("size", ["640", "640x", "axb", "-640x480", "٣٢٠x240"])
def test_a_size_that_is_none_is_a_usage_error(tmp_path, size):
    result = run(tmp_path, "--size", size)
    assert result.exit_code == 2
    assert "expected WIDTHxHEIGHT such as 640x480" in result.stderr


def test_choices_are_the_library_s():
    choices = {
        option.name: option.type.choices
        for option in synth.params
        if isinstance(option.type, click.Choice)
    }
    assert tuple(choices["difficulty"]) == tuple(DIFFICULTIES)
    assert tuple(choices["layout"]) == (*LAYOUTS, "long")


def test_an_unwritten_layout_is_a_usage_error(tmp_path):
    result = run(tmp_path, "--layout", "casme")
    assert result.exit_code == 2
    assert "folder" in result.stderr


def test_a_layout_of_a_database_is_read_by_its_loader(tmp_path):
    result = run(
        tmp_path / "smic", "--layout", "smic", "--subjects", "1", "--clips", "3", "--size",
        "320x240", "--quiet",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    dataset = load_dataset("smic", tmp_path / "smic")
    assert dataset.synthetic
    assert len(dataset.clips) == 3


def test_faults_are_counted(tmp_path, monkeypatch):
    def write_nothing(directory, **arguments):
        asked.update(arguments)
        return CorpusSummary(directory, 3, 24, 1000, {"negative": 24}, 13)

    asked = {}
    monkeypatch.setattr(corpus, "write_corpus", write_nothing)
    result = run(tmp_path, "--layout", "smic", "--faults", "--json", "--quiet")
    assert result.exit_code == 0, result.output
    outcome = json.loads(result.stdout)
    assert (outcome["layout"], outcome["faults"]) == ("smic", 13)
    assert (asked["layout"], asked["faults"], asked["fps"]) == ("smic", True, None)
    assert "13 faults planted" in run(tmp_path, "--layout", "smic", "--faults", "--quiet").stdout


def test_a_rate_that_the_database_has_not_is_refused(tmp_path):
    result = run(tmp_path / "samm", "--layout", "samm", "--fps", "60")
    assert isinstance(result.exception, SettingsError)
    assert not (tmp_path / "samm").exists()


def test_long_videos_as_video_files(tmp_path):
    small = ("--subjects", "1", "--clips", "1", "--size", "320x240", "--fps", "25", "--quiet")
    result = run(tmp_path / "long", *small, "--layout", "long", "--video")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "long" / "s01_v01.avi").is_file()
    refused = run(tmp_path / "other", *small, "--video")
    assert refused.exit_code == 2
    assert "--video: only --layout long" in refused.stderr


def test_long_videos_with_their_truth(tmp_path):
    small = ("--subjects", "1", "--clips", "1", "--size", "320x240", "--fps", "25")
    result = run(tmp_path / "long", *small, "--layout", "long", "--json", "--quiet")
    assert result.exit_code == 0, result.output
    outcome = json.loads(result.stdout)
    assert (outcome["synthetic"], outcome["videos"], outcome["layout"]) == (True, 1, "long")
    assert outcome["frames"] == len(list((tmp_path / "long" / "s01_v01").iterdir()))
    assert sum(outcome["labels"].values()) == 1
    refused = run(tmp_path / "other", *small, "--layout", "long", "--faults")
    assert refused.exit_code == 2
    assert "--faults" in refused.output
