"""The figures of a run are those of its predictions, part by part."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from astsvm.errors import EvaluationError
from astsvm.evaluation.metrics import score
from astsvm.evaluation.predictions import HEADS, PredictionTable, labels_of
from astsvm.evaluation.summary import MissingFold, run_metrics, summarise


def test_figures_are_the_pooled_ones_of_each_part(make_table):
    table = make_table()
    metrics = summarise(table)
    for head in ("softmax", "svm"):
        assert set(metrics[head]) == {"full", "casme2", "smic"}
        for part, figures in metrics[head].items():
            rows = [row for row in table.rows if part in ("full", row.database)]
            expected = score(*labels_of(rows, head))
            assert figures["uf1"] == pytest.approx(expected.uf1)
            assert figures["uar"] == pytest.approx(expected.uar)
            assert figures["accuracy"] == pytest.approx(expected.accuracy)
            assert figures["confusion"] == expected.confusion.tolist()
            assert figures["uf1_ci95"][0] <= figures["uf1"] <= figures["uf1_ci95"][1]
            assert figures["uf1_sd_seeds"] is None
            assert figures["n_clips"] == len(rows)
    assert (metrics["n_clips"], metrics["n_subjects"]) == (42, 7)
    assert metrics["svm"]["smic"]["n_subjects"] == 3
    assert metrics["complete"] is True


def test_several_seeds_give_means_and_deviations(make_table):
    table = make_table(seeds=3)
    figures = summarise(table)["svm"]["full"]
    by_seed = [score(*labels_of([r for r in table.rows if r.seed == s], "svm")) for s in (1, 2, 3)]
    assert figures["uf1"] == pytest.approx(np.mean([scores.uf1 for scores in by_seed]))
    assert figures["uf1_sd_seeds"] == pytest.approx(np.std([s.uf1 for s in by_seed], ddof=1))
    mean = np.mean([scores.confusion for scores in by_seed], axis=0)
    assert figures["confusion"] == pytest.approx(mean)
    assert figures["n_clips"] == 42


def test_floors_stand_beside_every_part(make_table):
    floors = summarise(make_table())["floors"]
    assert set(floors) == {"full", "casme2", "smic"}
    for figures in floors.values():
        assert set(figures) == {"majority", "permuted"}
        assert 0 < figures["majority"]["uf1"] < 0.4
        assert figures["permuted"]["uf1"] == pytest.approx(1 / 3, abs=0.05)


def test_floors_do_not_depend_on_the_number_of_seeds(make_table):
    assert summarise(make_table(seeds=2))["floors"] == summarise(make_table())["floors"]


def test_missing_folds_are_listed_and_not_scored(make_table):
    table = make_table(chance=1)
    rest = PredictionTable([r for r in table.rows if r.subject_key != "smic/s0"], table.class_names)
    metrics = summarise(rest, [MissingFold(1, "smic/s0", 6, "out of memory")])
    assert metrics["complete"] is False
    assert metrics["missing"] == [
        {"seed": 1, "subject": "smic/s0", "clips": 6, "reason": "out of memory"}
    ]
    assert metrics["svm"]["full"]["uf1"] == 1
    assert metrics["n_clips"] == 36


def test_a_seed_without_any_fold_of_a_database_does_not_pull_its_mean_down(make_table):
    table = make_table(seeds=2, chance=1)
    rows = [row for row in table.rows if (row.seed, row.database) != (2, "smic")]
    assert summarise(PredictionTable(rows, table.class_names))["svm"]["smic"]["uf1"] == 1


def test_a_database_named_full_is_not_taken_for_the_whole(make_table):
    table = make_table()
    rows = [replace(r, database="full") if r.database == "smic" else r for r in table.rows]
    metrics = summarise(PredictionTable(rows, table.class_names))
    assert metrics["svm"]["full"]["n_clips"] == 42
    assert metrics["svm"]["database full"]["n_clips"] == 18


def test_a_composite_of_which_one_database_is_left_is_no_single_database_run(make_table):
    table = make_table()
    left = type(table)([row for row in table.rows if row.database == "smic"], table.class_names)
    gaps = [MissingFold(1, f"casme2/s{n}", 6, "lost") for n in range(4)]
    metrics = run_metrics({}, left, gaps, left)
    assert metrics["evaluation"] == "CDE"
    parts = [metrics[kind] for kind in ("svm", "softmax", "floors")]
    parts += [metrics["leak_meter"][head] for head in HEADS]
    assert all(set(part) == {"full", "smic"} for part in parts)
    alone = run_metrics({}, left, (), left)
    assert alone["evaluation"] == "SDE"
    assert set(alone["svm"]) == set(alone["leak_meter"]["svm"]) == {"full"}


def test_nothing_to_score_is_an_error_that_names_a_reason(make_table):
    empty = PredictionTable([], ("a", "b"))
    with pytest.raises(EvaluationError, match=r"no predictions.*out of memory"):
        summarise(empty, [MissingFold(1, "smic/s0", 6, "out of memory")])


def test_goes_through_json_unchanged(make_table):
    metrics = summarise(make_table(seeds=2))
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
