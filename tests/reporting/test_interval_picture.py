"""A figure stands where its value is, between the ends of its interval."""

from __future__ import annotations

import re

import pytest

from astsvm.reporting.interval_picture import interval_picture


def metrics_of(value: float, interval: list[float] | None) -> dict:
    figures = {"uf1": value, "uf1_ci95": interval}
    floors = {"majority": {"uf1": 0.0}, "permuted": {"uf1": 1.0}}
    return {"svm": {"full": figures}, "softmax": {"full": figures}, "floors": {"full": floors}}


def lines_of(svg: str, colour: str) -> list[tuple[float, float]]:
    """Ends of the lines of a colour, along x, those of the legend left out."""
    found = re.findall(rf'd="M ([\d.]+) [\d.]+ +L ([\d.]+) [^"]*" [^>]*clip-path[^>]*{colour}', svg)
    return [(float(a), float(b)) for a, b in found]


def test_intervals_lie_between_the_floors_in_proportion():
    picture = interval_picture(metrics_of(0.6, [0.5, 0.75]), {"full": "SDE, smic"}, "uf1", "UF1")
    (low_floor, _), (high_floor, _) = lines_of(picture.svg, "#5a6675")[:2]
    ((low, high),) = lines_of(picture.svg, "#1f5fa8")[:1]
    width = high_floor - low_floor
    assert (low - low_floor) / width == pytest.approx(0.5, abs=1e-3)
    assert (high - low_floor) / width == pytest.approx(0.75, abs=1e-3)


def test_one_subject_has_a_figure_and_no_interval():
    picture = interval_picture(metrics_of(0.6, None), {"full": "SDE, smic"}, "uf1", "UF1")
    assert lines_of(picture.svg, "#1f5fa8") == []


def test_parts_are_named_in_full_up_to_a_length():
    metrics = metrics_of(0.6, [0.5, 0.7])
    picture = interval_picture(metrics, {"full": "CDE part $x$ <b>" + "y" * 99}, "uf1", "UF1")
    assert "CDE part $x$ &lt;b&gt;" in picture.svg
    assert "y" * 20 not in picture.svg
