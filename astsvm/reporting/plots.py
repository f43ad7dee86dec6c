"""Pictures of a run's figures, drawn without a display."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from astsvm.errors import InvalidInputError

__all__ = ["confusion_picture"]

_DPI = 130
_LONGEST_NAME = 18


def confusion_picture(
    confusion: npt.ArrayLike,
    class_names: Sequence[str],
    title: str,
    *,
    synthetic: bool = False,
) -> bytes:
    """Draw a confusion matrix: clips and share of the true class in every cell.

    Parameters
    ----------
    confusion : array_like of shape (classes, classes)
        Number of clips, or its mean over seeds; rows are true classes.
    class_names : sequence of str
        One name for each class; long ones are cut in the picture.
    title : str
        What was predicted, and by what.
    synthetic : bool
        Say in the picture that the clips are SYNTHETIC.

    Returns
    -------
    bytes
        A PNG file.

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
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    side = 2.4 + 0.85 * classes
    figure = Figure(figsize=(side + 0.5, side), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    _write_cells(axes, counts, shares)
    _name_axes(axes, class_names, counts.sum(axis=1))
    heading = f"SYNTHETIC CLIPS\n{title}" if synthetic else title
    axes.set_title(heading, fontsize=11, parse_math=False)
    return _png(figure)


def _write_cells(
    axes: Any, counts: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]
) -> None:
    for row, column in np.ndindex(counts.shape):
        axes.text(
            column,
            row,
            f"{_count(float(counts[row, column]))}\n{shares[row, column]:.0%}",
            ha="center",
            va="center",
            fontsize=10,
            color="white" if shares[row, column] > 0.65 else "black",
        )


def _name_axes(axes: Any, class_names: Sequence[str], totals: npt.NDArray[np.float64]) -> None:
    positions = range(len(class_names))
    names = [name if len(name) <= _LONGEST_NAME else f"{name[:17]}…" for name in class_names]
    rows = [f"{name}\n(n = {_count(float(n))})" for name, n in zip(names, totals, strict=True)]
    turned = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"}
    # Class names are the user's: a $ in one must not start a formula.
    axes.set_xticks(positions, names, fontsize=9, parse_math=False, **turned)
    axes.set_yticks(positions, rows, fontsize=9, parse_math=False)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")


def _count(value: float) -> str:
    """Write whole numbers as such, and means over seeds with one digit."""
    return f"{value:.0f}" if value.is_integer() else f"{value:.1f}"


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        # A class name in a script the font lacks is drawn as boxes; the table has it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(file, format="png", metadata={"Software": "astsvm"})
    return file.getvalue()
