"""The colours of a clip's picture, and that their keys show the same colours."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from astsvm.reporting.flow_legend import draw_direction_key, draw_sign_key, flow_colours

MOTIONS = {"right": (1, 0), "down": (0, 1), "left": (-1, 0), "up": (0, -1)}


@pytest.mark.parametrize(
    ("motion", "strongest"), [("right", 0), ("down", 1), ("left", 2), ("up", 2)]
)
def test_the_hue_is_the_direction(motion, strongest):
    painted = flow_colours(np.full((2, 2, 2), MOTIONS[motion], np.float32), 1.0)[0, 0]
    assert painted[strongest] == 255
    assert not flow_colours(np.zeros((2, 2, 2), np.float32), 1.0).any()


@pytest.mark.parametrize("word", MOTIONS)
def test_the_wheel_has_beside_each_word_the_colour_of_that_motion(word):
    axes = Figure(figsize=(4, 4)).add_axes((0, 0, 1, 1))
    draw_direction_key(axes)
    wheel = np.asarray(axes.images[0].get_array())
    middle = len(wheel) // 2
    x, y = MOTIONS[word]
    expected = flow_colours(np.full((1, 1, 2), (x, y), np.float32), 1.0)[0, 0]
    assert np.array_equal(wheel[middle + y * middle, middle + x * middle, :3], expected)
    left, right, bottom, top = axes.images[0].get_extent()
    at = next(text.get_position() for text in axes.texts if text.get_text() == word)
    assert at[0] * x >= right * abs(x) and at[1] * y >= bottom * abs(y)
    assert (left, top) == (-1, -1)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # Down is down, as in the fields.


def test_the_wheel_is_clear_beyond_its_rim():
    axes = Figure().add_axes((0, 0, 1, 1))
    draw_direction_key(axes)
    wheel = np.asarray(axes.images[0].get_array())
    assert wheel[0, 0, 3] == 0
    assert not wheel[len(wheel) // 2, len(wheel) // 2, :3].any()


def test_the_bar_is_red_above_and_blue_below():
    figure = Figure(figsize=(2, 1), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    draw_sign_key(axes, "more", "same", "less")
    figure.canvas.draw()
    drawn = axes.images[0].to_rgba(axes.images[0].get_array())[:, 0]
    rising = drawn if axes.images[0].origin == "lower" else drawn[::-1]
    assert rising[-1, 0] > rising[-1, 2]
    assert rising[0, 2] > rising[0, 0]
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert heights["more"] > heights["same"] > heights["less"]
