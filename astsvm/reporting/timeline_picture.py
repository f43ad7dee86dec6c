"""The picture of a timeline: motion over time, thresholds, and candidates with their scores."""

from __future__ import annotations

import textwrap
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from astsvm.reporting.picture import INK, RIGHT, SOFT, WRONG, Picture, drawn, write_heading
from astsvm.reporting.run_names import shown
from astsvm.spotting.face_regions import REGIONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from astsvm.recognizer.timeline import TimedExpression, Timeline

__all__ = ["score_text", "timeline_picture"]

_WIDTH, _PANEL, _HEAD, _LINE = 11.0, 1.15, 0.9, 0.17
_MOST_LABELS = 40
"""More would lie over each other; the table has them all."""
_LETTERS = 120


def timeline_picture(timeline: Timeline, name: str) -> Picture:
    """Draw the motion at brows, eyes and mouth, a panel each, with candidates and blinks.

    Parameters
    ----------
    timeline : Timeline
    name : str
        What the video is called.
    """
    notices = [line for text in timeline.notices for line in textwrap.wrap(text, _LETTERS)]
    found = len(timeline.expressions)
    return drawn(
        partial(_paint, timeline=timeline, name=name, notices=notices),
        (_WIDTH, _HEAD + _PANEL * len(REGIONS) + _LINE * len(notices)),
        "timeline",
        f"{shown(name, 60)}: {found} candidate micro-expressions in "
        f"{timeline.spotting.length / timeline.spotting.fps:.1f} s; the table holds the numbers",
    )


def score_text(timed: TimedExpression) -> str:
    """Name a candidate's class with its probability, or else its score, called so."""
    said = timed.recognition
    if said is None:
        return "no face"
    best = said.class_names.index(said.label)
    if said.probabilities is not None:
        return f"{shown(said.label)}, probability {said.probabilities[best]:.2f}"
    return f"{shown(said.label)}, score {said.scores[best]:.2f}"


def _paint(figure: Figure, timeline: Timeline, name: str, notices: list[str]) -> None:
    found = timeline.spotting
    panels = figure.subplots(len(REGIONS), 1, sharex=True, squeeze=False)[:, 0]
    seconds = found.frames / found.fps
    for number, (axes, region) in enumerate(zip(panels, REGIONS, strict=True)):
        motion = np.where(found.seen, found.signal[:, number], np.nan)
        axes.plot(seconds, motion, color=INK, linewidth=0.8)
        axes.axhline(found.thresholds[number], color=SOFT, linewidth=0.7, linestyle="--")
        for blink in found.blinks:
            _shade(axes, blink.onset, blink.offset, found.fps, WRONG)
        for timed in timeline.expressions:
            own = timed.candidate
            _shade(axes, own.onset, own.offset, found.fps, RIGHT)
            if own.region == region and len(timeline.expressions) <= _MOST_LABELS:
                _label(axes, timed, found.fps)
        axes.set_ylabel(f"{region}\npx", fontsize=8)
        axes.set_ylim(0, 1.6 * _top(found.signal[:, number], found.thresholds[number]))
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    panels[-1].set_xlabel(
        "seconds      blue: candidates, orange: taken for blinks, dashed: threshold; px of a face "
        "192 px wide",
        fontsize=8,
    )
    panels[-1].set_xlim(0, found.length / found.fps)
    write_heading(figure, shown(name, 90), notices)


def _top(signal: Any, threshold: float) -> float:
    """Return a height that shows candidates: blinks are many times higher, and are cut off."""
    return max(float(np.quantile(signal, 0.98)), 2.5 * threshold)


def _shade(axes: Any, first: int, last: int, fps: float, colour: str) -> None:
    axes.axvspan(first / fps, last / fps, color=colour, alpha=0.3, linewidth=0)


def _label(axes: Any, timed: TimedExpression, fps: float) -> None:
    axes.annotate(
        score_text(timed),
        (timed.candidate.apex / fps, 0.97),
        xycoords=("data", "axes fraction"),
        ha="center",
        va="top",
        fontsize=7,
        color=INK,
        # A $ in a class's name must not start a formula.
        parse_math=False,
    )
