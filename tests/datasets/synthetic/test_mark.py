from __future__ import annotations

import json

import pytest

from astsvm.datasets.synthetic.difficulty import DIFFICULTIES
from astsvm.datasets.synthetic.layouts import find_layout
from astsvm.datasets.synthetic.layouts.arrangement import arrange
from astsvm.datasets.synthetic.mark import mark_of
from astsvm.datasets.synthetic.plan import CorpusPlan, plan_labels


@pytest.fixture
def plan():
    return CorpusPlan(2, 3, DIFFICULTIES["easy"], 5, (320, 240), 50.0)


def test_mark_says_what_it_is_and_what_was_planted(plan):
    mark = mark_of(plan, "folder", arrange(find_layout("folder"), plan))
    assert mark["synthetic"] is True
    assert mark["statement"].startswith("SYNTHETIC data")
    assert mark["settings"]["preset"] == "easy"
    assert mark["settings"]["difficulty"]["amplitude"] == 1.5
    assert (mark["seed"], mark["layout"], mark["faults"]) == (5, "folder", [])
    assert set(mark["planted"]) == {f"s0{s}_c0{c}" for s in (1, 2) for c in (1, 2, 3)}
    planted = mark["planted"]["s02_c02"]
    label = plan_labels(2, 3, 5)[1][1]
    assert (planted["label"], planted["emotion"]) == (label, label)
    script = plan.script(2, 2, label)
    times = (planted["onset"], planted["apex"], planted["offset"])
    assert times == (script.onset, script.apex, script.offset)
    assert planted["action_units"]


def test_mark_tells_the_database_s_own_names_and_numbers(plan):
    arrangement = arrange(find_layout("samm"), plan)
    mark = mark_of(plan, "samm", arrangement)
    entry = arrangement.entries[0]
    planted = mark["planted"][entry.key]
    assert entry.key.startswith("006/006_")
    assert planted["onset"] == entry.rows[0].onset
    assert planted["emotion"] == entry.rows[0].emotion.lower()
    assert json.loads(json.dumps(mark)) == mark
