"""LBP-TOP against a loop over pixels, scikit-image, and what is known of it."""

import math

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from astsvm.baselines.binary_codes import codes_of, ring, uniform_bins
from astsvm.baselines.lbp_top import PLANES, lbp_top
from astsvm.errors import InvalidInputError


def interpolated(frames, t, y, x):
    """Look a grey level up between pixels, along one axis after the other."""
    value = frames.astype(np.float64)
    for place in (t, y, x):
        low = math.floor(round(place, 6))
        share = round(place, 6) - low
        value = value[low] if share == 0 else (1 - share) * value[low] + share * value[low + 1]
    return value


def naive_lbp_top(frames, radii, points, blocks):
    """Count codes pixel by pixel, neighbour by neighbour."""
    rx, ry, rt = radii
    n, height, width = frames.shape
    rows, columns = blocks
    counts = np.zeros((rows, columns, 3, 2**points))
    for t in range(rt, n - rt):
        for y in range(ry, height - ry):
            for x in range(rx, width - rx):
                block = np.array([y - ry, x - rx]) + 1
                sides = np.array([height - 2 * ry, width - 2 * rx])
                row, column = np.ceil(block * blocks / sides).astype(int) - 1
                for plane in range(3):
                    code = 0
                    for p in range(points):
                        c, s = (f(2 * math.pi * p / points) for f in (math.cos, math.sin))
                        dt, dy, dx = [
                            (0, -ry * s, rx * c),
                            (rt * s, 0, rx * c),
                            (rt * s, -ry * c, 0),
                        ][plane]
                        code += (
                            interpolated(frames, t + dt, y + dy, x + dx) >= frames[t, y, x]
                        ) * 2**p
                    counts[row, column, plane, code] += 1
    return (counts / counts.sum(axis=-1, keepdims=True)).ravel()


@pytest.mark.parametrize(
    ("shape", "radii", "points", "blocks"),
    [
        ((9, 9, 12), (1, 1, 4), 4, (1, 2)),
        ((6, 11, 9), (2, 3, 1), 4, (3, 2)),
        ((6, 9, 10), (2, 1, 2), 8, (2, 2)),
    ],
)
def test_it_counts_what_a_loop_over_pixels_counts(grey_levels, shape, radii, points, blocks):
    frames = grey_levels(shape) / 256
    ours = lbp_top(frames, radii, points, blocks)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, naive_lbp_top(frames, radii, points, blocks), atol=1e-6)


@pytest.mark.parametrize(("radius", "points"), [(1, 4), (3, 8), (2, 5)])
def test_codes_in_a_frame_are_scikit_images(grey_levels, radius, points):
    levels = grey_levels((3, 24, 30)).astype(np.uint8)
    radii = (radius, radius, 1)
    ours = codes_of((levels / 256).astype(np.float32), ring(points, ("x", "y"), radii), radii)
    theirs = local_binary_pattern(levels[1], points, radius)[radius:-radius, radius:-radius]
    np.testing.assert_array_equal(ours[0], theirs)


def test_uniform_patterns_are_scikit_images(grey_levels):
    """Bins are in another order, so the same codes must fall together."""
    levels = grey_levels((1, 60, 60)).astype(np.uint8)[0]
    codes = local_binary_pattern(levels, 8, 3).astype(int)
    theirs = local_binary_pattern(levels, 8, 3, method="nri_uniform").astype(int)
    pairs = set(zip(uniform_bins(8)[codes].ravel().tolist(), theirs.ravel().tolist(), strict=True))
    assert len(pairs) == len({ours for ours, _ in pairs}) == len({theirs for _, theirs in pairs})


@pytest.mark.parametrize("points", [4, 8, 12])
def test_uniform_bins_are_as_many_as_published(points):
    bins = uniform_bins(points)
    assert bins.max() + 1 == points * (points - 1) + 3


