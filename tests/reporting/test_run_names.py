"""Figures of different experiments have different names, and names are shown without tricks."""

from __future__ import annotations

import pytest

from astsvm.reporting.run_names import (
    evaluation_of,
    figure_text,
    part_names,
    picture_notices,
    shown,
)


def metrics_of(*databases: str, **more) -> dict:
    return {"svm": dict.fromkeys(("full", *databases)), **more}


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (metrics_of("smic"), "SDE"),
        (metrics_of("smic", "samm"), "CDE"),
        (metrics_of("smic", evaluation="CDE"), "CDE"),
    ],
)
def test_the_evaluation_is_what_the_run_says_or_what_its_databases_are(metrics, expected):
    assert evaluation_of(metrics) == expected


def test_no_name_stands_for_two_experiments():
    single = part_names(metrics_of("smic"))
    composite = part_names(metrics_of("smic", "samm"))
    assert single == {"full": "SDE, smic"}
    assert composite == {
        "full": "CDE, all clips",
        "smic": "CDE part smic",
        "samm": "CDE part samm",
    }
    assert not set(single.values()) & set(composite.values())


def test_pictures_carry_every_mark():
    metrics = {"synthetic": True, "complete": False}
    config = {"marks": ["LEAK METER: the epoch was chosen on the held-out subject", "x" * 200]}
    notices = picture_notices(config, metrics)
    assert notices[0] == "LEAK METER"
    assert len(notices[1]) == 60
    assert notices[2:] == ("SYNTHETIC CLIPS", "INCOMPLETE RUN")
    assert picture_notices({}, {"synthetic": False, "complete": True}) == ()


def test_figures_are_written_as_the_field_does():
    assert [figure_text(value) for value in (0, 0.5, 1, 0.7186)] == [
        ".000",
        ".500",
        "1.000",
        ".719",
    ]


@pytest.mark.parametrize("trick", ["\u202e", "\u2066", "\n", "\x00", "\ud800", "\u2028", "\uffff"])
def test_invisible_characters_are_shown_as_such(trick):
    assert shown(f"a{trick}b") == "a\ufffdb"


def test_other_scripts_stay_and_long_names_are_cut():
    assert shown("表情 سعيد") == "表情 سعيد"
    assert shown("x" * 18) == "x" * 18
    assert shown("x" * 19) == "x" * 17 + "…"
