"""`astsvm train --loso` and `astsvm evaluate`: what they print, write and answer."""

from __future__ import annotations

import json

import numpy as np
import pytest

from astsvm.cli import main
from astsvm.clip import Clip
from astsvm.config import NetworkSettings, PreprocessingSettings, Settings, TrainingSettings
from astsvm.datasets import Dataset
from astsvm.storage import PartsFolder, ProcessedClip

CLASSES = ("negative", "positive", "surprise")
TINY = Settings(
    preset="tiny",
    network=NetworkSettings(streams=("flow",), attention="cam", modules=("2d",), filters=(2, 2)),
    training=TrainingSettings(epochs=9, batch_size=4, learning_rate=0.01),
)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Write three subjects with one tiny flow field of every class, marked as synthetic."""
    root = tmp_path_factory.mktemp("clips")
    found = tuple(
        Clip("samm", subject, f"c{number}", label, root / "video.avi")
        for subject in ("s1", "s2", "s3")
        for number, label in enumerate(CLASSES)
    )
    dataset = Dataset("folder", root, found, synthetic=True)
    parts = PartsFolder.open(root / "clips.h5", dataset, PreprocessingSettings())
    for index, clip in enumerate(found):
        flow = np.random.default_rng(index).normal(size=(1, 16, 16, 2)).astype(np.float32)
        parts.store(index, ProcessedClip(clip, {"flow": flow}))
    parts.assemble()
    (root / "tiny.json").write_text(TINY.to_json())
    return root / "clips.h5"


@pytest.fixture
def command(capsys):
    """Run a command line; return exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ending:
            main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return ending.value.code, output.out, output.err

    return run


@pytest.mark.slow
def test_train_then_evaluate(clips, command, tmp_path):
    run = tmp_path / "run"
    settings = clips.parent / "tiny.json"
    arguments = ("train", clips, "--loso", "--settings", settings, "--epochs", 1, "-o", run)
    code, out, err = command(*arguments, "--workers", 1, "--class-weight", "balanced", "--quiet")
    assert code == 0, err
    assert out.startswith("SYNTHETIC clips")
    for text in ("9 clips of 3 subjects", "SVM", "softmax", "floor: permuted labels", "UF1", "UAR"):
        assert text in out
    assert (run / "report.html").is_file()
    assert (run / "figures" / "confusion_svm_full.png").is_file()
    config = json.loads((run / "config.json").read_text())
    assert config["settings"]["training"]["epochs"] == 1
    assert config["settings"]["training"]["class_weight"] == "balanced"
    assert config["settings"]["training"]["batch_size"] == 4

    for name in ("predictions.csv", "metrics.json", "config.json", "folds/new.txt"):
        code, nothing, refusal = command("evaluate", run, "--report", run / name)
        assert (code, nothing) == (2, "")
        assert "only a page" in refusal
    code, again, _ = command("evaluate", run, "--report", tmp_path / "page.html")
    assert (code, again) == (0, out)
    assert "SYNTHETIC" in (tmp_path / "page.html").read_text()
    code, text, err = command("evaluate", run, "--json")
    assert (code, err) == (0, "")
    assert json.loads(text) == json.loads((run / "metrics.json").read_text())

    code, _, err = command(*arguments, "--resume", "--quiet")
    assert code == 1
    assert "settings.training.class_weight: 'balanced', not 'none'" in err

    metrics = json.loads((run / "metrics.json").read_text())
    metrics["svm"]["full"]["uf1"] = 0.999
    (run / "metrics.json").write_text(json.dumps(metrics))
    code, out, err = command("evaluate", run)
    assert (code, out) == (1, "")
    assert "svm.full.uf1: 0.999" in err
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_a_run_that_is_no_result_says_so_everywhere(clips, command, tmp_path):
    run = tmp_path / "run"
    settings = clips.parent / "tiny.json"
    arguments = ("train", clips, "--loso", "--settings", settings, "--epochs", 2, "-o", run)
    kinds = ("--oracle-epoch", "--permute-labels", "--augmentation", "flip")
    code, out, err = command(*arguments, *kinds, "--quiet")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0].startswith("LEAK METER, NOT A RESULT")
    assert lines[1].startswith("NULL RUN")
    assert "with seed 1." in lines[1]
    assert sum(line.strip().startswith("LEAK METER, ") for line in lines[2:]) == 2
    config = json.loads((run / "config.json").read_text())
    assert config["permuted_labels"] == 1
    assert config["settings"]["training"]["augmentation"] == "flip"
    page = (run / "report.html").read_text()
    assert "LEAK METER, NOT A RESULT" in page
    assert "NULL RUN" in page
    code, again, _ = command("evaluate", run)
    assert (code, again) == (0, out)
    code, _, err = command(*arguments, "--inner", "--resume", "--quiet")
    assert code == 1
    assert "training.inner.splits is 3, but every fold trains on 2 subjects" in err
    code, _, err = command(*arguments[:-1], tmp_path / "other", "--inner", "--oracle-epoch")
    assert code == 1
    assert "leave the inner choice out" in err


