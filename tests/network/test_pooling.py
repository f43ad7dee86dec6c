"""Poolings against loops, on sizes that divide, do not divide, and are tiny."""

import numpy as np
import pytest

from astsvm.errors import SettingsError


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 14, 16, 33])
def test_cells_are_those_of_adaptive_pooling(size):
    from astsvm.network.pooling import cell_averages

    values = np.random.default_rng(0).normal(size=size)
    expected = [
        values[int(np.floor(i * size / 4)) : int(np.ceil((i + 1) * size / 4))].mean()
        for i in range(4)
    ]
    np.testing.assert_allclose(cell_averages(size, 4) @ values, expected, rtol=1e-6)


@pytest.mark.parametrize("size", [(16, 16), (14, 7), (1, 3)], ids=str)
@pytest.mark.parametrize("frames", [(), (5,), (1,)], ids=str)
def test_the_grid_averages_rows_columns_and_time(size, frames):
    from astsvm.network.pooling import GridPooling, cell_averages

    images = np.random.default_rng(0).normal(size=(2, *frames, *size, 3)).astype(np.float32)
    still = images.mean(axis=1) if frames else images
    rows, columns = (cell_averages(side, 4) for side in size)
    expected = np.einsum("ih,jw,bhwc->bijc", rows, columns, still)
    np.testing.assert_allclose(GridPooling(4)(images), expected, atol=1e-6)


def test_a_constant_stays_constant():
    from astsvm.network.pooling import GridPooling, WindowPooling

    clips = np.full((2, 3, 11, 17, 2), 0.7, np.float32)
    np.testing.assert_allclose(GridPooling()(clips), 0.7, rtol=1e-6)
    np.testing.assert_allclose(WindowPooling((3, 5))(clips), 0.7, rtol=1e-6)


def test_windows_keep_the_sign_and_leave_out_the_rest():
    from astsvm.network.pooling import WindowPooling

    clips = np.random.default_rng(0).normal(size=(2, 3, 13, 20, 2)).astype(np.float32)
    expected = clips[:, :, :12, :18].reshape(2, 3, 4, 3, 3, 6, 2).mean(axis=(3, 5))
    found = WindowPooling((3, 6))(clips)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.asarray(found).min() < 0
    np.testing.assert_array_equal(WindowPooling((1, 1))(clips), clips)


@pytest.mark.parametrize("shape", [(3, 8, 9, 2), (1, 5, 5, 3), (10, 2, 1, 1), (7, 9, 24)], ids=str)
def test_the_maximum_of_three_equals_a_loop(shape):
    from astsvm.network.pooling import max_pool_three

    clips = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32) - 5
    axes = range(1, len(shape))
    padded = np.pad(
        clips, [(0, 0), *[(1, 1) for _ in axes], (0, 0)], constant_values=np.float32(-np.inf)
    )
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3,) * len(axes), axis=tuple(axes))
    expected = windows.max(axis=tuple(range(-len(axes), 0)))
    np.testing.assert_array_equal(max_pool_three(clips), expected)


def test_the_layer_contract(assert_layer_contract):
    from astsvm.network.pooling import GridPooling, WindowPooling

    assert_layer_contract(WindowPooling, {"window": (2, 3)}, (4, 9, 9, 2), (4, 4, 3, 2), 0)
    assert_layer_contract(GridPooling, {"cells": 3}, (4, 9, 9, 2), (3, 3, 2), 0)


def test_bad_settings_are_refused():
    from astsvm.network.pooling import GridPooling, WindowPooling

    with pytest.raises(SettingsError, match="window"):
        WindowPooling((0, 2))
    with pytest.raises(SettingsError, match="cells"):
        GridPooling(0)
