import numpy as np
import pytest

from astsvm.datasets.synthetic.camera import SensorNoise, expose, relative_light


@pytest.mark.parametrize(("grey", "factor"), [(110, 1.0), (40, 0.7654), (0, None), (190, 1.2137)])
def test_noise_grows_with_the_root_of_the_light(grey, factor):
    noise = SensorNoise((1, 1, 1), (320, 240), 3.0).frame(0)
    flat = np.full((240, 320), grey, dtype=np.float32)
    seen = expose(flat.copy(), np.ones_like(flat), noise).astype(float)
    if factor is None:
        assert seen.min() == 0
        return
    # Rounding to whole greys adds a twelfth to the variance.
    assert seen.std() == pytest.approx(np.hypot(3.0 * factor, 12**-0.5), rel=0.02)
    assert seen.mean() == pytest.approx(grey, abs=0.05)


def test_light_multiplies_and_whites_clip():
    picture = np.array([[100, 200]], dtype=np.float32)
    seen = expose(picture, np.float32([[0.5, 1.5]]), np.zeros((1, 2), np.float32))
    np.testing.assert_array_equal(seen, [[50, 255]])
    colour = np.full((1, 2, 3), 100, dtype=np.float32)
    lit = expose(colour, np.float32([[0.5, 1.5]]), np.zeros((1, 2), np.float32))
    np.testing.assert_array_equal(lit[0, :, 2], (50, 150))


def test_noise_of_two_frames_is_unrelated_but_repeatable():
    noise = SensorNoise((1, 2, 3), (320, 240), 1.0)
    first, second = noise.frame(0), noise.frame(1)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.02
    np.testing.assert_array_equal(SensorNoise((1, 2, 3), (320, 240), 1.0).frame(1), second)
    assert not np.array_equal(SensorNoise((1, 2, 4), (320, 240), 1.0).frame(1), second)


def test_light_is_the_planted_gradient_and_spot(hard_clip):
    script, face = hard_clip.script, hard_clip.subject.face
    index = hard_clip.apex
    light = relative_light(script, face, index)
    assert light.shape == (240, 320)
    column, row = 200, 90
    x, y = (column - face.origin[0]) / face.iod, (row - face.origin[1]) / face.iod
    overall, right, down, spot = script.light[index]
    spot_x, spot_y, sigma = script.spot
    near = np.exp(-0.5 * ((x - spot_x) ** 2 + (y - spot_y) ** 2) / sigma**2)
    expected = 1 + overall + right * x + down * y + spot * near
    assert light[row, column] == pytest.approx(expected, abs=1e-5)
