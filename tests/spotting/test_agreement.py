import pytest
from hypothesis import given
from hypothesis import strategies as st

from astsvm.errors import InvalidInputError
from astsvm.spotting.agreement import SpottingCounts, count_agreement, intersection_over_union

intervals = st.tuples(st.integers(0, 60), st.integers(0, 40)).map(lambda p: (p[0], p[0] + p[1]))


@given(one=intervals, other=intervals)
def test_intersection_over_union_counts_frames(one, other):
    a, b = set(range(one[0], one[1] + 1)), set(range(other[0], other[1] + 1))
    assert intersection_over_union(one, other) == len(a & b) / len(a | b)


@pytest.mark.parametrize(
    ("found", "right"),
    [
        ([(10, 19)], 1),
        ([(15, 24)], 0),  # 5 of 15 frames
        ([(10, 14)], 1),  # just half
        ([(10, 13)], 0),
        ([(10, 19), (10, 18)], 1),  # a true one is found once
        ([(40, 49), (10, 19)], 2),
        ([], 0),
    ],
)
def test_an_interval_is_right_from_half_of_the_union_on(found, right):
    counts = count_agreement(found, [(10, 19), (40, 49)])
    assert counts == (right, len(found), 2)


def test_the_best_match_is_claimed_not_the_first():
    assert count_agreement([(12, 21), (8, 17)], [(10, 19), (12, 21)]).right == 2


def test_figures_by_hand():
    counts = SpottingCounts(3, 4, 6)
    assert (counts.precision, counts.recall, counts.f1) == (0.75, 0.5, 0.6)
    nothing = SpottingCounts(0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (0, 0, 0)


def test_an_interval_that_ends_before_it_begins_is_refused():
    with pytest.raises(InvalidInputError, match="expected first <= last"):
        intersection_over_union((5, 4), (1, 2))
