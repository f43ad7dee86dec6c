"""The clips of every held-out subject as bars: right and wrong, beside each other by head."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from astsvm.reporting.picture import RIGHT, SOFT, WRONG, Picture, drawn, write_heading
from astsvm.reporting.run_names import shown
from astsvm.reporting.subject_results import SubjectResult

__all__ = ["subject_picture"]

_HEADS = {"svm": "SVM", "softmax": "softmax"}
_ROW = 0.165
"""Inches of a subject."""


def subject_picture(
    results: Sequence[SubjectResult], title: str, name: str, notices: Sequence[str] = ()
) -> Picture:
    """Draw the clips of some subjects as bars, the right ones first, beside each other by head.

    Parameters
    ----------
    results : sequence of SubjectResult
        The subjects, from the top down.
    title : str
        Whose subjects they are.
    name : str
        Name of the picture, its own on a page.
    notices : sequence of str
        What must not be overlooked.
    """
    return drawn(
        partial(_paint, results=results, title=title, notices=notices),
        (3.5, 1.45 + _ROW * max(len(results), 2) + 0.16 * len(notices)),
        name,
        f"{' '.join(title.split())}: clips right and wrong; the table holds the numbers",
    )


def _paint(
    figure: Figure, results: Sequence[SubjectResult], title: str, notices: Sequence[str]
) -> None:
    panels = figure.subplots(1, len(_HEADS), sharey=True, sharex=True)
    rows = np.arange(len(results))
    clips = np.array([result.clips for result in results])
    for axes, (head, head_name) in zip(panels, _HEADS.items(), strict=True):
        right = np.array([result.right.get(head, 0.0) for result in results])
        answered = np.array([bool(result.right) for result in results])
        axes.barh(rows, right, color=RIGHT, label="right")
        axes.barh(
            rows, np.where(answered, clips - right, 0), left=right, color=WRONG, label="wrong"
        )
        if not answered.all():
            absent = np.where(answered, 0, clips)
            axes.barh(rows, absent, color="white", edgecolor=SOFT, hatch="////", label="no result")
        _tidy(axes, head_name)
    panels[0].set_yticks(rows, [shown(result.subject, 14) for result in results], parse_math=False)
    panels[0].set_ylim(len(results) - 0.4, -0.6)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    write_heading(figure, title, notices)


def _tidy(axes: Any, head_name: str) -> None:
    axes.set_title(head_name, fontsize=9)
    axes.set_xlabel("clips", fontsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=7.5)
    axes.tick_params(axis="x", labelsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.grid(axis="x", alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)