def test_missing_folds_are_told_and_answered_with_3(command, tmp_path):
    from astsvm.evaluation.predictions import HEADS, Prediction, PredictionTable
    from astsvm.evaluation.run_folder import RunFolder
    from astsvm.evaluation.summary import MissingFold, run_metrics

    scores = dict.fromkeys(HEADS, (0.0, 1.0, 0.0))
    rows = [
        Prediction(1, "samm", f"s{number}", "c", number % 3, dict.fromkeys(HEADS, 1), scores)
        for number in range(6)
    ]
    table = PredictionTable(rows, CLASSES)
    folder = RunFolder(tmp_path / "run")
    settings = TINY.model_dump(mode="json")
    config = {
        "method": "AST+SVMNet",
        "evaluation": "leave one subject out",
        "protocol": "as-labelled",
        "class_names": CLASSES,
        "settings": settings,
        "seeds": [1],
        "threads_per_fold": 1,
        "data": {
            "digest": "0",
            "streams": {},
            "preprocessing": {},
            "left_out": {},
            "skipped": [],
        },
        "subjects": dict.fromkeys([*table.subjects, "samm/s9"], 1),
        "synthetic": False,
        "versions": {},
        "files": [],
    }
    folder.begin(config)
    missing = [MissingFold(1, "samm/s9", 1, "WorkerLostError: its process died")]
    folder.write_results(table, run_metrics(config, table, missing, None))
    code, out, err = command("evaluate", folder.path)
    assert code == 3
    assert "INCOMPLETE" in out
    assert "missing: fold of samm/s9 (seed 1, 1 clip): WorkerLostError" in err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "--loso"),
        (("--loso", "--streams", "flow,strain"), "flow and/or idsf"),
        (("--loso", "--streams", "flow,flow"), "flow and/or idsf"),
        (("--loso", "--streams", ""), "flow and/or idsf"),
        (("--loso", "--modules", "4d"), "2d and/or 3d"),
        (("--loso", "--protocol", "megc2018"), "'as-labelled', 'megc2019'"),
        (("--loso", "--attention", "cbam"), "cbam"),
        (("--loso", "--preset", "papier"), "'paper', 'fast', 'demo'"),
        (("--loso", "--epochs", "0"), "0 is not in the range"),
        (("--loso", "--seeds", "0"), "0 is not in the range"),
    ],
)
def test_usage_errors_are_answered_with_2(clips, command, tmp_path, options, says):
    code, out, err = command("train", clips, "-o", tmp_path / "run", *options)
    assert (code, out) == (2, "")
    assert says in err
    assert not (tmp_path / "run").exists()


def test_what_cannot_be_done_is_one_line_and_1(clips, command, tmp_path):
    code, out, err = command("train", clips, "--loso", "-o", tmp_path / "run", "--quiet")
    assert (code, out) == (1, "")
    assert "Pass --streams flow" in err
    assert len(err.splitlines()) == 1


def test_a_folder_that_is_no_run_is_one_line_and_1(command, tmp_path):
    code, _, err = command("evaluate", tmp_path)
    assert code == 1
    assert "config.json" in err
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_progress_and_tensorboard_change_no_result(clips, command, tmp_path):
    settings = clips.parent / "tiny.json"
    arguments = ("train", clips, "--loso", "--settings", settings, "--epochs", 1, "--seeds", 2)
    code, _, err = command(*arguments, "-o", tmp_path / "run", "--tensorboard")
    assert code == 0
    first, *_, last = [line for line in err.splitlines() if line.startswith("folds: ")]
    assert first.startswith("folds: 0 of 6")
    assert last.startswith("folds: 6 of 6")
    figures = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert "seeds 2 of 2; UF1 so far: SVM " in last
    folders = [path.name for path in sorted((tmp_path / "run" / "tensorboard").glob("[12]/*"))]
    assert folders == ["samm_s1", "samm_s2", "samm_s3"] * 2
    assert (tmp_path / "run" / "tensorboard" / "pooled").is_dir()
    # Asked for or not: no number of the run depends on it, and a run goes on either way.
    code, out, err = command(*arguments, "-o", tmp_path / "run", "--resume", "--quiet", "--json")
    assert code == 0, err
    assert json.loads(out) == figures
