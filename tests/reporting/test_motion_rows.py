"""Arrows point where the flow goes; strain and curves are those of fields known exactly."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from astsvm.reporting.motion_rows import motion_curves, motion_rows

ROWS, COLUMNS = np.mgrid[:48, :48].astype(np.float32)


def growing(share):
    """A field that stretches both ways by `share`: its strain is sqrt(2) times that."""
    return share * np.stack([COLUMNS - 23.5, ROWS - 23.5], axis=-1)


def arrows_of(flow, frames=None, settings=None, index=0):
    row = motion_rows(frames, flow, settings or {})[0]
    axes = Figure(figsize=(2, 2)).add_axes((0, 0, 1, 1))
    axes.imshow(row.tiles[index], **row.options)
    row.overlay(axes, index)
    (found,) = [artist for artist in axes.get_children() if isinstance(artist, Quiver)]
    return row, axes, found


def test_arrows_lie_on_their_pixels_and_point_with_the_flow():
    flow = np.zeros((2, 48, 48, 2), np.float32)
    flow[1, :, :24] = (0.5, -1.0)
    _, axes, found = arrows_of(flow, index=1)
    assert found.U.size > 50
    np.testing.assert_allclose(found.U / found.V, -0.5)
    assert (found.V < 0).all()
    assert found.X.max() < 24
    assert axes.get_ylim() == (47.5, -0.5)  # v is downwards, and so is the axis
    assert found.angles == "xy"
    assert not arrows_of(flow, index=0)[2].U.size


@pytest.mark.parametrize("size", [1e-3, 0.3, 20.0])
def test_the_longest_arrow_reaches_about_the_next_one_and_the_note_says_the_scale(size):
    flow = np.zeros((1, 48, 48, 2), np.float32)
    flow[..., 0] = size
    row, _, found = arrows_of(flow)
    times = 1 / found.scale
    assert 48 / 13 < times * size < 2 * 48 / 13
    assert f"drawn {times:.2g} times as long" in row.note.replace("\n", " ")


def test_arrows_are_drawn_on_the_frame_that_they_lead_to():
    frames = np.stack([np.full((48, 48), grey, np.uint8) for grey in (0, 100, 200)])
    row, _, _ = arrows_of(np.ones((2, 48, 48, 2), np.float32), frames)
    means = [tile.mean() for tile in row.tiles]
    assert 0.5 < means[0] < means[1] < 1
    assert means[0] == pytest.approx(0.55 + 0.45 * 100 / 255)
    blank, _, _ = arrows_of(np.ones((2, 48, 48, 2), np.float32))
    assert np.min(blank.tiles) == 1


def test_the_note_names_what_the_motion_is_since():
    flow = np.ones((1, 48, 48, 2), np.float32)
    settings = {"flow": {"reference": "onset"}}
    assert "since the frame before" in arrows_of(flow)[0].note.replace("\n", " ")
    assert "since frame 1" in arrows_of(flow, settings=settings)[0].note.replace("\n", " ")


def test_strain_is_that_of_the_field_and_head_motion_has_none():
    flow = np.stack([growing(0.02), np.full((48, 48, 2), 3.0)]).astype(np.float16)
    strain = motion_rows(None, flow, {})[1]
    assert strain.heading == "optical strain"
    assert np.median(strain.tiles[0]) == pytest.approx(0.02 * np.sqrt(2), rel=0.05)
    np.testing.assert_array_equal(strain.tiles[1], 0)


def test_curves_are_means_of_every_field():
    flow = np.stack([growing(0.0), growing(0.01), growing(0.03)])
    (motion_name, motion), (strain_name, strain) = motion_curves(flow)
    assert ("px" in motion_name, "%" in strain_name) == (True, True)
    np.testing.assert_allclose(strain, 100 * np.sqrt(2) * np.array([0, 0.01, 0.03]), rtol=1e-4)
    expected = np.hypot(COLUMNS - 23.5, ROWS - 23.5).mean()
    np.testing.assert_allclose(motion, expected * np.array([0, 0.01, 0.03]), rtol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 5), (2, 2, 2), (3, 7, 4)])
def test_tiny_fields_are_drawn(shape):
    rows = motion_rows(None, np.ones((*shape, 2), np.float32), {})
    assert len(rows) == (2 if min(shape[1:]) > 1 else 1)
    arrows_of(np.ones((*shape, 2), np.float32))
