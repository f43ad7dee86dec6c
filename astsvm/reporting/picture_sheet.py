"""A picture that is filled row by row: points of time side by side, each row with its key."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "CURVE",
    "HEAD",
    "LINE",
    "ROW_GAP",
    "Row",
    "Sheet",
    "SheetWidths",
    "draw_curve",
    "draw_row",
    "number_points",
    "shown_points",
]

# Inches.
_NARROWEST = 8.2
_LABEL, _KEY, _GAP = 1.8, 1.75, 0.06
_TILE, _LARGEST_TILE = 1.15, 1.6
LINE, HEAD, ROW_GAP = 0.17, 0.42, 0.2
"""Height of a line of text, of the numbers above the rows, and of the gap below a row; inches."""
CURVE = 0.8
"""Height of a curve over time, in inches."""

_MOST_COLUMNS = 24
"""More would make a picture that no viewer shows, and in the end one that cannot be drawn."""


@dataclass(frozen=True, slots=True)
class Row:
    """Tiles side by side: points of time that end at the last one, or panels with own names.

    ``overlay`` draws on a tile, given its axes and the tile's position in `tiles`.
    """

    heading: str
    note: str
    tiles: Sequence[npt.NDArray[Any]]
    options: dict[str, Any]
    key: Callable[[Any], None] | None = None
    panels: tuple[str, ...] = ()
    overlay: Callable[[Any, int], None] | None = None


@dataclass(frozen=True, slots=True)
class SheetWidths:
    """How wide a sheet and its tiles are, in inches."""

    sheet: float
    tile: float

    @classmethod
    def of_columns(cls, columns: int) -> SheetWidths:
        """Return the widths for a number of tiles side by side."""
        tile = (_NARROWEST - _LABEL - _KEY) / columns - _GAP
        tile = min(max(tile, _TILE), _LARGEST_TILE)
        return cls(max(_NARROWEST, _LABEL + columns * (tile + _GAP) + _KEY), tile)


class Sheet:
    """A figure that is filled from the top, in inches: nothing overlaps and nothing is cut."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure = Figure(figsize=(width, height))
        FigureCanvasAgg(self.figure)

    def write(self, x: float, top: float, words: str, **style: Any) -> None:
        """Write words whose upper left corner lies at a place, in inches from the upper left."""
        at = (x / self.width, 1 - top / self.height)
        full_style: dict[str, Any] = {"va": "top", "fontsize": 8} | style
        # Names are the user's: a $ in one must not start a formula.
        self.figure.text(*at, words, parse_math=False, **full_style)

    def axes(self, x: float, top: float, width: float, height: float) -> Any:
        """Return empty axes at a place, in inches from the upper left."""
        bottom = 1 - (top + height) / self.height
        axes = self.figure.add_axes(
            (x / self.width, bottom, width / self.width, height / self.height)
        )
        axes.set_axis_off()
        return axes


def shown_points(points: int, names: dict[int, str]) -> list[int]:
    """Choose the points of time to draw, evenly, and those with a name."""
    even = np.linspace(0, points - 1, min(points, _MOST_COLUMNS)).round().astype(int)
    return sorted({*even.tolist(), *names})


def number_points(
    sheet: Sheet, top: float, tile: float, shown: list[int], names: dict[int, str]
) -> None:
    """Write each column's number and what is known of that point of time."""
    for column, point in enumerate(shown):
        middle = _LABEL + column * (tile + _GAP) + tile / 2
        sheet.write(middle, top, str(point + 1), ha="center", weight="bold")
        sheet.write(middle, top + LINE, names.get(point, ""), ha="center")


def draw_row(sheet: Sheet, row: Row, top: float, tile: float, wanted: Sequence[int]) -> None:
    """Draw the wanted tiles; points of time are counted back from the last one, which is -1."""
    heading = textwrap.wrap(row.heading, 20)
    sheet.write(0.1, top, "\n".join(heading), weight="bold", linespacing=1.2)
    sheet.write(0.1, top + len(heading) * LINE, row.note, fontsize=7.5, linespacing=1.3)
    for column, position in enumerate(wanted):
        if position < -len(row.tiles):
            continue  # The first frame has no field before it.
        x = _LABEL + column * (tile + _GAP)
        axes = sheet.axes(x, top, tile, tile)
        axes.imshow(row.tiles[position], **row.options)
        if row.overlay is not None:
            row.overlay(axes, position % len(row.tiles))
        if row.panels:
            sheet.write(x + tile / 2, top - 0.04, row.panels[position], ha="center", va="bottom")
    if row.key is not None:
        columns_end = _LABEL + len(wanted) * (tile + _GAP)
        row.key(sheet.axes(columns_end + 0.06, top, _KEY - 0.1, tile))


def draw_curve(
    sheet: Sheet,
    name: str,
    values: npt.NDArray[np.floating],
    top: float,
    tile: float,
    shown: Sequence[int],
    points: int,
) -> None:
    """Draw a curve over the points of time, each value below the middle of its column.

    Parameters
    ----------
    sheet : Sheet
        With columns for the points of time `shown`, out of `points`.
    name : str
        What the values are, and their unit.
    values : ndarray of shape (T,)
        They end at the last point of time.
    top, tile : float
        Where the curve begins and how wide a column's tile is, in inches.
    shown : sequence of int
        Points of time that have a column.
    points : int
        Points of time there are.
    """
    sheet.write(0.1, top, "\n".join(textwrap.wrap(name, 20)), weight="bold", linespacing=1.2)
    width = len(shown) * (tile + _GAP) - _GAP
    axes = sheet.axes(_LABEL, top, width, CURVE)
    column = (tile + _GAP) / 2
    middles = {point: tile / 2 + number * 2 * column for number, point in enumerate(shown)}
    drawn = [point for point in shown if point >= points - len(values)]
    heights = [float(values[point - points]) for point in drawn]
    places = [middles[point] for point in drawn]
    most = max(heights, default=0.0) or 1.0
    axes.axhline(0, color="0.6", linewidth=0.6)
    axes.plot(places, heights, color="#1f5fa8", linewidth=1.3, marker="o", markersize=3)
    axes.fill_between(places, heights, color="#1f5fa8", alpha=0.12, linewidth=0)
    axes.set_xlim(0, width)
    axes.set_ylim(0, 1.12 * most)
    largest = int(np.argmax(heights)) if heights else 0
    if heights:
        sheet.write(
            _LABEL + width + 0.12,
            top,
            f"most: {heights[largest]:.2g},\nat frame no. {drawn[largest] + 1}",
            linespacing=1.3,
        )
