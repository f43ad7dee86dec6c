import numpy as np
import pytest

from astsvm.datasets.synthetic.canvas import blend, curve, full_canvas, moved


@pytest.fixture
def canvas():
    return full_canvas((120, 100), (60.0, 50.0), 20.0, 2)


def test_coordinates_are_those_of_the_frame(canvas):
    assert canvas.shape == (200, 240)
    assert canvas.unit == 40.0
    # The two texture pixels of a frame pixel lie a quarter of a pixel to each side of it.
    pair = canvas.x[0, 120:122]
    np.testing.assert_allclose(pair, (-0.25 / 20, 0.25 / 20), atol=1e-6)
    np.testing.assert_allclose(canvas.y[100:102, 0], (-0.25 / 20, 0.25 / 20), atol=1e-6)


def test_bump_is_the_two_dimensional_gaussian(canvas):
    bump = canvas.bump((0.3, -0.2), 0.5, 0.25)
    exact = np.exp(-0.5 * (((canvas.x - 0.3) / 0.5) ** 2 + ((canvas.y + 0.2) / 0.25) ** 2))
    np.testing.assert_allclose(bump, exact, atol=1e-6)
    assert bump.dtype == np.float32


def test_fill_covers_the_polygon_s_area(canvas):
    square = np.array([(-1, -0.5), (1, -0.5), (1, 0.5), (-1, 0.5)])
    mask = canvas.fill(square, 0.0)
    assert mask.min() == 0
    assert mask.max() == 1
    # OpenCV paints the edge itself too: half a pixel around.
    assert mask.sum() / canvas.unit**2 == pytest.approx(2.0 + 6.0 * 0.5 / canvas.unit, rel=0.03)


def test_stroke_is_as_wide_as_asked(canvas):
    line = canvas.stroke([(-1.0, 0.0), (1.0, 0.0)], 0.2, 0.0)
    assert line[:, 120].sum() / canvas.unit == pytest.approx(0.2, abs=0.05)
    thin = canvas.stroke([(-1.0, 0.0), (1.0, 0.0)], 0.01, 0.0)
    assert thin[:, 120].sum() / canvas.unit == pytest.approx(0.01, abs=0.005)


def test_crop_keeps_its_place(canvas):
    inner = canvas.crop(-0.5, 0.5, -0.25, 0.75)
    rows, columns = canvas.within(inner)
    np.testing.assert_array_equal(canvas.x[:, columns], inner.x)
    np.testing.assert_array_equal(canvas.y[rows], inner.y)
    deeper = inner.crop(-0.1, 0.1, 0.0, 0.2)
    np.testing.assert_array_equal(inner.x[:, inner.within(deeper)[1]], deeper.x)
    assert canvas.crop(90, 91, 90, 91).shape == (1, 1)


def test_noise_has_the_weight_and_grain_asked_for(canvas):
    noise = canvas.noise(np.random.default_rng(1), (0.025,), (2.0,))
    assert noise.std() == pytest.approx(2.0, rel=0.25)
    coarse = canvas.noise(np.random.default_rng(1), (0.5,), (2.0,))
    assert np.abs(np.diff(coarse, axis=1)).mean() < 0.2 * np.abs(np.diff(noise, axis=1)).mean()


def test_curve_passes_through_its_points():
    points = np.array([(0.0, 0.0), (1.0, 0.5), (2.0, -0.5), (3.0, 0.0)])
    path = curve(points, steps=10)
    np.testing.assert_allclose(path[::10], points, atol=1e-12)
    ring = curve(points, closed=True, steps=10)
    np.testing.assert_allclose(ring[::10], points, atol=1e-12)
    assert len(ring) == 40


def test_curve_of_a_straight_line_is_straight():
    points = np.column_stack([np.arange(5.0), 2 * np.arange(5.0)])
    path = curve(points)
    np.testing.assert_allclose(path[:, 1], 2 * path[:, 0], atol=1e-12)


def test_blend_mixes_by_the_mask():
    under = np.full((1, 2, 3), 100, dtype=np.float32)
    blend(under, 200.0, np.array([[0.0, 0.25]], dtype=np.float32))
    np.testing.assert_array_equal(under[0, :, 0], (100, 125))


def test_moved_shifts_one_point_or_many():
    np.testing.assert_array_equal(moved((1, 2), 3, -1), (4, 1))
    np.testing.assert_array_equal(moved([(1, 2), (0, 0)], 3, -1), [(4, 1), (3, -1)])
