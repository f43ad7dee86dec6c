"""The table of a result keeps its columns apart, with the widest numbers and names there are."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner

from astsvm.cli.result_table import print_result
from astsvm.evaluation.predictions import HEADS, Prediction, PredictionTable
from astsvm.evaluation.summary import summarise


def metrics_of(seeds: int, *databases: str) -> dict:
    """Make figures of predictions that are right in three out of four cases."""
    rows = [
        Prediction(seed, database, f"s{n % 5}", f"c{n}", n % 3, dict.fromkeys(HEADS, guess), {})
        for seed in range(1, seeds + 1)
        for database in databases
        for n in range(30)
        for guess in [(n + ((n + seed) % 4 == 0)) % 3]
    ]
    table = PredictionTable(rows, ("negative", "positive", "surprise"))
    return summarise(table) | {"protocol": "as-labelled", "synthetic": False}


def printed(metrics: dict, *, as_json: bool = False) -> str:
    @click.command()
    @click.pass_context
    def command(ctx: click.Context) -> None:
        print_result(ctx, metrics, as_json=as_json)

    return CliRunner().invoke(command).stdout


@pytest.mark.parametrize("seeds", [1, 5])
def test_columns_begin_where_their_headings_begin(seeds):
    lines = printed(metrics_of(seeds, "smic", "a database with quite a long name")).splitlines()
    headings = [line for line in lines if line.endswith("accuracy")]
    assert len(headings) == 3
    for number, heading in enumerate(headings):
        columns = [heading.index(label) for label in ("UF1", "UAR", "accuracy")]
        start = lines.index(heading)
        for row in [lines[start], *lines[start + 1 : start + 5]]:
            assert all(row[column - 1] == " " != row[column] for column in columns), (number, row)


def test_one_database_alone_and_several_together_never_share_a_name():
    alone, together = printed(metrics_of(1, "smic")), printed(metrics_of(1, "smic", "samm"))
    assert "SDE: single-database" in alone
    assert "smic, 30 clips" not in alone
    assert "CDE: composite" in together
    assert "smic, 30 clips" in together
    assert "SDE" not in together


def test_marks_come_first_and_the_leak_meter_is_never_called_a_result():
    metrics = metrics_of(1, "smic", "samm")
    figures = {"uf1": 0.9, "uar": 0.9, "accuracy": 0.9}
    metrics["marks"] = ["NULL RUN: so."]
    parts = dict.fromkeys(metrics["svm"], figures)
    metrics["leak_meter"] = {"svm": parts, "softmax": parts}
    lines = printed(metrics).splitlines()
    assert lines[0] == "NULL RUN: so."
    told = [line for line in lines if "0.900" in line]
    assert len(told) == 6
    assert all(line.strip().startswith("LEAK METER") for line in told)


def test_json_is_the_metrics():
    metrics = metrics_of(2, "smic")
    assert json.loads(printed(metrics, as_json=True)) == metrics


@pytest.mark.parametrize(("subjects", "warned"), [(1, False), (5, True), (10, False)])
def test_intervals_over_few_people_are_called_too_narrow(subjects, warned):
    metrics = metrics_of(1, "smic")
    metrics["svm"]["full"]["n_subjects"] = subjects
    assert ("they are too narrow (here are 5)" in printed(metrics)) == warned


def test_each_database_of_few_people_is_named():
    metrics = metrics_of(1, "smic", "samm")
    metrics["svm"]["smic"]["n_subjects"] = 20
    assert "too narrow (samm has 5)" in printed(metrics)
