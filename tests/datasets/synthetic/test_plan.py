from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.datasets.synthetic.action_units import CLASSES
from astsvm.datasets.synthetic.difficulty import DIFFICULTIES
from astsvm.datasets.synthetic.plan import CorpusPlan, plan_labels


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


def test_layouts_draw_different_subjects():
    plan = CorpusPlan(2, 3, DIFFICULTIES["easy"], 5, (320, 240), 50.0)
    other = replace(plan, first_subject=2000)
    assert plan.script(1, 1, "negative").amplitude != other.script(1, 1, "negative").amplitude
