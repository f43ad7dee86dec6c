"""A whole run: the same bytes however it was done, and honest about what is missing."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from pathlib import Path

import pytest

from astsvm.errors import EvaluationError, InvalidInputError, SettingsError, StorageError
from astsvm.evaluation.loso import run_loso
from astsvm.evaluation.megc_log import read_megc_log
from astsvm.evaluation.metrics import score
from astsvm.evaluation.predictions import HEADS, labels_of
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.run_progress import RunProgress
from astsvm.evaluation.verification import verify_run
from astsvm.execution.local import WorkerLostError

SUBJECTS = (("smic", "s1"), ("smic", "s2"), ("samm", "s1"))
RESULTS = ("predictions.csv", "metrics.json", "megc_log.txt", "megc_log_seed2.txt")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, clip_writer, tiny_settings):
    """Run two seeds on three subjects; tests copy the folder before they change it."""
    folder = tmp_path_factory.mktemp("finished")
    clips = clip_writer(folder, "clips", SUBJECTS, synthetic=True)
    calls: list[tuple[int, int]] = []
    states: list[RunProgress] = []
    metrics = run_loso(
        clips,
        tiny_settings,
        folder / "run",
        seeds=2,
        progress=lambda *call: calls.append(call),
        watch=states.append,
    )
    assert calls == [(state.done, state.total) for state in states]
    assert calls == [(done, 6) for done in range(7)]
    assert [state.seeds_done for state in states] == [0, 0, 0, 1, 1, 1, 2]
    assert states[0].running_uf1 == {}
    table = RunFolder(folder / "run").predictions()
    for head in HEADS:
        assert states[-1].running_uf1[head] == score(*labels_of(table.rows, head)).uf1
        first = [row for row in table.rows if row.seed == 1]
        assert states[3].running_uf1[head] == score(*labels_of(first, head)).uf1
    return clips, folder / "run", metrics


def contents(run: Path) -> list[bytes]:
    return [(run / name).read_bytes() for name in RESULTS]


@pytest.mark.slow
def test_writes_the_run_folder(finished):
    _, path, metrics = finished
    run = RunFolder(path)
    assert run.metrics() == metrics == verify_run(run)
    assert (metrics["n_clips"], metrics["n_subjects"], metrics["seeds"]) == (9, 3, [1, 2])
    assert metrics["synthetic"] is True
    assert metrics["complete"] is True
    assert set(metrics["svm"]) == set(metrics["softmax"]) == {"full", "smic", "samm"}
    folds = {file.relative_to(path / "folds").as_posix() for file in path.rglob("*.npz")}
    assert folds == {f"{seed}/{d}_{s}.npz" for seed in (1, 2) for d, s in SUBJECTS}
    config = run.config()
    for key in ("settings", "versions", "seeds", "threads_per_fold", "protocol", "class_names"):
        assert config[key]
    packages = {"python", "tensorflow", "keras", "scikit-learn", "numpy", "opencv-python-headless"}
    assert set(config["versions"]) > packages
    assert len(config["data"]["digest"]) == 64
    assert not list(path.glob("*lock*"))


@pytest.mark.slow
def test_other_preprocessing_than_the_settings_is_told_and_changes_nothing(
    finished, tiny_settings, tmp_path, caplog
):
    clips, path, metrics = finished
    run = shutil.copytree(path, tmp_path / "run")
    made = tiny_settings.preprocessing
    other = tiny_settings.replace(preprocessing=made.replace(size=96).model_dump())
    assert run_loso(clips, other, run, seeds=2, resume=True) == metrics
    assert contents(run) == contents(path)
    assert (
        f"preprocessed otherwise than the settings 'tiny' do it: size: {made.size}" in caplog.text
    )


def test_a_worker_that_imports_its_script_does_not_begin_the_run_again(
    write_clips, tiny_settings, tmp_path, monkeypatch
):
    clips = write_clips("clips")
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(WorkerLostError, match="__main__"):
        run_loso(clips, tiny_settings, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_predictions_carry_the_truth_of_their_own_clip(finished):
    _, path, _ = finished
    table = RunFolder(path).predictions()
    assert len(table) == 18
    for row in table.rows:
        assert row.truth == int(row.clip.removeprefix("c"))
    logged = {(d, s, c): t for d, s, c, t, _ in read_megc_log((path / "megc_log.txt").read_text())}
    assert len(logged) == 9
    assert all(truth == int(clip[1]) for (_, _, clip), truth in logged.items())


@pytest.mark.slow
def test_workers_and_order_of_files_change_no_byte(finished, write_clips, tiny_settings, tmp_path):
    _, path, _ = finished
    # The same clips, one file a subject, given in another order, by two processes.
    whole = [f"{d}/{s}" for d, s in sorted(SUBJECTS)]
    draws = {f"{key}/c{i}": 3 * whole.index(key) + i for key in whole for i in range(3)}
    files = [
        write_clips(f"part{number}", (subject,), draws=draws, synthetic=True)
        for number, subject in enumerate(SUBJECTS)
    ]
    run_loso(files, tiny_settings, tmp_path / "run", seeds=2, workers=2)
    assert contents(tmp_path / "run") == contents(path)


@pytest.mark.slow
def test_resume_recomputes_only_lost_and_damaged_folds(finished, tiny_settings, tmp_path):
    clips, path, _ = finished
    run = tmp_path / "run"
    shutil.copytree(path, run)
    for name in (*RESULTS, "folds/1/smic_s1.npz"):
        (run / name).unlink()
    damaged = run / "folds/2/samm_s1.npz"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    foreign = run / "folds/2/smic_s2.npz"
    shutil.copy(run / "folds/1/smic_s2.npz", foreign)
    kept = {file: file.stat().st_mtime_ns for file in run.rglob("*.npz")}
    calls: list[tuple[int, int]] = []
    run_loso(
        clips,
        tiny_settings,
        run,
        seeds=2,
        resume=True,
        progress=lambda *call: calls.append(call),
    )
    assert calls == [(done, 6) for done in (3, 4, 5, 6)]
    assert contents(run) == contents(path)
    changed = {file for file, time in kept.items() if file.stat().st_mtime_ns != time}
    assert changed == {damaged, foreign}


@pytest.mark.slow
def test_resume_of_other_settings_data_or_seeds_is_refused(finished, write_clips, tiny_settings):
    clips, path, _ = finished
    before = contents(path)
    other = tiny_settings.replace(training=tiny_settings.training.replace(epochs=3))
    with pytest.raises(EvaluationError, match=r"settings\.training\.epochs: 2, not 3"):
        run_loso(clips, other, path, seeds=2, resume=True)
    with pytest.raises(EvaluationError, match=r"seeds: \[1, 2\], not \[1\]"):
        run_loso(clips, tiny_settings, path, resume=True)
    redrawn = write_clips("other", SUBJECTS, draws={"samm/s1/c0": 77}, synthetic=True)
    with pytest.raises(EvaluationError, match=r"data\.digest"):
        run_loso(redrawn, tiny_settings, path, seeds=2, resume=True)
    with pytest.raises(EvaluationError, match="--resume"):
        run_loso(clips, tiny_settings, path, seeds=2)
    assert contents(path) == before


@pytest.mark.slow
def test_a_fold_that_fails_is_named_and_the_rest_goes_on(write_clips, tiny_settings, tmp_path):
    # Without smic/s1 only one class is left to train on.
    labels = {f"samm/s1/c{i}": "negative" for i in range(3)}
    clips = write_clips("clips", (("smic", "s1"), ("samm", "s1")), labels=labels)
    metrics = run_loso(clips, tiny_settings, tmp_path / "run")
    assert metrics["complete"] is False
    (fold,) = metrics["missing"]
    assert (fold["seed"], fold["subject"], fold["clips"]) == (1, "smic/s1", 3)
    assert "one class only" in fold["reason"]
    assert metrics["n_subjects"] == 1
    assert metrics["svm"]["full"]["uf1_ci95"] is None
    assert verify_run(RunFolder(tmp_path / "run")) == metrics


def test_a_fold_that_hangs_is_given_up_after_three_tries(write_clips, tiny_settings, tmp_path):
    # No worker can even load its libraries in a tenth of a second.
    clips = write_clips("clips", SUBJECTS[:2])
    with pytest.raises(EvaluationError, match=r"ended after 0\.1 seconds \(attempt 3\)"):
        run_loso(clips, tiny_settings, tmp_path / "run", workers=2, fold_timeout=0.1)
    with pytest.raises(InvalidInputError, match="fold_timeout must be a positive"):
        run_loso(clips, tiny_settings, tmp_path / "run", fold_timeout=-1)


def test_clips_that_are_replaced_during_the_run_are_not_trained_on(
    write_clips, tiny_settings, tmp_path
):
    clips, other = write_clips("clips"), write_clips("other", draws={"samm/s1/c0": 77})
    with pytest.raises(EvaluationError, match="have changed"):
        # The folds are planned when the progress is told for the first time.
        run_loso(
            clips,
            tiny_settings,
            tmp_path / "run",
            progress=lambda *_: other.exists() and other.replace(clips),
        )


def test_a_stream_that_is_not_there_is_refused_with_advice(write_clips, tiny_settings, tmp_path):
    both = tiny_settings.replace(network=tiny_settings.network.replace(streams=("flow", "idsf")))
    with pytest.raises(SettingsError, match=r"idsf is missing\. Pass --streams flow"):
        run_loso(write_clips("clips"), both, tmp_path / "run")
    other = tiny_settings.replace(network=tiny_settings.network.replace(streams=("idsf",)))
    with pytest.raises(SettingsError, match="Preprocess the clips again"):
        run_loso(write_clips("again"), other, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_one_subject_or_one_class_is_refused_before_anything_is_written(
    write_clips, tiny_settings, tmp_path
):
    lonely = write_clips("lonely", (("smic", "s1"),))
    with pytest.raises(EvaluationError, match="2 subjects"):
        run_loso(lonely, tiny_settings, tmp_path / "run")
    keys = [f"{d}/{s}/c{i}" for d, s in SUBJECTS for i in range(3)]
    dull = write_clips("dull", SUBJECTS, labels=dict.fromkeys(keys, "negative"))
    with pytest.raises(EvaluationError, match="2 classes"):
        run_loso(dull, tiny_settings, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seeds": 0}, "seeds must be a whole number and 1 or more"),
        ({"workers": 0}, "workers must be a whole number and 1 or more"),
        ({"seeds": 1.5}, "seeds must be"),
        ({"seeds": True}, "seeds must be"),
        ({"workers": "2"}, "workers must be"),
        ({"protocol": "megc2018"}, "megc2018"),
    ],
)
def test_bad_arguments_are_refused(write_clips, tiny_settings, tmp_path, options, says):
    with pytest.raises((SettingsError, EvaluationError), match=says):
        run_loso(write_clips("clips"), tiny_settings, tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("config", [None, {"preset": "fast"}, Path("settings.json")])
def test_what_is_no_settings_is_refused(config, tmp_path):
    with pytest.raises(SettingsError, match=r"Settings\.load"):
        run_loso(tmp_path / "clips.h5", config, tmp_path / "run")


def test_unknown_preset_and_missing_file_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="unknown preset"):
        run_loso(tmp_path / "clips.h5", "papier", tmp_path / "run")
    with pytest.raises(StorageError, match=r"clips\.h5"):
        run_loso(tmp_path / "clips.h5", "fast", tmp_path / "run")


@pytest.mark.slow
def test_metrics_are_plain_json(finished):
    _, path, metrics = finished
    assert json.loads((path / "metrics.json").read_text()) == metrics
