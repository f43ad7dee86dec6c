"""TensorBoard's files hold what the folds hold, once, and are the same on every writing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from astsvm.errors import StorageError
from astsvm.evaluation.summary import MissingFold
from astsvm.reporting.tensorboard import TensorboardLog

PEOPLE = {"smic": (2, 8), "samm": (1, 4)}


def scalars_of(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Read the one event file of a folder with TensorFlow's own reader."""
    import tensorflow as tf

    (file,) = folder.iterdir()
    assert "tfevents" in file.name
    found: dict[str, list[tuple[int, float]]] = {}
    for event in tf.compat.v1.train.summary_iterator(str(file)):
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def files_of(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_every_fold_has_its_losses_rate_and_seconds(finished_run):
    run = finished_run(seeds=2, people=PEOPLE)
    TensorboardLog(run.path).update()
    root = run.path / "tensorboard"
    folders = {folder.relative_to(root).as_posix() for folder in root.glob("*/*")}
    assert folders == {
        f"{s}/{name}" for s in (1, 2) for name in ("samm_s01", "smic_s01", "smic_s02")
    }
    fold = run.load_fold(2, "smic/s02", run.config())
    found = scalars_of(root / "2" / "smic_s02")
    steps = range(1, len(fold.losses) + 1)
    assert [step for step, _ in found["training/loss"]] == list(steps)
    assert [value for _, value in found["training/loss"]] == pytest.approx(fold.losses)
    assert [value for _, value in found["training/learning rate"]] == pytest.approx([1e-3] * 5)
    assert found["fold/seconds"] == [(5, pytest.approx(fold.seconds))]


def test_a_fold_of_a_run_that_is_no_result_says_so(finished_run):
    marks = ["NULL RUN: the labels were permuted."]
    run = finished_run(people=PEOPLE, synthetic=True, config={"marks": marks})
    TensorboardLog(run.path).update()
    found = scalars_of(run.path / "tensorboard" / "1" / "smic_s02")
    assert "training, NULL RUN, SYNTHETIC CLIPS/loss" in found
    assert not any(name.startswith("training/") for name in found)


def test_the_finished_run_has_its_pooled_figures(finished_run):
    run = finished_run(people=PEOPLE, synthetic=True)
    TensorboardLog(run.path).finish()
    found = scalars_of(run.path / "tensorboard" / "pooled")
    metrics = run.metrics()
    group = "pooled, SYNTHETIC CLIPS"
    assert found[f"{group}/CDE, all clips: UF1 svm"] == [
        (0, pytest.approx(metrics["svm"]["full"]["uf1"]))
    ]
    assert found[f"{group}/CDE part samm: UAR softmax"] == [
        (0, pytest.approx(metrics["softmax"]["samm"]["uar"]))
    ]
    assert len(found) == 3 * 2 * 2


def test_folds_are_written_as_they_come_and_again_on_a_resumed_run(finished_run):
    run = finished_run(people=PEOPLE)
    whole = TensorboardLog(run.path)
    whole.update()
    expected = files_of(run.path / "tensorboard")
    later = run.fold_path(1, "smic/s02")
    content = later.read_bytes()
    later.unlink()
    for file in run.path.glob("tensorboard/1/*/*"):
        file.unlink()
    resumed = TensorboardLog(run.path)
    resumed.update()
    assert len(files_of(run.path / "tensorboard")) == 2
    later.write_bytes(content)
    resumed.update()
    resumed.update()
    assert files_of(run.path / "tensorboard") == expected


def test_a_damaged_fold_is_left_to_the_run(finished_run):
    run = finished_run(people=PEOPLE, missing=(MissingFold(1, "samm/s01", 4, "killed"),))
    run.fold_path(1, "smic/s01").write_bytes(b"cut")
    TensorboardLog(run.path).update()
    assert [file.parent.name for file in run.path.glob("tensorboard/1/*/*")] == ["smic_s02"]


def test_any_subject_gets_a_folder_of_its_own(finished_run):
    run = finished_run(people={"a b": (2, 8)}, subject_name="..{}é" + "x" * 180)
    TensorboardLog(run.path).update()
    assert len(list(run.path.glob("tensorboard/1/*/*"))) == 2


def test_a_place_that_cannot_be_written_is_told_in_words(finished_run):
    run = finished_run(people=PEOPLE)
    (run.path / "tensorboard").write_text("a file")
    with pytest.raises(StorageError, match="cannot be made"):
        TensorboardLog(run.path).update()


def test_tensorflow_is_not_loaded_before_something_is_written():
    script = (
        "import sys, astsvm.cli.train, astsvm.reporting.tensorboard, astsvm.evaluation.loso\n"
        "sys.exit('tensorflow' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
