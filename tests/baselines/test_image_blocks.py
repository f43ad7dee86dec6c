"""Blocks of differences of frames."""

import numpy as np
import pytest

from astsvm.baselines.image_blocks import adjacent_difference_blocks, idsf_blocks
from astsvm.errors import InvalidInputError


def test_blocks_are_means_of_the_difference_to_the_onset(grey_levels):
    frames = grey_levels((4, 12, 10)) / 256
    expected = (frames[1:] - frames[0]).reshape(3, 3, 4, 5, 2).mean(axis=(2, 4))
    blocks = idsf_blocks(frames, (3, 5))
    assert blocks.dtype == np.float32
    np.testing.assert_allclose(blocks, expected.ravel(), atol=1e-6)


def test_sides_that_do_not_divide_lose_no_pixel(grey_levels):
    """Blocks of 2, 2 and 3 rows, weighted by their size, add up to the whole."""
    frames = grey_levels((2, 7, 7)) / 256
    rows = idsf_blocks(frames, (3, 1)).astype(float)
    difference = frames[1] - frames[0]
    expected = [difference[:2].mean(), difference[2:4].mean(), difference[4:].mean()]
    np.testing.assert_allclose(rows, expected, atol=1e-6)


def test_differences_of_neighbours_add_up_to_idsf(grey_levels):
    frames = grey_levels((5, 32, 32)) / 256
    adjacent = adjacent_difference_blocks(frames).reshape(4, 256)
    np.testing.assert_allclose(adjacent.cumsum(axis=0).ravel(), idsf_blocks(frames), atol=1e-6)


def test_a_brighter_frame_is_brighter_everywhere():
    frames = np.zeros((3, 20, 20))
    frames[1:] = 0.25
    np.testing.assert_array_equal(idsf_blocks(frames, (2, 2)), np.full(8, 0.25))
    np.testing.assert_array_equal(
        adjacent_difference_blocks(frames, (2, 2)), np.repeat([0.25, 0], 4)
    )


@pytest.mark.parametrize("describe", [idsf_blocks, adjacent_difference_blocks])
@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros((1, 20, 20)), "expected at least 2 frame"),
        (np.full((2, 20, 20), np.nan), "expected finite values"),
        (np.zeros((2, 20)), "expected grey frames"),
        (np.zeros((2, 15, 20)), "blocks: expected at most 15 x 20"),
    ],
)
def test_unfit_input_is_refused(describe, frames, message):
    with pytest.raises(InvalidInputError, match=message):
        describe(frames)
