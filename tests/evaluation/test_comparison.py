"""Two runs are compared subject by subject, and chance is called chance."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from astsvm.errors import EvaluationError
from astsvm.evaluation.comparison import Difference, compare_tables, holm_adjusted
from astsvm.evaluation.metrics import score
from astsvm.evaluation.predictions import HEADS, Prediction, PredictionTable

CLASSES = ("negative", "positive", "surprise")


def table(subjects=6, clips=6, chance=0.6, draw=0, seeds=1, worse_by=0.0, names=CLASSES):
    generator = np.random.default_rng(draw)
    rows = []
    for seed, person, clip in product(range(1, seeds + 1), range(subjects), range(clips)):
        truth = (person + clip) % 3
        right = generator.random() < chance - worse_by
        guess = truth if right else (truth + 1 + int(generator.random() < 0.5)) % 3
        rows.append(
            Prediction(seed, "db", f"s{person}", f"c{clip}", truth, dict.fromkeys(HEADS, guess), {})
        )
    return PredictionTable(rows, names)


def uf1_of(rows):
    return score([r.truth for r in rows], [r.predicted["svm"] for r in rows]).uf1


def test_a_run_does_not_differ_from_itself():
    same = table()
    differences, mcnemar = compare_tables(same, same, "svm")
    for difference in differences.values():
        assert difference.first == difference.second
        assert difference.interval == (0.0, 0.0)
        assert difference.p_value == 1.0
        assert not difference.is_distinguishable
    assert mcnemar == ((1, 0, 0, 1.0),)


def test_the_p_value_is_the_share_of_all_swaps():
    first, second = table(draw=1), table(draw=2)
    differences, _ = compare_tables(first, second, "svm")
    people = sorted({row.subject for row in first.rows})
    seen = uf1_of(first.rows) - uf1_of(second.rows)
    values = []
    for swap in product((False, True), repeat=len(people)):
        swapped = dict(zip(people, swap, strict=True))
        one = [b if swapped[a.subject] else a for a, b in zip(first.rows, second.rows, strict=True)]
        other = [
            a if swapped[a.subject] else b for a, b in zip(first.rows, second.rows, strict=True)
        ]
        values.append(uf1_of(one) - uf1_of(other))
    values = np.array(values)
    tail = min((values <= seen + 1e-9).mean(), (values >= seen - 1e-9).mean())
    assert differences["uf1"].first - differences["uf1"].second == pytest.approx(seen)
    assert differences["uf1"].p_value == pytest.approx(min(1, 2 * tail))


def test_a_great_difference_is_found_and_its_interval_leaves_zero_out():
    differences, mcnemar = compare_tables(
        table(subjects=16, chance=0.95), table(subjects=16, chance=0.4, draw=1), "softmax"
    )
    for difference in differences.values():
        assert difference.p_value < 0.001
        assert difference.interval[0] > 0
        assert difference.is_distinguishable
    assert mcnemar[0].only_first > mcnemar[0].only_second
    assert mcnemar[0].p_value < 0.001


def test_chance_alone_is_called_so_as_often_as_promised():
    found = [
        compare_tables(
            table(subjects=10, draw=2 * i), table(subjects=10, draw=2 * i + 1), "svm",
            permutations=499, resamples=2,
        )[0]["uf1"].is_distinguishable
        for i in range(100)
    ]  # fmt: skip
    # 5 of 100 are expected; more than 12 come by chance once in 600 times.
    assert sum(found) <= 12


def test_figures_are_means_over_the_seeds_that_both_have():
    first, second = table(seeds=3), table(seeds=2, draw=1)
    differences, mcnemar = compare_tables(first, second, "svm")
    expected = np.mean([uf1_of([r for r in first.rows if r.seed == seed]) for seed in (1, 2)])
    assert differences["uf1"].first == pytest.approx(expected)
    assert [test.seed for test in mcnemar] == [1, 2]


def test_the_order_of_the_runs_only_turns_the_sign():
    first, second = table(draw=1), table(draw=2)
    one, _ = compare_tables(first, second, "svm")
    other, _ = compare_tables(second, first, "svm")
    for name in one:
        assert one[name].p_value == other[name].p_value
        assert one[name].interval == pytest.approx([-x for x in other[name].interval[::-1]])


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (table(subjects=5), "did not predict the same clips .* 6 are in one"),
        (table(names=("a", "b", "c")), "other classes"),
    ],
)
def test_runs_on_other_data_are_not_compared(other, says):
    with pytest.raises(EvaluationError, match=says):
        compare_tables(table(), other, "svm")


def test_another_truth_and_no_common_seed_are_refused():
    rows = [row for row in table(seeds=2).rows if row.seed == 2]
    with pytest.raises(EvaluationError, match="no seed in common"):
        compare_tables(table(), PredictionTable(rows, CLASSES), "svm")
    turned = [
        Prediction(r.seed, r.database, r.subject, r.clip, (r.truth + 1) % 3, r.predicted, {})
        for r in table().rows
    ]
    with pytest.raises(EvaluationError, match="disagree on the true class of 36 clips"):
        compare_tables(table(), PredictionTable(turned, CLASSES), "svm")


def test_several_comparisons_are_adjusted_as_by_hand():
    def of(p_value):
        return dict.fromkeys(("uf1", "uar", "accuracy"), Difference(0.7, 0.6, None, p_value, 0.001))

    adjusted = holm_adjusted([of(0.03), of(0.01), of(0.02), of(0.9)])
    assert [c["uf1"].p_value for c in adjusted] == pytest.approx([0.06, 0.04, 0.06, 0.9])
    assert holm_adjusted([of(0.03)])[0]["uar"].p_value == 0.03


def without(whole, *folds):
    rows = [row for row in whole.rows if (row.seed, row.subject) not in folds]
    return PredictionTable(rows, CLASSES)


def test_a_subject_is_swapped_whole_where_seeds_lack_different_ones():
    lost = ((1, "s0"), (2, "s7"))
    first, second = (
        without(table(subjects=8, seeds=2, draw=draw, chance=chance), *lost)
        for draw, chance in ((3, 0.8), (4, 0.5))
    )
    differences, _ = compare_tables(first, second, "svm")
    people = sorted({row.subject for row in first.rows})

    def accuracy(rows):
        of_seeds = [[r.predicted["svm"] == r.truth for r in rows if r.seed == s] for s in (1, 2)]
        return np.mean([np.mean(right) for right in of_seeds])

    values = []
    for swap in product((False, True), repeat=len(people)):
        swapped = dict(zip(people, swap, strict=True))
        pairs = [
            (b, a) if swapped[a.subject] else (a, b)
            for a, b in zip(first.rows, second.rows, strict=True)
        ]
        values.append(accuracy([a for a, _ in pairs]) - accuracy([b for _, b in pairs]))
    seen, values = values[0], np.array(values)
    tail = min((values <= seen + 1e-9).mean(), (values >= seen - 1e-9).mean())
    assert differences["accuracy"].first - differences["accuracy"].second == pytest.approx(seen)
    assert differences["accuracy"].p_value == pytest.approx(min(1, 2 * tail))


def test_seeds_may_have_lost_other_numbers_of_subjects():
    first, second = (without(table(seeds=2, draw=draw), (2, "s3")) for draw in (1, 2))
    differences, _ = compare_tables(first, second, "svm")
    assert 0 < differences["uf1"].p_value <= 1


def test_one_subject_tells_nothing_about_others():
    differences, _ = compare_tables(table(subjects=1), table(subjects=1, draw=1), "svm")
    assert {(d.p_value, d.interval) for d in differences.values()} == {(1.0, None)}