def test_length_is_as_published(grey_levels):
    frames = grey_levels((11, 40, 40)) / 256
    assert lbp_top(frames).shape == (5 * 5 * 3 * 16,)
    smic = lbp_top(frames, (3, 3, 3), 8, (8, 8), uniform=True)
    assert smic.shape == (8 * 8 * 3 * 59,)
    np.testing.assert_allclose(smic.reshape(-1, 59).sum(axis=1), 1, atol=1e-6)


def test_any_increasing_map_of_grey_levels_changes_nothing(grey_levels):
    levels = grey_levels((11, 30, 30))
    table = np.cumsum(np.random.default_rng(3).integers(1, 100, 256)) / 2**15
    np.testing.assert_array_equal(lbp_top(table[levels]), lbp_top(levels / 256))
    assert (lbp_top(table[255 - levels]) != lbp_top(levels / 256)).any()


def test_brightness_and_contrast_change_nothing_between_pixels(grey_levels):
    levels = grey_levels((9, 30, 30))
    settings = {"radii": (3, 3, 3), "points": 8, "blocks": (8, 8), "uniform": True}
    np.testing.assert_array_equal(
        lbp_top(levels / 512 + 0.25, **settings), lbp_top(levels / 256, **settings)
    )


@pytest.mark.parametrize("grey", [0.0, 0.1, 200 / 255, 1.0])
@pytest.mark.parametrize("uniform", [False, True])
def test_a_constant_video_fills_one_bin_per_plane_and_block(grey, uniform):
    frames = np.full((11, 30, 30), grey, np.float32)
    for radii, points in (((1, 1, 4), 4), ((3, 3, 3), 8)):
        histograms = lbp_top(frames, radii, points, (4, 4), uniform=uniform).reshape(4 * 4 * 3, -1)
        np.testing.assert_array_equal(histograms.max(axis=1), 1)
        np.testing.assert_array_equal((histograms > 0).sum(axis=1), 1)


def test_planes_are_told_apart():
    """Brightness that grows along one axis only is flat in the plane of the other two."""
    for axis, name in ((2, "x"), (1, "y"), (0, "t")):
        shape = [1, 1, 1]
        shape[axis] = 9
        frames = np.broadcast_to(np.arange(9).reshape(shape) / 16, (9, 9, 9))
        planes = lbp_top(frames, (1, 1, 1), 4, (1, 1)).reshape(3, 16)
        for plane, axes in zip(planes, PLANES, strict=True):
            assert (plane[15] == 1) == (name not in axes)


@pytest.mark.parametrize(
    ("frames", "settings", "message"),
    [
        (np.zeros((8, 30, 30)), {}, "expected at least 9 frame"),
        (np.zeros((30, 30)), {}, "expected grey frames"),
        (np.full((9, 30, 30), np.nan), {}, "expected finite values"),
        (np.zeros((9, 30, 30), int), {}, "expected floats"),
        (np.zeros((9, 30, 30)), {"radii": (1, 1)}, "radii: expected three whole numbers"),
        (np.zeros((9, 30, 30)), {"radii": (0, 1, 4)}, "radii: expected a whole number from 1"),
        (np.zeros((9, 30, 30)), {"radii": (1.0, 1, 4)}, "radii: expected a whole number"),
        (np.zeros((9, 30, 30)), {"points": 3}, "points: expected a whole number from 4 to 12"),
        (np.zeros((9, 30, 30)), {"blocks": (0, 5)}, "blocks: expected two whole numbers"),
        (np.zeros((9, 30, 30)), {"blocks": 5}, "blocks: expected two whole numbers"),
        (np.zeros((9, 30, 30)), {"blocks": (29, 5)}, "blocks: expected at most 28 x 28"),
        (np.zeros((9, 30, 30)), {"radii": (16, 1, 1)}, "expected at least 33 x 3 pixels"),
    ],
)
def test_unfit_input_is_refused(frames, settings, message):
    with pytest.raises(InvalidInputError, match=message):
        lbp_top(frames, **settings)
