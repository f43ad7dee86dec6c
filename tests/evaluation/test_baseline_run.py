"""A baseline goes through the same run as the method: inputs, folds, both heads, resume."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from astsvm.config import Settings
from astsvm.errors import EvaluationError, SettingsError, StorageError
from astsvm.evaluation import RunFolder
from astsvm.evaluation.baseline_run import run_baseline
from astsvm.storage import open_clips


@pytest.fixture(scope="module")
def clips(tmp_path_factory, clip_writer):
    return clip_writer(
        tmp_path_factory.mktemp("clips"),
        "clips",
        subjects=[("smic", f"s{number}") for number in range(4)],
        synthetic=True,
    )


@pytest.fixture(scope="module")
def finished(clips, tmp_path_factory):
    """Run flow_svm_raw once: two epochs, two seeds."""
    run = tmp_path_factory.mktemp("runs") / "run"
    counts = []
    metrics = run_baseline(
        "flow_svm_raw",
        clips,
        run,
        epochs=2,
        seeds=2,
        input_progress=lambda done, total: counts.append((done, total)),
    )
    return run, metrics, counts


def test_the_svm_head_is_a_plain_machine_on_the_inputs(finished):
    run, metrics, _ = finished
    with open_clips(run / "inputs.h5") as inputs:
        values = inputs.read_batch("flow_svm_raw", range(12)).reshape(12, -1).astype(float)
        labels = np.array([record.label for record in inputs.records])
        people = np.array([record.subject_key for record in inputs.records])
        keys = [record.key for record in inputs.records]
    expected = {}
    for person in np.unique(people):
        train = people != person
        machine = make_pipeline(StandardScaler(), SVC(C=1, class_weight="balanced"))
        machine.fit(values[train], labels[train])
        for index in np.flatnonzero(~train):
            expected[keys[index]] = machine.predict(values[[index]])[0]
    table = RunFolder(run).predictions()
    found = {row.key: table.class_names[row.predicted["svm"]] for row in table.rows}
    assert found == expected
    assert metrics["svm"]["full"]["uf1_sd_seeds"] == 0


def test_the_run_says_what_it_is(finished):
    run, metrics, counts = finished
    config = RunFolder(run).config()
    assert metrics["method"] == config["method"] == "SVM on flow pixels"
    assert metrics["synthetic"] is True
    assert config["baseline"]["name"] == "flow_svm_raw"
    assert config["settings"]["training"]["epochs"] == 2
    assert config["data"]["preprocessing"]["derived"]["baseline"] == "flow_svm_raw"
    assert config["data"]["streams"] == {"flow_svm_raw": [1, 16, 16, 3]}
    assert counts == [(0, 12), (12, 12)]


def test_its_report_names_it_and_not_the_method(finished):
    from astsvm.reporting import write_report

    page = write_report(finished[0]).read_text()
    assert "<h1>SVM on flow pixels: leave one subject out</h1>" in page
    assert "SVM on the descriptor" in page
    assert "SYNTHETIC" in page
    assert "streams flow_svm_raw" in page
    assert "The network of this run has no attention." in page
    assert "AST+SVMNet" not in page


def test_it_is_verified_and_compared_like_any_run(finished):
    from astsvm.evaluation.comparison import compare_tables
    from astsvm.evaluation.verification import verify_run

    folder = RunFolder(finished[0])
    assert verify_run(folder) == json.loads(json.dumps(finished[1]))
    differences, _ = compare_tables(folder.predictions(), folder.predictions(), "svm")
    assert differences["uf1"].p_value == 1


def test_a_lost_fold_is_computed_again_to_the_same_figures(finished, clips):
    run, metrics, _ = finished
    fold = run / "folds" / "1" / "smic_s2.npz"
    before = (run / "inputs.h5").stat().st_mtime_ns
    fold.unlink()
    again = run_baseline("flow_svm_raw", clips, run, epochs=2, seeds=2, resume=True)
    assert again == metrics
    assert fold.exists()
    assert (run / "inputs.h5").stat().st_mtime_ns == before


def test_an_existing_run_is_not_overwritten(finished, clips):
    with pytest.raises(EvaluationError, match="exists already and is not empty"):
        run_baseline("flow_svm_raw", clips, finished[0])
    with pytest.raises(StorageError, match="made otherwise"):
        run_baseline("flow_svm", clips, finished[0], resume=True)
    with pytest.raises(EvaluationError, match="begun otherwise"):
        run_baseline("flow_svm_raw", clips, finished[0], epochs=3, resume=True)


def test_a_run_of_the_method_is_not_resumed_as_a_baseline(clips, tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.begin({"method": "AST+SVMNet"})
    folder.close()
    (tmp_path / "run" / "metrics.json").write_text("{}")
    with pytest.raises(EvaluationError, match="holds no run of a baseline"):
        run_baseline("flow_svm", clips, tmp_path / "run", resume=True)


@pytest.mark.slow
def test_it_can_be_the_input_of_the_method(clips, tmp_path, tiny_settings):
    settings = tiny_settings.replace(training=tiny_settings.training.replace(epochs=1))
    metrics = run_baseline("flow_svm", clips, tmp_path / "run", as_network_input=settings)
    config = RunFolder(tmp_path / "run").config()
    assert metrics["method"] == "AST+SVMNet on the input of SVM on blurred flow pixels"
    assert config["settings"]["network"]["attention"] == "cam"
    result = RunFolder(tmp_path / "run").load_fold(1, "smic/s0", config)
    assert set(result.attention) == {"flow_svm_frames"}
    assert result.motion["flow_svm"].shape == (3, 16, 16)
    from astsvm.reporting import write_report

    assert "AST+SVMNet on the input of a baseline" in write_report(tmp_path / "run").read_text()


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("bi_woof", {}, "has no places"),
        ("flow_svm", {"augmentation": "flip"}, "looks in a mirror"),
        ("no_such", None, "unknown baseline"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything(clips, tmp_path, name, settings, message):
    asked = None if settings is None else Settings(training=settings)
    with pytest.raises(SettingsError, match=message):
        run_baseline(name, clips, tmp_path / "run", as_network_input=asked)
    assert not (tmp_path / "run").exists()


def test_clips_without_what_it_needs_leave_no_folder(clips, tmp_path):
    with pytest.raises(EvaluationError, match="lbp_top needs frames, but there are no frames"):
        run_baseline("lbp_top", clips, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_protocol_that_leaves_nothing_is_refused_before_inputs_are_made(clips, tmp_path):
    with pytest.raises(EvaluationError):
        run_baseline("flow_svm", clips, tmp_path / "run", protocol="casme3-7")
    assert not (tmp_path / "run").exists()
