"""A figure of the run with its interval, for every part and head, and the floors beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from astsvm.reporting.picture import SOFT, Picture, drawn, write_heading
from astsvm.reporting.run_names import shown

__all__ = ["interval_picture"]

_HEADS = {"svm": ("SVM", "#1f5fa8", "o"), "softmax": ("softmax", "#c8651b", "D")}
_FLOORS = {"majority": ("floor: most frequent", ":"), "permuted": ("floor: at random", "--")}
_ROW = 0.5
"""Inches of a part."""


def interval_picture(
    metrics: Mapping[str, Any],
    parts: Mapping[str, str],
    figure_key: str,
    title: str,
    notices: Sequence[str] = (),
) -> Picture:
    """Draw one figure of both heads with 95 % intervals and floors, a row for each part.

    Parameters
    ----------
    metrics : mapping
        What ``metrics.json`` holds.
    parts : mapping of str to str
        The parts to draw, from the top down, and how they are called.
    figure_key : {"uf1", "uar", "accuracy"}
        The figure.
    title : str
        What it shows.
    notices : sequence of str
        What must not be overlooked.
    """
    return drawn(
        partial(_paint, metrics=metrics, parts=parts, key=figure_key, title=title, notices=notices),
        (4.7, 1.2 + _ROW * len(parts) + 0.16 * len(notices)),
        f"intervals_{figure_key}",
        f"{title}, with 95 % intervals and floors; the table holds the numbers",
    )


def _paint(
    figure: Figure,
    metrics: Mapping[str, Any],
    parts: Mapping[str, str],
    key: str,
    title: str,
    notices: Sequence[str],
) -> None:
    axes = figure.add_subplot()
    for row, part in enumerate(parts):
        for floor, (_, style) in _FLOORS.items():
            value = metrics["floors"][part][floor][key]
            axes.plot([value, value], [row - 0.36, row + 0.36], color=SOFT, linestyle=style)
        for number, (head, (_, colour, marker)) in enumerate(_HEADS.items()):
            _draw_value(axes, metrics[head][part], key, row + 0.36 * number - 0.18, colour, marker)
    for label, colour, marker in _HEADS.values():
        axes.plot([], [], color=colour, marker=marker, label=label)
    for label, style in _FLOORS.values():
        axes.plot([], [], color=SOFT, linestyle=style, label=label)
    axes.set_xlim(0, 1)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_yticks(
        range(len(parts)), [shown(name, 22) for name in parts.values()], parse_math=False
    )
    axes.set_ylim(len(parts) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", alpha=0.3, linewidth=0.6)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    write_heading(figure, title, notices)


def _draw_value(
    axes: Any, figures: Mapping[str, Any], key: str, height: float, colour: str, marker: str
) -> None:
    if interval := figures[f"{key}_ci95"]:
        axes.plot(interval, [height, height], color=colour, linewidth=1.8, solid_capstyle="butt")
    axes.plot(figures[key], height, color=colour, marker=marker, markersize=5)
