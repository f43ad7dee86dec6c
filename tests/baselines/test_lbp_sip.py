"""LBP-SIP against LBP-TOP's codes, a loop over pixels, and what is known of it."""

import numpy as np
import pytest

from astsvm.baselines.lbp_sip import lbp_sip
from astsvm.baselines.lbp_top import lbp_top
from astsvm.errors import InvalidInputError


def naive_lbp_sip(frames, radii):
    rx, ry, rt = radii
    n, height, width = frames.shape
    space, time = np.zeros(16), np.zeros(4)
    for t in range(rt, n - rt):
        for y in range(ry, height - ry):
            for x in range(rx, width - rx):
                centre = frames[t, y, x]
                ring = [
                    frames[t, y, x + rx],
                    frames[t, y - ry, x],
                    frames[t, y, x - rx],
                    frames[t, y + ry, x],
                ]
                space[sum((g >= centre) * 2**p for p, g in enumerate(ring))] += 1
                ends = [frames[t + rt, y, x], frames[t - rt, y, x]]
                time[sum((g >= centre) * 2**p for p, g in enumerate(ends))] += 1
    return np.concatenate([space / space.sum(), time / time.sum()])


def test_it_counts_what_a_loop_over_pixels_counts(grey_levels):
    frames = grey_levels((7, 12, 9)) / 256
    np.testing.assert_allclose(
        lbp_sip(frames, (1, 3, 2), (1, 1)), naive_lbp_sip(frames, (1, 3, 2)), atol=1e-6
    )


def test_its_space_is_lbp_tops_first_plane(grey_levels):
    frames = grey_levels((11, 31, 40)) / 256
    sip = lbp_sip(frames).reshape(25, 20)
    top = lbp_top(frames).reshape(25, 3, 16)
    np.testing.assert_array_equal(sip[:, :16], top[:, 0])


def test_its_time_is_what_lbp_top_says_twice(grey_levels):
    """Bits 1 and 3 of the planes with time are the same two pixels."""
    frames = grey_levels((11, 31, 40)) / 256
    top = lbp_top(frames).reshape(25, 3, 2, 2, 2, 2)
    time = lbp_sip(frames).reshape(25, 20)[:, 16:].reshape(25, 2, 2)
    # Axes of a histogram of 16 run from bit 3 to bit 0.
    for plane in (1, 2):
        np.testing.assert_allclose(top[:, plane].sum(axis=(2, 4)), time, atol=1e-6)


def test_any_increasing_map_of_grey_levels_changes_nothing(grey_levels):
    levels = grey_levels((11, 30, 30))
    table = np.cumsum(np.random.default_rng(3).integers(1, 100, 256)) / 2**15
    np.testing.assert_array_equal(lbp_sip(table[levels]), lbp_sip(levels / 256))


def test_a_constant_video_fills_one_bin_of_space_and_one_of_time():
    histograms = lbp_sip(np.full((9, 30, 30), 0.1)).reshape(25, 20)
    np.testing.assert_array_equal(np.flatnonzero(histograms[0]), [15, 19])
    np.testing.assert_array_equal(histograms, np.broadcast_to(histograms[0], (25, 20)))


@pytest.mark.parametrize(
    ("frames", "settings", "message"),
    [
        (np.zeros((8, 30, 30)), {}, "expected at least 9 frame"),
        (np.full((9, 30, 30), np.inf), {}, "expected finite values"),
        (np.zeros((9, 30, 30)), {"radii": (1, True, 4)}, "radii: expected a whole number"),
        (np.zeros((9, 30, 30)), {"blocks": (5, 65)}, "blocks: expected two whole numbers"),
    ],
)
def test_unfit_input_is_refused(frames, settings, message):
    with pytest.raises(InvalidInputError, match=message):
        lbp_sip(frames, **settings)
