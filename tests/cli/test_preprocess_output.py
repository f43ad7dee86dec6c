"""What machines and people are told of a run of `preprocess`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from astsvm.cli import main
from astsvm.cli.preprocess_output import EventLines, failure_table, outcome_json
from astsvm.clip import Clip
from astsvm.datasets import Dataset, Problem
from astsvm.pipeline import PreprocessSummary
from astsvm.preprocess_progress import FailureGroup, PreprocessProgress

SHEET = Path("clips.csv")
CLIPS = tuple(Clip("folder", "s1", name, "a", Path(f"{name}.mp4")) for name in ("c1", "c2"))
DATASET = Dataset("folder", Path(), CLIPS, synthetic=True)
GROUPS = (FailureGroup("no face", 1, "folder/s1/c2"),)


def summary_of(*problems):
    return PreprocessSummary(Path("out.h5"), stored=1, reused=0, problems=problems)


def told(work):
    lines: list[str] = []
    work(EventLines(DATASET, lines.append))
    assert not any("\n" in line for line in lines)
    return [json.loads(line) for line in lines]


def whole_run(events):
    events.watch(PreprocessProgress(0, 2, 0, 0))
    events.watch(PreprocessProgress(1, 2, 0, 0, "folder/s1/c1"))
    events.watch(PreprocessProgress(2, 2, 1, 0, "folder/s1/c2", "no face\nat all: ü"))
    events.finished(summary_of(Problem(SHEET, 3, "folder/s1/c2", "no face")), GROUPS)


def test_a_run_begins_tells_every_clip_and_ends():
    started, stored, failed, finished = told(whole_run)
    assert started == {
        "event": "started",
        "format": "astsvm-preprocess-events",
        "format_version": 1,
        "dataset": "folder",
        "synthetic": True,
        "done": 0,
        "clips": 2,
        "failed": 0,
        "reused": 0,
        "rows_left_out": 0,
    }
    assert (stored["clip"], stored["outcome"], stored["reason"]) == ("folder/s1/c1", "stored", None)
    assert (failed["outcome"], failed["reason"]) == ("failed", "no face\nat all: ü")
    assert [(e["done"], e["clips"], e["failed"]) for e in (stored, failed)] == [
        (1, 2, 0),
        (2, 2, 1),
    ]
    assert stored["per_second"] > 0 and stored["seconds_left"] > 0
    assert failed["seconds_left"] is None
    assert finished["failures"] == [{"reason": "no face", "count": 1, "example": "folder/s1/c2"}]
    counts = (finished["stored"], finished["reused"], finished["skipped"])
    assert (finished["output"], *counts) == ("out.h5", 1, 0, 1)
    assert finished["synthetic"] is True


def test_an_interrupt_is_an_event():
    assert told(lambda events: events.interrupted("go on")) == [
        {"event": "interrupted", "advice": "go on"}
    ]


def test_the_outcome_keeps_its_keys():
    outcome = json.loads(outcome_json(summary_of(), DATASET, GROUPS))
    before = {"output", "stored", "reused", "given_landmarks", "corrected", "skipped"}
    assert outcome.keys() == before | {"synthetic", "failures"}
    assert outcome["synthetic"] is True


def test_the_table_has_a_line_for_each_reason_and_none_without():
    groups = (FailureGroup("no face", 12, "a/b/c"), *GROUPS)
    assert failure_table(groups) == [
        "left out  reason (and an example)",
        "      12  no face (a/b/c)",
        "       1  no face (folder/s1/c2)",
    ]
    assert failure_table(()) == []


def run(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return left.value.code


@pytest.fixture
def small_file(small_settings, tmp_path_factory):
    path = tmp_path_factory.mktemp("settings") / "small.json"
    path.write_text(small_settings.to_json())
    return path


def test_json_puts_events_on_stderr_and_one_object_on_stdout(
    frame_folders, small_file, tmp_path, capsys
):
    root = tmp_path / "root"
    root.mkdir()
    sheet = (frame_folders / "clips.csv").read_text().splitlines()[:3]
    (root / "cut.mp4").write_bytes(b"no video")
    for line in sheet[1:]:
        name = line.split(",")[3]
        (root / name).mkdir()
        for frame in (frame_folders / name).iterdir():
            (root / name / frame.name).write_bytes(frame.read_bytes())
    sheet += ["cut,s9,a,cut.mp4,,,100", "lost,s9,a,nowhere.mp4,,,100"]
    (root / "clips.csv").write_text("\n".join(sheet))
    output = tmp_path / "clips.h5"
    options = ["--settings", small_file, "--workers", 1]
    assert run("preprocess", root, "-o", output, *options, "--json") == 3
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in err.splitlines()]
    assert [event["event"] for event in events] == ["started", *["clip"] * 3, "finished"]
    assert events[0]["rows_left_out"] == 1
    assert sorted(event["outcome"] for event in events[1:4]) == ["failed", "stored", "stored"]
    outcome = json.loads(out)
    assert (outcome["stored"], len(outcome["skipped"])) == (2, 2)
    assert outcome["failures"] == events[-1]["failures"]

    output.unlink()
    assert run("preprocess", root, "-o", output, *options, "--json", "--quiet") == 3
    assert json.loads(capsys.readouterr().out) == outcome

    output.unlink()
    assert run("preprocess", root, "-o", output, *options) == 3
    out, err = capsys.readouterr()
    assert "clips: 3 of 3 after" in err
    assert "1 failed" in err
    assert err.splitlines()[-3] == "left out  reason (and an example)"
    assert out.splitlines() == [f"{output}: 2 clips, 2 skipped"]


def test_json_tells_an_interrupt_as_an_event(frame_folders, tmp_path, capsys, monkeypatch):
    def interrupted(*_, watch, **__):
        watch(PreprocessProgress(0, 9, 0, 0))
        raise KeyboardInterrupt

    monkeypatch.setattr("astsvm.pipeline.preprocess_dataset", interrupted)
    assert run("preprocess", frame_folders, "-o", tmp_path / "a.h5", "--json") == 130
    lines = capsys.readouterr().err.splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    assert [event["event"] for event in events] == ["started", "interrupted"]
    assert "--resume" in events[1]["advice"]
    assert [line for line in lines if line and not line.startswith("{")] == ["astsvm: interrupted"]
