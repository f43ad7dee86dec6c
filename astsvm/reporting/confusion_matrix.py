"""The confusion matrix as a picture: clips, and their share of the true class, in every cell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from astsvm.errors import InvalidInputError
from astsvm.reporting.picture import Picture, drawn, write_heading
from astsvm.reporting.run_names import shown

__all__ = ["confusion_picture"]

_CELL, _SMALL_CELL, _FEW_CLASSES = 0.66, 0.5, 4
"""Inches of a cell; with many classes it is smaller, so that two matrices fit beside each other."""


def confusion_picture(
    confusion: npt.ArrayLike,
    class_names: Sequence[str],
    title: str,
    *,
    notices: Sequence[str] = (),
    name: str = "confusion",
) -> Picture:
    """Draw a confusion matrix: clips and share of the true class in every cell.

    Parameters
    ----------
    confusion : array_like of shape (classes, classes)
        Number of clips, or its mean over seeds; rows are true classes.
    class_names : sequence of str
        One name for each class; long ones are cut in the picture.
    title : str
        What was predicted, and by what.
    notices : sequence of str
        What must not be overlooked, for example that the clips are SYNTHETIC.
    name : str
        Name of the picture, its own on a page.

    Raises
    ------
    InvalidInputError
        If the matrix does not fit the names, or holds a negative or no number.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    classes = len(class_names)
    if counts.shape != (classes, classes) or not (counts >= 0).all():
        raise InvalidInputError(
            f"expected a confusion matrix of {classes} x {classes} counts of 0 or more, one row "
            f"for each class name, received shape {counts.shape}."
        )
    cell = _CELL if classes <= _FEW_CLASSES else _SMALL_CELL
    width = 1.9 + cell * max(classes, 3)
    height = 1.5 + cell * classes + 0.16 * len(notices)
    return drawn(
        partial(_paint, counts=counts, class_names=class_names, title=title, notices=notices),
        (width, height),
        name,
        f"Confusion matrix. {' '.join(title.split())}",
    )


def _paint(
    figure: Figure,
    counts: npt.NDArray[np.float64],
    class_names: Sequence[str],
    title: str,
    notices: Sequence[str],
) -> None:
    axes = figure.add_subplot()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=1.5)
    axes.invert_yaxis()
    axes.set_aspect("equal")
    for row, column in np.ndindex(counts.shape):
        axes.text(
            column + 0.5,
            row + 0.5,
            f"{_count(float(counts[row, column]))}\n{shares[row, column]:.0%}",
            ha="center",
            va="center",
            fontsize=9 if len(counts) <= _FEW_CLASSES else 8,
            color="white" if shares[row, column] > 0.6 else "black",
        )
    _name_axes(axes, class_names, counts.sum(axis=1))
    write_heading(figure, title, notices)


def _name_axes(axes: Any, class_names: Sequence[str], totals: npt.NDArray[np.float64]) -> None:
    positions = np.arange(len(class_names)) + 0.5
    names = [shown(name, 14) for name in class_names]
    rows = [f"{name}\n(n = {_count(float(n))})" for name, n in zip(names, totals, strict=True)]
    turned = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"}
    # Class names are the user's: a $ in one must not start a formula.
    axes.set_xticks(positions, names, parse_math=False, **turned)
    axes.set_yticks(positions, rows, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")


def _count(value: float) -> str:
    """Write whole numbers as such, and means over seeds with one digit."""
    return f"{value:.0f}" if value.is_integer() else f"{value:.1f}"
