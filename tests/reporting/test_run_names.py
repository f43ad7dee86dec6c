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


def run_of(*databases: str, scored: tuple[str, ...] = (), **more) -> tuple[dict, dict]:
    """Config and metrics; a database alone is no part, as summarise has it."""
    scored = scored or databases
    parts = ("full", *scored) if len(scored) > 1 else ("full",)
    return {"subjects": {f"{name}/s1": 3 for name in databases}}, {
        "svm": dict.fromkeys(parts)
    } | more


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (run_of("smic"), "SDE"),
        (run_of("smic", evaluation="SDE"), "SDE"),
        (run_of("smic", "samm", evaluation="CDE"), "CDE"),
        (run_of("smic", "samm"), "CDE"),
        (run_of("smic", "samm", scored=("smic",), evaluation="SDE"), "CDE"),
    ],
)
def test_what_networks_were_trained_on_decides_what_an_evaluation_is_called(run, expected):
    assert evaluation_of(*run) == expected


def test_no_name_stands_for_two_experiments():
    single, composite = part_names(*run_of("smic")), part_names(*run_of("smic", "samm"))
    assert single == {"full": "SDE, smic"}
    assert composite == {
        "full": "CDE, all clips",
        "smic": "CDE part smic",
        "samm": "CDE part samm",
    }
    assert not set(single.values()) & set(composite.values())


def test_pictures_carry_every_mark():
    marks = ["LEAK METER: the epoch was chosen on the held-out subject", "x" * 200]
    notices = picture_notices({"marks": marks, "synthetic": True}, {"complete": False})
    assert notices[0] == "LEAK METER"
    assert len(notices[1]) == 60
    assert notices[2:] == ("SYNTHETIC CLIPS", "INCOMPLETE RUN")
    assert picture_notices({"synthetic": False}, {"complete": True}) == ()


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
