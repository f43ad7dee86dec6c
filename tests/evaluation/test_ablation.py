"""An ablation is a set of ordinary runs, and what follows from their predictions."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from astsvm.errors import EvaluationError
from astsvm.evaluation import RunFolder
from astsvm.evaluation.ablation import run_ablation
from astsvm.evaluation.comparison import compare_tables, holm_adjusted
from astsvm.evaluation.predictions import HEADS, PredictionTable
from astsvm.evaluation.verification import verify_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clips(tmp_path_factory, clip_writer):
    return clip_writer(
        tmp_path_factory.mktemp("clips"),
        "clips",
        subjects=[("smic", "s1"), ("smic", "s2"), ("samm", "s1")],
        synthetic=True,
    )


@pytest.fixture(scope="module")
def settings():
    from astsvm.config import NetworkSettings, Settings, TrainingSettings

    # Two rows of Table 10 share one network but for its attention, which is the smallest there is.
    return Settings(
        preset="tiny",
        network=NetworkSettings(attention="none", modules=("2d",), filters=(2, 2)),
        training=TrainingSettings(epochs=1, batch_size=4, learning_rate=0.01),
    )


@pytest.fixture(scope="module")
def finished(clips, settings, tmp_path_factory):
    """Compute Tables 8, 9 and 12 of clips that hold flow only, with Bi-WOOF as the only feature."""
    folder = tmp_path_factory.mktemp("ablation") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("astsvm.evaluation.ablation_plan.NO_FEATURES", _all_but("bi_woof"))
        results = run_ablation(clips, settings, folder, tables=(8, 9, 12))
    return folder, results


def _all_but(name):
    from astsvm.baselines import all_baselines

    return tuple(known for known in all_baselines() if known != name)


def rows_of(results, number):
    (table,) = (table for table in results["tables"] if table["number"] == number)
    return {row["variant"]: row for row in table["rows"]}


def test_every_run_is_made_once_and_is_an_ordinary_one(finished, settings):
    folder, results = finished
    assert sorted(path.name for path in (folder / "runs").iterdir()) == [
        "features-bi_woof",
        "flow-only",
    ]
    run = RunFolder(folder / "runs" / "flow-only")
    assert run.config()["method"] == "AST+SVMNet"
    assert run.config()["settings"]["network"]["streams"] == ["flow"]
    found = verify_run(run)
    assert rows_of(results, 9)["flow-only"]["heads"] == {head: found[head] for head in HEADS}
    assert rows_of(results, 12)["flow-only"]["run"] == "runs/flow-only"
    assert results == json.loads((folder / "ablation.json").read_text())
    assert results["synthetic"] is True


def test_features_get_the_machine_of_the_method(finished, settings):
    config = RunFolder(finished[0] / "runs" / "features-bi_woof").config()
    training = config["settings"]["training"]
    assert config["method"] == "Bi-WOOF"
    assert (training["svm_kernel"], training["svm_multiclass"]) == ("rbf", "one_vs_rest")
    assert (training["svm_standardise"], training["class_weight"]) == (True, "none")
    assert training["epochs"] == 50


def test_rows_that_the_clips_do_not_allow_are_listed_with_the_reason(finished):
    row = rows_of(finished[1], 9)["idsf-only"]
    assert row["not_possible"] == "the stream idsf is not stored"
    assert (row["run"], row["heads"], row["against_reference"]) == (None, None, None)
    assert row["published"]["svm"]["figures"]["full"] == [0.787, 0.804]


def test_differences_are_those_of_the_paired_test_after_holm(finished):
    folder, results = finished
    one, other = (
        RunFolder(folder / "runs" / name).predictions()
        for name in ("features-bi_woof", "flow-only")
    )
    told = rows_of(results, 8)["features-bi_woof"]["against_reference"]
    for head in HEADS:
        (expected,) = holm_adjusted([compare_tables(one, other, head)[0]])
        for key, difference in expected.items():
            assert told[head][key]["difference"] == difference.first - difference.second
            assert told[head][key]["p_value"] == difference.p_value
            assert told[head][key]["ci95"] == list(difference.interval)
    assert rows_of(results, 12)["flow-only"]["against_reference"] is None


def test_the_heads_of_one_run_are_compared_in_table_12(finished):
    _, results = finished
    (table,) = (table for table in results["tables"] if table["number"] == 12)
    figures = rows_of(results, 12)["flow-only"]["heads"]
    for key in ("uf1", "uar", "accuracy"):
        expected = figures["svm"]["full"][key] - figures["softmax"]["full"][key]
        assert table["svm_against_softmax"][key]["difference"] == pytest.approx(expected)


def test_a_resumed_ablation_computes_only_what_is_missing(finished, clips, settings):
    folder, results = finished
    fold = folder / "runs" / "flow-only" / "folds" / "1" / "smic_s2.npz"
    kept = fold.with_name("smic_s1.npz")
    before = kept.stat().st_mtime_ns
    fold.unlink()
    names = []

    def watching(name):
        from contextlib import nullcontext

        names.append(name)
        return nullcontext()

    with pytest.raises(EvaluationError, match="not empty"):
        run_ablation(clips, settings, folder, tables=(9, 12))
    again = run_ablation(clips, settings, folder, tables=(9, 12), resume=True, watching=watching)
    assert names == ["1 of 1, Optical flow only"]
    assert rows_of(again, 9) == rows_of(results, 9)
    assert fold.exists()
    assert kept.stat().st_mtime_ns == before


def test_a_feature_that_a_clip_is_unfit_for_is_listed_and_the_others_go_on(
    finished, clips, settings, monkeypatch
):
    from astsvm.baselines.inputs import UnfitClipError
    from astsvm.evaluation import ablation

    def unfit(*_, **__):
        raise UnfitClipError("clip smic/s1/c0 has too few frames")

    monkeypatch.setattr(ablation, "run_baseline", unfit)
    monkeypatch.setattr("astsvm.evaluation.ablation_plan.NO_FEATURES", _all_but("bi_woof"))
    results = run_ablation(clips, settings, finished[0], tables=(8,), resume=True)
    rows = rows_of(results, 8)
    assert rows["features-bi_woof"]["not_possible"] == "clip smic/s1/c0 has too few frames"
    assert rows["features-bi_woof"]["heads"] is None
    assert rows["flow-only"]["complete"] is True


def test_other_settings_are_not_mixed_into_it(finished, clips, settings):
    other = settings.replace(training=settings.training.replace(epochs=2))
    with pytest.raises(EvaluationError, match=r"begun otherwise.*epochs"):
        run_ablation(clips, other, finished[0], tables=(12,), resume=True)


def test_an_incomplete_run_is_not_compared(finished, clips, settings, tmp_path, monkeypatch):
    from astsvm.evaluation import ablation

    folder, _ = finished
    metrics = {
        name: RunFolder(folder / "runs" / name).metrics()
        for name in ("flow-only", "features-bi_woof")
    }
    folders = {name: RunFolder(folder / "runs" / name) for name in metrics}
    lost = {**metrics, "features-bi_woof": {**metrics["features-bi_woof"], "complete": False}}
    assert ablation._against_reference(folders, lost, "flow-only") == {}
    lost = {**metrics, "flow-only": {**metrics["flow-only"], "complete": False}}
    assert ablation._against_reference(folders, lost, "flow-only") == {}


def test_heads_that_agree_do_not_differ(make_table):
    from astsvm.evaluation.ablation import _between_heads

    table = make_table(seeds=2)
    alike = PredictionTable(
        [replace(row, predicted=dict.fromkeys(HEADS, row.predicted["svm"])) for row in table.rows],
        table.class_names,
    )
    found = _between_heads(alike)
    assert {one["difference"] for one in found.values()} == {0}
    assert not any(one["distinguishable"] for one in found.values())
