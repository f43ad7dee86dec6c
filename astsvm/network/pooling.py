"""Pooling without weights: window averages, a grid of fixed size, and the 3-D maximum."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from astsvm.errors import SettingsError
from astsvm.network.clip_passes import window_means

__all__ = ["GridPooling", "WindowPooling", "cell_averages", "max_pool_three"]


@keras.saving.register_keras_serializable("astsvm")
class WindowPooling(keras.layers.Layer):  # type: ignore[misc]
    """Average clips (B, T, H, W, C) over windows of rows and columns.

    Averages keep the sign of motion; a maximum would discard motion to the left and upwards. Rows
    and columns at the end that fill no whole window are left out.
    """

    def __init__(self, window: tuple[int, int], **kwargs: Any) -> None:
        if len(window) != 2 or any(not isinstance(side, int) or side < 1 for side in window):
            raise SettingsError(
                f"window must be two positive whole numbers (rows, columns), received {window!r}."
            )
        super().__init__(autocast=False, **kwargs)
        self.window = (window[0], window[1])

    def call(self, inputs: Any) -> Any:
        """Return the averages, shape (B, T, H // rows, W // columns, C)."""
        height, width = inputs.shape[2:4]
        whole = ops.ones((ops.shape(inputs)[0], height, width), dtype=self.compute_dtype)
        return window_means(inputs, self.window, whole)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "window": list(self.window)}


@keras.saving.register_keras_serializable("astsvm")
class GridPooling(keras.layers.Layer):  # type: ignore[misc]
    """Average (B, H, W, C) or (B, T, H, W, C) over a grid of cells, and over time: (B, g, g, C).

    Cell i of an axis of n pixels covers floor(i n / g) up to ceil((i + 1) n / g), so that any size
    works, smaller than the grid included. Two small matrix products.
    """

    def __init__(self, cells: int = 4, **kwargs: Any) -> None:
        if not isinstance(cells, int) or cells < 1:
            raise SettingsError(f"cells must be a positive whole number, received {cells!r}.")
        super().__init__(**kwargs)
        self.cells = cells

    def call(self, inputs: Any) -> Any:
        """Return the cells' averages, shape (B, cells, cells, C)."""
        images = ops.mean(inputs, axis=1) if len(inputs.shape) == 5 else inputs
        _, height, width, channels = images.shape
        rows = ops.matmul(
            ops.convert_to_tensor(cell_averages(height, self.cells)),
            ops.reshape(images, (-1, height, width * channels)),
        )
        rows = ops.reshape(rows, (-1, self.cells, width, channels))
        return ops.matmul(ops.convert_to_tensor(cell_averages(width, self.cells)), rows)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "cells": self.cells}


def cell_averages(size: int, cells: int) -> npt.NDArray[np.float32]:
    """Return the matrix (cells, size) that averages `size` values over `cells` cells."""
    matrix = np.zeros((cells, size), np.float32)
    for cell in range(cells):
        start, stop = cell * size // cells, -(-(cell + 1) * size // cells)
        matrix[cell, start:stop] = 1 / (stop - start)
    return matrix


def max_pool_three(inputs: Any) -> Any:
    """Return the maximum over 3 x 3 or 3 x 3 x 3 neighbours, the size unchanged.

    In three dimensions the places are pooled with the frames as channels and the frames with the
    places as channels: many channels side by side are what pooling is fast at. Forward and
    backward of 32 x (10, 32, 32, 2): 5 instead of 50 ms.

    Parameters
    ----------
    inputs : tensor of shape (B, H, W, C) or (B, T, H, W, C)
    """
    if len(inputs.shape) == 4:
        return ops.max_pool(inputs, 3, strides=1, padding="same")
    _, frames, height, width, channels = inputs.shape
    places = ops.transpose(inputs, (0, 2, 3, 1, 4))
    places = ops.reshape(places, (-1, height, width, frames * channels))
    places = ops.max_pool(places, 3, strides=1, padding="same")
    places = ops.reshape(places, (-1, height, width, frames, channels))
    times = ops.reshape(
        ops.transpose(places, (0, 3, 1, 2, 4)), (-1, frames, 1, height * width * channels)
    )
    times = ops.max_pool(times, (3, 1), strides=1, padding="same")
    return ops.reshape(times, (-1, frames, height, width, channels))
