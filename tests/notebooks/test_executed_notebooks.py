"""Every notebook runs as it stands, and its figures are as its prose says."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def explores_a_database(shown) -> None:
    ((as_planned, planted),) = re.findall(r"(\d+) of (\d+) faults treated as planned", shown.text)
    assert as_planned == planted
    assert int(planted) > 10
    assert shown.number(r"(\d+) clips stored") > shown.number(
        r"(\d+) of \d+ held-out subjects lack"
    )


def preprocessing_agrees_with_the_truth(shown) -> None:
    jitter = shown.number(r"jitter of all landmarks \(rms\): ([\d.]+) px")
    assert jitter > shown.number(r"expression at the mouth corner, apex: ([\d.]+) px")
    assert shown.number(r"height of the eyes: +([\d.]+) of") == pytest.approx(0.30, abs=0.02)
    assert abs(shown.number(r"tilt of the eyes: +([-+\d.]+) degrees")) < 2
    wide, narrow = map(int, re.findall(r"stripes of \d+ px reach (\d+)% of", shown.text))
    assert narrow < wide
    assert 92 <= wide <= 102
    shares = re.findall(r"^\d+ +(0\.\d+) +(0\.\d+)$", shown.text, re.MULTILINE)
    assert len(shares) == 6
    for column in zip(*shares, strict=True):
        assert [float(share) for share in column] == sorted(map(float, column), reverse=True)
    methods = dict(re.findall(r"^\d +(tim|linear|nearest) +([\d.]+)$", shown.text, re.MULTILINE))
    assert float(methods["tim"]) < float(methods["linear"]) < float(methods["nearest"])
    error = shown.number(r"mean endpoint error within the outline: ([\d.]+) px")
    assert error < 0.5 * shown.number(r"mean length of the planted flow: +([\d.]+) px")
    steady = shown.number(r"expression, measured, median taken off: +([\d.]+) px")
    assert steady < shown.number(r"expression, measured: +([\d.]+) px")


def the_model_hangs_on_what_was_planted(shown) -> None:
    ((right, clips),) = re.findall(r"(\d+) of (\d+) recognised", shown.text)
    assert int(right) > int(clips) / 2
    ratios = dict(re.findall(r"^(\w+, \w+) +([\d.]+)$", shown.text, re.MULTILINE))
    assert float(ratios["motion, flow"]) > 1.2
    assert float(ratios["motion, flow"]) > float(ratios["attention, flow"])
    lost = re.findall(
        r"^(\w+) +(-?[\d.]+) +(-?[\d.]+) +(-?[\d.]+) +(-?[\d.]+)$", shown.text, re.MULTILINE
    )
    by_class = {label: [float(value) for value in values] for label, *values in lost}
    brows, eyes, nose, mouth = by_class["positive"]
    assert mouth > max(brows, eyes, nose)


def comparison_and_export_hold(shown) -> None:
    ways = re.findall(r"^(pooled|mean of folds), .*? ([\d.]+) +[\d.]+$", shown.text, re.MULTILINE)
    assert [way for way, _ in ways] == ["pooled", "mean of folds", "mean of folds"]
    pooled, absent_is_zero, absent_left_out = (float(value) for _, value in ways)
    assert pooled == absent_left_out == 1
    assert absent_is_zero < 0.9
    ((worth, claimed),) = re.findall(r"guessing: UF1 ([\d.]+); .* claims ([\d.]+)", shown.text)
    assert float(claimed) > float(worth) + 0.2
    assert shown.text.count("distinguishable") == 6
    ((equal, asked),) = re.findall(r"(\d+) of (\d+) labels equal", shown.text)
    assert equal == asked
    assert shown.number(r"largest difference of a score: ([\d.e-]+)") < 1e-4


CLAIMS: dict[str, tuple[int, Callable[..., None]]] = {
    "01_explore_a_database.ipynb": (4, explores_a_database),
    "02_preprocessing_with_known_truth.ipynb": (10, preprocessing_agrees_with_the_truth),
    "03_flow_idsf_attention.ipynb": (5, the_model_hangs_on_what_was_planted),
    "04_compare_runs_and_export.ipynb": (5, comparison_and_export_hold),
}
"""Name of a notebook -> how many pictures it draws, and what holds of its figures."""


@pytest.mark.slow
@pytest.mark.parametrize("name", CLAIMS)
def test_it_runs_and_its_figures_are_as_it_says(name, execute_notebook, tmp_path):
    shown = execute_notebook(name)
    pictures, claims = CLAIMS[name]
    assert shown.stderr == ""
    assert (shown.written_beside, shown.left_behind) == ([], [])
    assert "SYNTHETIC" in shown.text
    assert str(tmp_path) not in shown.text
    assert len(shown.pictures) == pictures
    for picture in shown.pictures:
        width, height = struct.unpack(">II", base64.b64decode(picture)[16:24])
        assert min(width, height) > 150
    claims(shown)


def test_every_notebook_is_executed():
    assert sorted(CLAIMS) == sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
