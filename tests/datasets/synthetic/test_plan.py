from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.datasets.synthetic.action_units import CLASSES
from astsvm.datasets.synthetic.difficulty import DIFFICULTIES
from astsvm.datasets.synthetic.plan import CorpusPlan, mark_of, plan_labels, sheet_of


@given(subjects=st.integers(1, 20), clips=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_classes_are_shared_out_as_promised(subjects, clips, seed):
    plan = plan_labels(subjects, clips, seed)
    assert [len(own) for own in plan] == [clips] * subjects
    counts = Counter(label for own in plan for label in own)
    total = subjects * clips
    for label, share in (("negative", 0.50), ("positive", 0.27), ("surprise", 0.23)):
        assert abs(counts[label] - share * total) <= 1
    if total >= 3:
        assert set(counts) == set(CLASSES)


def test_subjects_are_balanced_alike():
    for own in plan_labels(16, 8, 1):
        counts = Counter(own)
        assert counts["negative"] == 4
        assert counts["positive"] + counts["surprise"] == 4
        assert {1, 2, 3} >= {counts["positive"], counts["surprise"]}


def test_order_within_a_subject_follows_the_seed():
    assert plan_labels(4, 8, 1) == plan_labels(4, 8, 1)
    assert plan_labels(4, 8, 1) != plan_labels(4, 8, 2)
    assert len({tuple(own) for own in plan_labels(8, 8, 1)}) > 4


@pytest.fixture
def plan():
    return CorpusPlan(2, 3, DIFFICULTIES["easy"], 5, (320, 240), 50.0)


def test_sheet_lists_every_clip(plan):
    labels = plan_labels(2, 3, 5)
    lines = sheet_of(plan, labels).splitlines()
    assert lines[0] == "clip,subject,label,path,database,onset,apex,offset,fps"
    assert len(lines) == 7
    clip, subject, label, path, database, onset, apex, offset, fps = lines[5].split(",")
    assert (clip, subject, label) == ("s02_c02", "s02", labels[1][1])
    assert (path, database, fps) == ("frames/s02/s02_c02", "synthetic", "50")
    script = plan.script(2, 2, label)
    assert (int(onset), int(apex), int(offset)) == (script.onset, script.apex, script.offset)


def test_mark_says_what_it_is_and_what_was_planted(plan):
    labels = plan_labels(2, 3, 5)
    mark = mark_of(plan, labels)
    assert mark["synthetic"] is True
    assert mark["statement"].startswith("SYNTHETIC data")
    assert mark["settings"]["preset"] == "easy"
    assert mark["settings"]["difficulty"]["amplitude"] == 1.5
    assert mark["seed"] == 5
    assert set(mark["planted"]) == {f"s0{s}_c0{c}" for s in (1, 2) for c in (1, 2, 3)}
    planted = mark["planted"]["s02_c02"]
    assert planted["label"] == labels[1][1]
    assert planted["action_units"]
