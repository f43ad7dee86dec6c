"""TIM against its definition by singular value decomposition, and against its facts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.errors import InvalidInputError
from astsvm.preprocessing import interpolate_frames, tim_matrix


def graph_embedding(frames, length):
    """TIM as published (Zhou et al. 2011): learn the projection onto a path graph, invert it."""
    n = len(frames)
    columns = frames.reshape(n, -1).T.astype(np.float64)
    mean = columns.mean(axis=1, keepdims=True)
    left, singular, right = np.linalg.svd(columns - mean, full_matrices=False)
    left, compressed = left[:, : n - 1], (singular[:, None] * right)[: n - 1]
    adjacency = np.eye(n, k=1) + np.eye(n, k=-1)
    laplacian = np.diag(adjacency.sum(axis=1)) - adjacency
    eigenvectors = np.linalg.eigh(laplacian)[1][:, 1:]
    projection = np.linalg.lstsq(compressed.T, eigenvectors, rcond=None)[0]
    order = np.arange(1, n)[:, None]

    def curve(t):
        return np.sin(np.pi * order * t + np.pi * (n - order) / (2 * n))

    scale = (compressed[:, 0] @ projection)[:, None] / curve(np.array([1 / n]))
    sampled = np.linalg.pinv(projection.T) @ (curve(np.linspace(1 / n, 1, length)) * scale)
    return (left @ sampled + mean).T.reshape(length, *frames.shape[1:])


@pytest.mark.parametrize(("n", "length"), [(2, 5), (7, 11), (23, 11), (11, 10), (40, 3)])
def test_closed_form_equals_the_graph_embedding(n, length):
    frames = np.random.default_rng(n).random((n, 9, 8))
    np.testing.assert_allclose(
        interpolate_frames(frames, length), graph_embedding(frames, length), atol=1e-6
    )


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 60), length=st.integers(1, 40))
def test_rows_sum_to_one(n, length):
    np.testing.assert_allclose(tim_matrix(n, length).sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize("method", ["tim", "linear", "nearest"])
@pytest.mark.parametrize("n", [2, 5, 30])
def test_as_many_points_as_frames_return_the_frames(n, method):
    frames = np.random.default_rng(3).random((n, 6, 7)).astype(np.float32)
    np.testing.assert_allclose(interpolate_frames(frames, n, method), frames, atol=1e-6)


@pytest.mark.parametrize("method", ["tim", "linear"])
def test_a_time_point_on_a_frame_returns_that_frame(method):
    frames = np.random.default_rng(4).random((6, 5, 5)).astype(np.float32)
    sampled = interpolate_frames(frames, 21, method)
    np.testing.assert_allclose(sampled[::4], frames, atol=1e-6)


def test_cosine_sequences_are_reproduced_between_the_frames():
    n, k = 9, 4
    frames = np.cos(np.pi * k * (np.arange(1, n + 1) - 0.5) / n)[:, None, None]
    t = np.linspace(1 / n, 1, 50)
    expected = np.cos(np.pi * k * (n * t - 0.5) / n)
    np.testing.assert_allclose(interpolate_frames(frames, 50)[:, 0, 0], expected, atol=1e-6)


def test_a_ramp_is_kept_by_linear_and_stepped_by_nearest():
    ramp = np.arange(5.0)[:, None, None]
    linear = interpolate_frames(ramp, 9, "linear")[:, 0, 0]
    np.testing.assert_allclose(linear, np.linspace(0, 4, 9), atol=1e-6)
    nearest = interpolate_frames(ramp, 9, "nearest")[:, 0, 0]
    np.testing.assert_array_equal(nearest, [0, 1, 1, 2, 2, 3, 3, 4, 4])


@pytest.mark.parametrize("method", ["tim", "linear", "nearest"])
def test_one_frame_is_repeated_and_the_input_kept(method):
    frame = np.random.default_rng(1).random((1, 4, 6)).astype(np.float32)
    before = frame.copy()
    sampled = interpolate_frames(frame, 11, method)
    assert sampled.shape == (11, 4, 6)
    assert sampled.dtype == np.float32
    np.testing.assert_allclose(sampled, np.repeat(frame, 11, axis=0), atol=1e-7)
    sampled[:] = 0
    np.testing.assert_array_equal(frame, before)


def test_one_point_is_the_first_frame():
    frames = np.random.default_rng(1).random((5, 4, 4)).astype(np.float32)
    np.testing.assert_allclose(interpolate_frames(frames, 1)[0], frames[0], atol=1e-6)


@pytest.mark.parametrize("length", [0, -3, 2.0, True, None, 10**9])
def test_a_length_that_is_no_count_is_refused(length):
    with pytest.raises(InvalidInputError, match="length: expected a whole number"):
        interpolate_frames(np.zeros((3, 4, 4)), length)


def test_unknown_method_and_bad_frames_are_refused():
    with pytest.raises(InvalidInputError, match="'tim', 'linear' or 'nearest', received 'cubic'"):
        interpolate_frames(np.zeros((3, 4, 4)), 5, "cubic")
    with pytest.raises(InvalidInputError, match="empty"):
        interpolate_frames(np.zeros((0, 4, 4)), 5)
