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
_MOST_LISTED = 40
"""More would make a picture that no viewer shows; the table has them all."""
_TWO_COLUMNS = 72
"""Letters of the longest line beside which there is room for another one."""
_LETTERS = 120
_ROOM = 1.25
"""Of the height that shows candidates, how much the panel has: numbers stand above the curve."""


def timeline_picture(timeline: Timeline, name: str) -> Picture:
    """Draw the motion at brows, eyes and mouth, a panel each, with candidates and blinks.

    Parameters
    ----------
    timeline : Timeline
    name : str
        What the video is called.
    """
    notices = [line for text in timeline.notices for line in textwrap.wrap(text, _LETTERS)]
    found, lines = len(timeline.expressions), _lines(timeline)
    return drawn(
        partial(_paint, timeline=timeline, name=name, notices=notices, lines=lines),
        (_WIDTH, _HEAD + _PANEL * len(REGIONS) + _LINE * len(notices) + _list_height(lines)),
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
        told = f"{shown(said.label)}, probability {said.probabilities[best]:.2f}"
        if said.most_probable in (None, said.label):
            return told
        most = float(said.probabilities.max())
        return f"{told} (most probable: {shown(str(said.most_probable))}, {most:.2f})"
    return f"{shown(said.label)}, score {said.scores[best]:.2f}"


def _paint(
    figure: Figure, timeline: Timeline, name: str, notices: list[str], lines: list[str]
) -> None:
    found = timeline.spotting
    listed = _list_height(lines)
    heights = [_PANEL] * len(REGIONS) + [listed] * bool(listed)
    panels = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    if listed:
        _list(panels[-1], lines)
        panels = panels[:-1]
    for number, axes in enumerate(panels):
        _draw_motion(axes, timeline, number)
        axes.set_xlim(0, found.length / found.fps)
        if number < len(panels) - 1:
            axes.tick_params(labelbottom=False)
    panels[-1].set_xlabel(
        "seconds      blue: candidates, orange: taken for blinks, dashed: threshold; px of a face "
        "192 px wide; \u25b2: cut off, goes on to the number beside it",
        fontsize=8,
    )
    write_heading(figure, shown(name, 90), notices)


def _draw_motion(axes: Any, timeline: Timeline, number: int) -> None:
    """Draw the motion of a region, with bands of blinks and candidates; its own have numbers."""
    found, region = timeline.spotting, REGIONS[number]
    motion = np.where(found.seen, found.signal[:, number], np.nan)
    axes.plot(found.frames / found.fps, motion, color=INK, linewidth=0.8)
    axes.axhline(found.thresholds[number], color=SOFT, linewidth=0.7, linestyle="--")
    for blink in found.blinks:
        _shade(axes, blink.onset, blink.offset, found.fps, WRONG)
    numbered = len(timeline.expressions) <= _MOST_LISTED
    for place, timed in enumerate(timeline.expressions):
        own = timed.candidate
        _shade(axes, own.onset, own.offset, found.fps, RIGHT)
        if own.region == region and numbered:
            # In turns at two heights: candidates may follow each other closely.
            at = (own.apex / found.fps, 0.98 - 0.14 * (place % 2))
            axes.annotate(
                str(place + 1), at, xycoords=("data", "axes fraction"), ha="center", va="top",
                fontsize=8, fontweight="bold", color=INK,
            )  # fmt: skip
    own_motion = [t.candidate.motion for t in timeline.expressions if t.candidate.region == region]
    limit = _ROOM * max(_top(found.signal[:, number], found.thresholds[number]), *own_motion, 0.0)
    _mark_cuts(axes, motion, found.frames / found.fps, limit)
    axes.set_ylabel(f"{region}\npx", fontsize=8)
    axes.set_ylim(0, limit)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def _mark_cuts(axes: Any, motion: Any, seconds: Any, limit: float) -> None:
    """Say where the curve is cut off at the top, and how high it goes."""
    above = np.concatenate([[False], motion > limit, [False]])
    first, last = np.flatnonzero(above[1:] & ~above[:-1]), np.flatnonzero(above[:-1] & ~above[1:])
    for begin, end in zip(first, last, strict=True):
        peak = begin + int(np.argmax(motion[begin:end]))
        axes.annotate(
            f"\u25b2{motion[peak]:.1f}", (seconds[peak], 1.0), xycoords=("data", "axes fraction"),
            ha="center", va="bottom", fontsize=7, color=INK, annotation_clip=False,
        )  # fmt: skip


def _lines(timeline: Timeline) -> list[str]:
    """Return what the numbers stand for; nothing if there are too many."""
    if len(timeline.expressions) > _MOST_LISTED:
        return []
    fps = timeline.spotting.fps
    return [
        f"{number}:  {timed.candidate.onset / fps:.2f} to {timed.candidate.offset / fps:.2f} s, "
        f"{timed.candidate.region}: {score_text(timed)}"
        for number, timed in enumerate(timeline.expressions, 1)
    ]


def _columns(lines: list[str]) -> int:
    return 2 if max(map(len, lines)) <= _TWO_COLUMNS else 1


def _list_height(lines: list[str]) -> float:
    """Return the inches that the list of candidates takes."""
    return _LINE * (1 - -len(lines) // _columns(lines)) if lines else 0.0


def _list(axes: Any, lines: list[str]) -> None:
    axes.set_axis_off()
    columns = _columns(lines)
    rows = -(-len(lines) // columns)
    for column in range(columns):
        axes.text(
            column / columns,
            1.0,
            "\n".join(lines[column * rows : (column + 1) * rows]),
            transform=axes.transAxes,
            va="top",
            fontsize=8,
            linespacing=1.4,
            color=INK,
            # A $ in a class's name must not start a formula.
            parse_math=False,
        )


def _top(signal: Any, threshold: float) -> float:
    """Return a height that shows what is usual: blinks are many times higher, and are cut off."""
    return max(float(np.quantile(signal, 0.98)), 2.5 * threshold)


def _shade(axes: Any, first: int, last: int, fps: float, colour: str) -> None:
    axes.axvspan(first / fps, last / fps, color=colour, alpha=0.3, linewidth=0)
