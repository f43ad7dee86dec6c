"""Training on all clips: the same bytes twice, a fold's way of training, and runs it refers to."""

import hashlib
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

import astsvm
from astsvm.errors import EvaluationError, SettingsError, StorageError
from astsvm.evaluation.predictions import HEADS, Prediction, PredictionTable
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.run_plan import plan_run
from astsvm.evaluation.summary import MissingFold, run_metrics
from astsvm.recognizer import Recognizer
from astsvm.recognizer.final_training import train_bundle
from astsvm.recognizer.run_reference import refer_to_run


@pytest.fixture(scope="module")
def plan(dots_file, small_settings):
    with astsvm.open_clips(dots_file) as clips:
        return plan_run(clips, small_settings, "as-labelled", 1)


@pytest.fixture
def write_run(plan, tmp_path):
    """Write a finished run of the dots whose scores are drawn; its config may be changed."""

    def write(name="run", missing=(), seeds=2, **changes):
        generator = np.random.default_rng(3)
        rows = []
        for seed in range(1, seeds + 1):
            for key, truth in sorted(plan.truth.items()):
                database, subject, clip = key.split("/")
                scores = generator.normal(0, 0.5, 3) + np.eye(3)[truth]
                both = {head: tuple(np.round(scores, 6).tolist()) for head in HEADS}
                best = dict.fromkeys(HEADS, int(np.argmax(scores)))
                rows.append(Prediction(seed, database, subject, clip, truth, best, both))
        if missing:
            rows = [row for row in rows if row.subject_key != missing[0].subject]
        table = PredictionTable(rows, plan.class_names)
        config = {**plan.config, "seeds": list(range(1, seeds + 1)), **changes}
        folder = RunFolder(tmp_path / name)
        folder.begin(config)
        folder.write_results(table, run_metrics(config, table, missing, None))
        folder.close()
        return folder.path

    return write


def test_the_figures_and_scores_of_a_run_of_these_clips_are_taken(write_run, plan):
    run = write_run()
    found = refer_to_run(run, plan)
    metrics = json.loads((run / "metrics.json").read_text())
    full = metrics["svm"]["full"]
    assert found.figures.svm.uf1 == full["uf1"]
    assert list(found.figures.svm.uf1_ci95) == full["uf1_ci95"]
    assert found.figures.floors["majority"] == metrics["floors"]["full"]["majority"]["uf1"]
    assert (found.figures.clips, found.figures.subjects) == (9, 3)
    assert found.figures.seeds == (1, 2)
    assert found.scores.scores.shape == (18, 3)
    assert found.scores.seeds == 2
    rows = RunFolder(run).predictions().rows
    for row, scores, truth in zip(rows, found.scores.scores, found.scores.truth, strict=True):
        assert row.class_scores["svm"] == tuple(scores)
        assert row.truth == truth
    digest = hashlib.sha256((run / "predictions.csv").read_bytes()).hexdigest()
    assert found.figures.predictions_sha256 == found.scores.predictions_sha256 == digest


def test_a_run_of_other_clips_or_settings_is_refused(write_run, plan):
    settings = plan.config["settings"]
    training = {**settings["training"], "epochs": 9}
    wrong = {
        "clips": {"data": {**plan.config["data"], "digest": "0" * 64}},
        "settings.training.epochs": {"settings": {**settings, "training": training}},
        "protocol": {"protocol": "megc2019"},
        "code: 'another'": {"versions": {**plan.config["versions"], "code": "another"}},
        "preprocessing.length": {
            "data": {
                **plan.config["data"],
                "preprocessing": {**plan.config["data"]["preprocessing"], "length": 7},
            }
        },
    }
    for number, (says, changes) in enumerate(wrong.items()):
        with pytest.raises(EvaluationError, match="not of the clips and settings") as refusal:
            refer_to_run(write_run(f"run{number}", **changes), plan)
        assert says in str(refusal.value)
    refer_to_run(write_run("named", settings={**settings, "preset": "other name"}), plan)


def test_a_run_judged_by_other_labels_is_refused(write_run, plan):
    first, second, *others = plan.truth
    swapped = {**plan.truth, first: plan.truth[second], second: plan.truth[first]}
    assert swapped != plan.truth
    with pytest.raises(EvaluationError, match="other true classes"):
        refer_to_run(write_run(), replace(plan, truth=swapped))
    fewer = {key: plan.truth[key] for key in (first, *others)}
    with pytest.raises(EvaluationError, match="other clips"):
        refer_to_run(write_run("more"), replace(plan, truth=fewer))


