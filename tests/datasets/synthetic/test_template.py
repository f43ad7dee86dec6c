import numpy as np

from astsvm.datasets.synthetic.template import MIRROR, landmark_template, mirrored


def test_mirror_pairs_every_landmark_with_one_other():
    assert sorted(MIRROR) == list(range(68))
    assert all(MIRROR[MIRROR[i]] == i for i in range(68))
    middle = {i for i in range(68) if MIRROR[i] == i}
    assert middle == {8, 27, 28, 29, 30, 33, 51, 57, 62, 66}


def test_template_is_symmetric():
    points = landmark_template()
    assert points.shape == (68, 2)
    assert np.isfinite(points).all()
    np.testing.assert_array_equal(mirrored(points), points)
    assert (
        points[list(set(range(68)) - {MIRROR[i] for i in range(68) if MIRROR[i] != i}), 0] == 0
    ).all()


def test_interocular_distance_is_one():
    points = landmark_template()
    left, right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    np.testing.assert_allclose(right - left, (1.0, 0.0), atol=0.02)
    np.testing.assert_allclose((left + right) / 2, (0.0, 0.0), atol=0.02)


def test_mirroring_swaps_the_sides_of_an_uneven_face():
    points = landmark_template() + np.random.default_rng(1).normal(size=(68, 2))
    other = mirrored(points)
    np.testing.assert_array_equal(other[36], points[45] * (-1, 1))
    np.testing.assert_array_equal(mirrored(other), points)
