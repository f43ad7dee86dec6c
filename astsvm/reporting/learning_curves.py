"""How the training loss fell: for every seed the mean and the spread over its folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from astsvm.reporting.picture import Picture, drawn, write_heading

__all__ = ["learning_curves", "losses_over_folds"]

_COLOURS = ("#1f5fa8", "#c8651b", "#2a8a5f", "#8a3fa0", "#7a6a12", "#12808f", "#a02f4f", "#555555")
_INNER = (0.1, 0.9)
"""The band holds these quantiles of the folds."""


def learning_curves(
    losses: Mapping[int, Sequence[npt.NDArray[np.float64]]], title: str, notices: Sequence[str] = ()
) -> Picture:
    """Draw the loss of training over the epochs.

    Parameters
    ----------
    losses : mapping of int to sequence of ndarray of shape (epochs,)
        By seed, of its folds. Folds may have been trained for different numbers of epochs; the
        mean of an epoch is that of the folds that reached it.
    title : str
        What it shows.
    notices : sequence of str
        What must not be overlooked.
    """
    folds = sum(len(rows) for rows in losses.values())
    return drawn(
        partial(_paint, losses=losses, title=title, notices=notices),
        (4.9, 3.1 + 0.16 * len(notices)),
        "learning_curves",
        f"{title}: training loss by epoch, {folds} folds, seeds {', '.join(map(str, losses))}",
    )


def _paint(
    figure: Figure,
    losses: Mapping[int, Sequence[npt.NDArray[np.float64]]],
    title: str,
    notices: Sequence[str],
) -> None:
    axes = figure.add_subplot()
    for number, (seed, rows) in enumerate(losses.items()):
        mean, low, high = losses_over_folds(rows)
        epochs = np.arange(1, len(mean) + 1)
        colour = _COLOURS[number % len(_COLOURS)]
        axes.fill_between(epochs, low, high, color=colour, alpha=0.13, linewidth=0)
        # A single epoch is a point, which a line would not show.
        axes.plot(
            epochs,
            mean,
            color=colour,
            linewidth=1.6,
            marker="o" if len(mean) == 1 else None,
            label=f"seed {seed}",
        )
    axes.set_ylim(bottom=0)
    axes.set_xlabel("epoch")
    axes.set_ylabel("training loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3, linewidth=0.6)
    if len(losses) <= len(_COLOURS):
        axes.legend(frameon=False, ncols=2)
    write_heading(figure, title, notices)


def losses_over_folds(
    rows: Sequence[npt.NDArray[np.float64]],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return mean, 10 % quantile and 90 % quantile of every epoch over the folds that reached it.

    Parameters
    ----------
    rows : sequence of ndarray of shape (epochs,)
        Losses of the folds, at least one; they may differ in their number of epochs.

    Returns
    -------
    tuple of ndarray of shape (most epochs,), float64
    """
    table = np.full((len(rows), max(len(row) for row in rows)), np.nan)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    low, high = np.nanquantile(table, _INNER, axis=0)
    return np.nanmean(table, axis=0), low, high
