"""Calibration against closed forms and against scikit-learn's own multinomial fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.errors import InvalidInputError
from astsvm.recognizer.calibration import OutOfFoldScores, calibrate, calibrated
from astsvm.recognizer.manifest import CalibrationRecord


def found(scores, truth, seeds=1):
    return OutOfFoldScores(np.asarray(scores, float), np.asarray(truth), seeds, "0" * 64)


def drawn(scale, bias, count=40_000, seed=0):
    """Draw scores, and classes from the very model that is to be found."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(0, 1, (count, len(bias)))
    values = scale * scores + np.asarray(bias)
    odds = np.exp(values - values.max(1, keepdims=True))
    odds /= odds.sum(1, keepdims=True)
    truth = (generator.random((count, 1)) > odds.cumsum(1)).sum(1)
    return scores, truth, odds


@pytest.mark.parametrize(
    ("scale", "bias"), [(2.0, (0.5, 0.0, -0.5)), (0.3, (0.0, 0.0)), (5.0, (1.0, -2.0, 0.5, 0.5))]
)
def test_the_model_that_drew_the_classes_is_found(scale, bias):
    scores, truth, odds = drawn(scale, bias)
    record = calibrate(found(scores, truth))
    assert record.scale == pytest.approx(scale, rel=0.05)
    np.testing.assert_allclose(record.bias, bias, atol=0.06)
    assert sum(record.bias) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(calibrated(scores, record), odds, atol=0.03)
    assert record.log_loss < record.base_rate_log_loss


def test_the_unit_of_the_scores_does_not_matter():
    scores, truth, _ = drawn(2.0, (0.5, 0.0, -0.5), count=500)
    one, other = calibrate(found(scores, truth)), calibrate(found(1e4 * scores, truth))
    assert other.scale == pytest.approx(one.scale / 1e4, rel=1e-5)
    np.testing.assert_allclose(other.bias, one.bias, atol=1e-5)


def test_two_classes_agree_with_a_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    scores, truth, _ = drawn(1.5, (0.3, -0.3), count=5000)
    record = calibrate(found(scores, truth))
    difference = (scores[:, 1] - scores[:, 0])[:, None]
    fitted = LogisticRegression(C=1e6).fit(difference, truth)
    np.testing.assert_allclose(
        calibrated(scores, record), fitted.predict_proba(difference), atol=2e-3
    )


def test_it_is_the_best_of_its_neighbours():
    scores, truth, _ = drawn(2.0, (0.5, 0.0, -0.5), count=300)
    record = calibrate(found(scores, truth))
    counts = np.bincount(truth)[truth][:, None]
    targets = np.full((300, 3), 1 / (counts + 3))
    targets[np.arange(300), truth] = ((counts + 1) / (counts + 3))[:, 0]

    def loss(scale, bias):
        values = scale * scores + bias
        logarithms = values - np.log(np.exp(values).sum(1, keepdims=True))
        return -(targets * logarithms).sum() / 300

    best = loss(record.scale, np.array(record.bias))
    generator = np.random.default_rng(1)
    for _ in range(200):
        step = generator.normal(0, 0.05, 4)
        assert loss(record.scale + step[0], np.array(record.bias) + step[1:]) >= best - 1e-9


def test_separable_scores_give_finite_and_unsure_probabilities():
    truth = np.arange(30) % 3
    record = calibrate(found(np.eye(3)[truth] * 2 - 1, truth))
    sure = calibrated(np.eye(3)[truth] * 2 - 1, record)
    # Ten clips a class: as sure as (n + 1) / (n + K), and no more.
    np.testing.assert_allclose(sure[np.arange(30), truth], 11 / 13, atol=1e-4)


def test_scores_that_point_the_wrong_way_tell_the_frequencies():
    truth = np.repeat([0, 1, 2], [30, 20, 10])
    record = calibrate(found(-np.eye(3)[truth], truth))
    assert record.scale == 0
    # Each clip gives 1 / (n + 3) to either other class, and its own class the rest.
    given = [(n, 1 / (n + 3)) for n in (30, 20, 10)]
    mean = [
        (n * (1 - 2 * share) + sum(m * other for m, other in given) - n * share) / 60
        for n, share in given
    ]
    assert sum(mean) == pytest.approx(1)
    np.testing.assert_allclose(calibrated([[5.0, -5.0, 0.0]], record), [mean], atol=1e-5)


def test_scores_that_differ_by_rounding_only_tell_the_frequencies():
    scores = 0.3 + 1e-16 * np.random.default_rng(0).normal(size=(12, 3))
    record = calibrate(found(scores, np.arange(12) % 3))
    assert record.scale <= 1
    np.testing.assert_allclose(calibrated(scores, record), 1 / 3, atol=1e-6)


def test_clips_of_several_seeds_are_counted_once():
    scores, truth, _ = drawn(1.0, (0.0, 0.0, 0.0), count=50)
    record = calibrate(found(np.tile(scores, (3, 1)), np.tile(truth, 3), seeds=3))
    assert (record.clips, record.seeds) == (50, 3)


def test_the_same_scores_under_more_seeds_are_no_surer():
    truth = np.arange(12) % 3
    scores = np.eye(3)[truth] * 2 - 1
    once = calibrate(found(scores, truth))
    often = calibrate(found(np.tile(scores, (5, 1)), np.tile(truth, 5), seeds=5))
    # Four clips a class, however often each was trained for: (4 + 1) / (4 + 3).
    sure = calibrated(scores, often)[np.arange(12), truth]
    np.testing.assert_allclose(sure, 5 / 7, atol=1e-4)
    assert often.scale == pytest.approx(once.scale, rel=1e-4)


@pytest.mark.parametrize("seeds", [0, 2])
def test_rows_that_are_not_each_clip_under_each_seed_are_refused(seeds):
    with pytest.raises(InvalidInputError, match=f"a row for each of {seeds} seeds"):
        calibrate(found(np.zeros((9, 3)), np.arange(9) % 3, seeds=seeds))


@settings(deadline=None)
@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), min_size=1, max_size=5),
    st.floats(0, 1e3),
)
def test_probabilities_are_probabilities_and_keep_the_order_without_bias(scores, scale):
    record = CalibrationRecord(
        scale=scale,
        bias=(0.0, 0.0, 0.0),
        clips=9,
        seeds=1,
        log_loss=1.0,
        base_rate_log_loss=1.0,
        predictions_sha256="0" * 64,
    )
    values = calibrated(scores, record)
    assert np.isfinite(values).all()
    np.testing.assert_allclose(values.sum(1), 1, atol=1e-12)
    for row, found_row in zip(scores, values, strict=True):
        assert found_row[int(np.argmax(row))] == found_row.max()


@pytest.mark.parametrize(
    ("scores", "truth", "says"),
    [
        (np.zeros((4, 3)), [0, 1, 2], "shape"),
        (np.zeros(4), [0, 1, 2, 0], "shape"),
        (np.full((4, 3), np.nan), [0, 1, 2, 0], "finite"),
        (np.zeros((4, 3)), [0, 1, 1, 0], "every class needs a clip"),
        (np.zeros((4, 2)), [0, 1, 2, 0], "every class needs a clip"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(scores, truth, says):
    with pytest.raises(InvalidInputError, match=says):
        calibrate(found(scores, truth))


def test_scores_of_other_classes_are_refused():
    scores, truth, _ = drawn(1.0, (0.0, 0.0, 0.0), count=50)
    with pytest.raises(InvalidInputError, match=r"\(clips, 3\)"):
        calibrated(np.zeros((1, 4)), calibrate(found(scores, truth)))