def test_a_run_that_is_no_whole_result_is_refused(write_run, plan, tmp_path):
    lost = [MissingFold(seed, "folder/s1", 3, "WorkerLostError: gone") for seed in (1, 2)]
    with pytest.raises(EvaluationError, match="lacks folds"):
        refer_to_run(write_run("lacking", missing=lost), plan)
    with pytest.raises(EvaluationError, match="marked: NULL RUN"):
        refer_to_run(write_run("null", marks=["NULL RUN of labels."]), plan)
    with pytest.raises(StorageError, match=r"config\.json"):
        refer_to_run(tmp_path, plan)
    run = write_run("forged")
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["svm"]["full"]["uf1"] = 0.999
    (run / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(EvaluationError, match=r"svm\.full\.uf1"):
        refer_to_run(run, plan)


def test_what_cannot_be_trained_is_refused_before_anything_starts(
    dots_file, small_settings, clip_writer, tmp_path
):
    with pytest.raises(SettingsError, match="seed"):
        train_bundle(dots_file, small_settings, seed=-1)
    with pytest.raises(SettingsError, match="unknown preset"):
        train_bundle(dots_file, "papier")
    with pytest.raises(EvaluationError, match="unknown protocol"):
        train_bundle(dots_file, small_settings, protocol="none")
    flow_only = clip_writer(tmp_path, "flow")
    with pytest.raises(SettingsError, match="--streams flow"):
        train_bundle(flow_only, small_settings)


@pytest.mark.slow
def test_the_same_training_gives_the_same_bytes_and_a_folds_scores(
    dots_file, small_settings, write_run, tmp_path
):
    run = write_run()
    one = Recognizer.train(dots_file, small_settings, calibrate=run)
    one.save(tmp_path / "one.astsvm")
    train_bundle(str(dots_file), small_settings, calibration_run=run).write(
        tmp_path / "other.astsvm"
    )
    content = (tmp_path / "one.astsvm").read_bytes()
    assert (tmp_path / "other.astsvm").read_bytes() == content

    manifest = one.bundle.manifest
    assert manifest.data.clips_by_class == {"negative": 3, "positive": 3, "surprise": 3}
    assert (manifest.data.clips, manifest.data.subjects) == (9, 3)
    assert not manifest.synthetic
    assert manifest.training.epochs == 2
    assert manifest.run.clips == manifest.calibration.clips == 9
    assert one.settings == small_settings
    with zipfile.ZipFile(tmp_path / "one.astsvm") as archive:
        assert json.loads(archive.read("settings.json"))["preprocessing"]["length"] == 5

    with astsvm.open_clips(dots_file) as clips:
        assert manifest.data.digest == clips.digest
        expected = _fitted_here(clips, small_settings)
        streams = {name: clips.read_batch(name, range(9)) for name in one.streams}
        found = one.decide(streams)
    np.testing.assert_allclose(found.scores, expected, atol=2e-3)
    assert found.probabilities.shape == (9, 3)


def _fitted_here(clips, settings):
    """Fit a fold that holds nobody out, in this process, and score its own training clips."""
    from astsvm.datasets.protocols import apply_protocol
    from astsvm.evaluation.fold import FoldTask
    from astsvm.evaluation.fold_fitting import fit_fold

    selection = apply_protocol(clips.records, "as-labelled")
    task = FoldTask(
        clips=clips,
        settings=settings,
        classes=3,
        seed=1,
        subject="all clips",
        train_indices=selection.indices,
        train_labels=selection.labels,
        test_indices=selection.indices,
        test_clips=tuple(record.key for record in clips.records),
        train_subjects=tuple(record.subject_key for record in clips.records),
    )
    fitted = fit_fold(task)
    features = fitted.network.predict(selection.indices).features
    return fitted.svm.decision_function(features)


@pytest.mark.parametrize("odd", [{"svm_kernel": "linear"}, {"svm_multiclass": "one_vs_one"}])
def test_a_model_to_be_used_has_the_methods_own_machines(dots_file, small_settings, odd):
    training = small_settings.training.replace(**odd)
    settings = small_settings.replace(training=training.model_dump())
    with pytest.raises(SettingsError, match="RBF machines on standardised features"):
        Recognizer.train(dots_file, settings)
