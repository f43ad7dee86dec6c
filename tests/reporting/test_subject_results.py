"""Every held-out subject is listed with its clips, right answers, and what is missing."""

from __future__ import annotations

import re

import pytest

from astsvm.evaluation.predictions import Prediction, PredictionTable
from astsvm.reporting.subject_picture import subject_picture
from astsvm.reporting.subject_results import subject_results


def row(seed: int, subject: str, clip: str, svm: int, softmax: int) -> Prediction:
    return Prediction(
        seed,
        "smic",
        subject,
        clip,
        1,
        {"svm": svm, "softmax": softmax},
        {"svm": (0.0, 0.0), "softmax": (0.5, 0.5)},
    )


@pytest.fixture
def results():
    rows = [
        row(1, "s2", "a", 1, 0),
        row(1, "s2", "b", 1, 1),
        row(2, "s2", "a", 0, 0),
        row(2, "s2", "b", 1, 0),
        row(1, "s10", "c", 0, 0),
    ]
    table = PredictionTable(rows, ["x", "y"])
    return subject_results(table, {"smic/s10": 1, "smic/s3": 4, "smic/s2": 2, "casme2/s9": 1})


def test_subjects_come_by_database_and_in_natural_order(results):
    assert [(r.database, r.subject) for r in results] == [
        ("casme2", "s9"),
        ("smic", "s2"),
        ("smic", "s3"),
        ("smic", "s10"),
    ]


def test_right_answers_are_means_over_the_seeds_that_are_there(results):
    _, s2, s3, s10 = results
    assert s2.right == {"svm": 1.5, "softmax": 0.5}
    assert (s2.clips, s2.seeds) == (2, 2)
    assert s10.right == {"svm": 0.0, "softmax": 0.0}
    assert s10.seeds == 1
    assert (s3.right, s3.seeds, s3.clips) == ({}, 0, 4)


def bars_of(svg: str, colour: str) -> list[float]:
    """Widths of the bars of a colour, legend included, in units of the picture."""
    found = re.findall(rf'd="([^"]+)"[^>]*style="fill: {colour}', svg)
    xs = [[float(x) for x in re.findall(r"[ML] ([-\d.]+) ", path)] for path in found]
    return [max(row) - min(row) for row in xs]


def test_bars_are_as_long_as_the_answers(results):
    # Without axes in common, the ratio of right to wrong is what can be measured.
    picture = subject_picture(results[1:2], "SDE, smic", "n")
    right, wrong = (bars_of(picture.svg, colour)[:2] for colour in ("#1f5fa8", "#f0b27a"))
    assert right[0] / wrong[0] == pytest.approx(3)
    assert right[1] / wrong[1] == pytest.approx(1 / 3)


def test_a_subject_without_result_is_neither_right_nor_wrong(results):
    assert "no result" in subject_picture(results, "t", "n").svg
    assert "no result" not in subject_picture(results[1:2], "t", "n").svg


def test_sixty_eight_subjects_get_a_row_each():
    table = PredictionTable([row(1, "s0", "c", 1, 1)], ["x", "y"])
    many = subject_results(table, {f"smic/s{i}": 3 for i in range(68)})
    picture = subject_picture(many, "t", "n")
    assert all(f">s{i}<" in picture.svg for i in range(68))
    height = float(re.search(r'height="(\d+)"', picture.svg)[1])
    assert height / 68 > 14
