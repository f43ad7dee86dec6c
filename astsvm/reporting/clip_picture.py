"""One picture of everything stored of a clip: frames, optical flow, image differences."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from astsvm.reporting.flow_legend import (
    SIGNED_COLOURS,
    draw_direction_key,
    draw_sign_key,
    flow_colours,
    frame_treatment,
    point_names,
    setting,
    small_print,
    title_lines,
)
from astsvm.storage.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from astsvm.storage.reader import ClipCollection

__all__ = ["clip_figure", "draw_clip"]

# Inches.
_NARROWEST = 8.2
_LABEL, _KEY, _GAP = 1.8, 1.75, 0.06
_TILE, _LARGEST_TILE = 1.15, 1.6
_LINE, _HEAD, _ROW_GAP = 0.17, 0.42, 0.2

_FULL_SCALE_QUANTILE = 0.995
_MOST_COLUMNS = 24
"""More would make a picture that no viewer shows, and in the end one that cannot be drawn."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Tiles side by side: points of time that end at the last one, or panels with own names."""

    heading: str
    note: str
    tiles: Sequence[npt.NDArray[Any]]
    options: dict[str, Any]
    key: Callable[[Any], None] | None = None
    panels: tuple[str, ...] = ()


class _Sheet:
    """A figure that is filled from the top, in inches: nothing overlaps and nothing is cut."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure = Figure(figsize=(width, height))
        FigureCanvasAgg(self.figure)

    def write(self, x: float, top: float, words: str, **style: Any) -> None:
        at = (x / self.width, 1 - top / self.height)
        full_style: dict[str, Any] = {"va": "top", "fontsize": 8} | style
        # Names are the user's: a $ in one must not start a formula.
        self.figure.text(*at, words, parse_math=False, **full_style)

    def axes(self, x: float, top: float, width: float, height: float) -> Any:
        bottom = 1 - (top + height) / self.height
        axes = self.figure.add_axes(
            (x / self.width, bottom, width / self.width, height / self.height)
        )
        axes.set_axis_off()
        return axes


def draw_clip(clips: ClipCollection, index: int, path: Path) -> None:
    """Write a PNG with the aligned frames, flow and differences of one clip, and their keys.

    Parameters
    ----------
    clips : ClipCollection
        An open collection.
    index : int
        Position of the clip in ``clips.records``.
    path : Path
        The PNG to write; it appears whole or not at all.

    Raises
    ------
    StorageError
        If the PNG cannot be written.
    """
    figure = clip_figure(clips, index)
    with warnings.catch_warnings():
        # A name in a script the font lacks is drawn as boxes; the command prints it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        write_atomically(path, lambda file: figure.savefig(file, dpi=110, format="png"))


def clip_figure(clips: ClipCollection, index: int) -> Figure:
    """Return the figure that :func:`draw_clip` writes.

    Frames are numbered from 1; a field and a difference stand below the frame that they lead to.
    Of more than 24 points of time 24 are drawn, evenly chosen, and the apex.

    Parameters
    ----------
    clips : ClipCollection
        An open collection.
    index : int
        Position of the clip in ``clips.records``.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas: no display is needed.
    """
    record = clips.records[index]
    stored = clips.frames(index)
    frames = 0 if stored is None else len(stored)
    rows = _rows(clips, index, stored)
    points = max((len(row.tiles) for row in rows if not row.panels), default=0)
    names = point_names(record, points) if frames == points > 0 else {}
    shown = _shown_points(points, names)
    columns = max(len(shown), *(len(row.panels) for row in rows))
    tile = min(max((_NARROWEST - _LABEL - _KEY) / columns - _GAP, _TILE), _LARGEST_TILE)
    width = max(_NARROWEST, _LABEL + columns * (tile + _GAP) + _KEY)
    # Eight letters an inch: a name of the widest ones fits as well. Of the small print, sixteen.
    title = title_lines(record, clips.synthetic, int(8 * (width - 0.2)))
    said = " ".join(small_print(record, clips.settings, frames, len(shown)))
    notes = textwrap.wrap(said, int(16 * width))
    heads = bool(points) + sum(bool(row.panels) for row in rows)
    lines = len(title) + len(notes)

    sheet = _Sheet(width, 0.35 + lines * _LINE + heads * _HEAD + len(rows) * (tile + _ROW_GAP))
    sheet.write(width / 2, 0.1, "\n".join(title), ha="center", fontsize=9, linespacing=1.3)
    top = 0.2 + len(title) * _LINE
    if points:
        _number(sheet, top, tile, shown, names)
        top += _HEAD
    for row in rows:
        top += _HEAD if row.panels else 0
        # Counted back from the last point: the shorter rows lack the first one.
        positions = range(len(row.tiles)) if row.panels else [point - points for point in shown]
        _draw_row(sheet, row, top, tile, positions)
        top += tile + _ROW_GAP
    sheet.write(0.1, top, "\n".join(notes), fontsize=7.5, linespacing=1.4, color="0.25")
    return sheet.figure


def _shown_points(points: int, names: dict[int, str]) -> list[int]:
    """Choose the points of time to draw, evenly, and those with a name."""
    even = np.linspace(0, points - 1, min(points, _MOST_COLUMNS)).round().astype(int)
    return sorted({*even.tolist(), *names})


def _number(
    sheet: _Sheet, top: float, tile: float, shown: list[int], names: dict[int, str]
) -> None:
    """Write each column's number and what is known of that point of time."""
    for column, point in enumerate(shown):
        middle = _LABEL + column * (tile + _GAP) + tile / 2
        sheet.write(middle, top, str(point + 1), ha="center", weight="bold")
        sheet.write(middle, top + _LINE, names.get(point, ""), ha="center")


def _draw_row(sheet: _Sheet, row: _Row, top: float, tile: float, wanted: Sequence[int]) -> None:
    """Draw the wanted tiles; points of time are counted back from the last one, which is -1."""
    heading = textwrap.wrap(row.heading, 20)
    sheet.write(0.1, top, "\n".join(heading), weight="bold", linespacing=1.2)
    sheet.write(0.1, top + len(heading) * _LINE, row.note, fontsize=7.5, linespacing=1.3)
    for column, position in enumerate(wanted):
        if position < -len(row.tiles):
            continue  # The first frame has no field before it.
        x = _LABEL + column * (tile + _GAP)
        sheet.axes(x, top, tile, tile).imshow(row.tiles[position], **row.options)
        if row.panels:
            sheet.write(x + tile / 2, top - 0.04, row.panels[position], ha="center", va="bottom")
    if row.key is not None:
        columns_end = _LABEL + len(wanted) * (tile + _GAP)
        row.key(sheet.axes(columns_end + 0.06, top, _KEY - 0.1, tile))


def _rows(clips: ClipCollection, index: int, frames: npt.NDArray[np.uint8] | None) -> list[_Row]:
    rows: list[_Row] = []
    if frames is not None:
        grey = {"cmap": "gray", "vmin": 0, "vmax": 255}
        rows.append(_Row("frames", ",\n".join(frame_treatment(clips.settings)), list(frames), grey))
    for stream in clips.streams:
        values = clips.read_batch(stream, [index])[0].astype(np.float32)
        scale = float(np.quantile(np.abs(values), _FULL_SCALE_QUANTILE)) or 1.0
        if stream == "flow" and values.shape[-1] == 2:
            rows.append(_flow_row(values, scale, clips.settings))
        elif stream == "flow" and values.shape[0] == 1 and values.shape[-1] == 3:
            rows.append(_flow_image_row(values[0], scale))
        elif stream == "idsf" and values.shape[-1] == 1:
            rows.append(_difference_row(values, scale))
        else:
            rows.extend(_unknown_rows(stream, values, scale))
    return rows


def _flow_row(fields: npt.NDArray[np.float32], scale: float, settings: dict[str, Any]) -> _Row:
    since_onset = setting(settings, "flow", "reference") == "onset"
    note = (
        f"motion since {'frame 1' if since_onset else 'the frame before'}\n"
        "colour: direction\nbrightness: distance,\n"
        f"full at {scale:.2g} px{'' if since_onset else ' per step'}\nor more; black: none"
    )
    tiles = [flow_colours(field, scale) for field in fields]
    return _Row("optical flow", note, tiles, {}, draw_direction_key)


def _flow_image_row(image: npt.NDArray[np.float32], scale: float) -> _Row:
    def key(axes: Any) -> None:
        draw_sign_key(
            axes, f"+{scale:.2g} or more", "0: median of\nthe panel", f"−{scale:.2g} or less"
        )

    note = (
        "from onset to apex, one\nimage made elsewhere;\nunit: the range of the\n"
        "whole panel (its scale\nin px is not known)"
    )
    panels = (
        "u: red (> 0) to the right,\nblue (< 0) to the left",
        "v: red (> 0) downwards,\nblue (< 0) upwards",
        "strain: red (> 0) more\nthan the median",
    )
    tiles = list(np.moveaxis(image, -1, 0))
    return _Row("flow image", note, tiles, _signed(scale), key, panels)


def _difference_row(differences: npt.NDArray[np.float32], scale: float) -> _Row:
    def key(axes: Any) -> None:
        draw_sign_key(
            axes,
            f"+{scale:.2g} or more:\nbrighter than frame 1",
            "0: no difference",
            f"−{scale:.2g} or less:\ndarker than frame 1",
        )

    note = "image difference with\nthe starting frame, in\ngrey value (black is 0,\nwhite is 1)"
    return _Row("IDSF", note, list(differences[..., 0]), _signed(scale), key)


def _unknown_rows(stream: str, values: npt.NDArray[np.float32], scale: float) -> list[_Row]:
    """Return a row for each channel of a stream that another program has named."""

    def key(axes: Any) -> None:
        draw_sign_key(axes, f"+{scale:.2g} or more", "0", f"−{scale:.2g} or less")

    channels = values.shape[-1]
    return [
        _Row(
            stream,
            f"channel {channel + 1} of {channels}",
            list(values[..., channel]),
            _signed(scale),
            key,
        )
        for channel in range(channels)
    ]


def _signed(scale: float) -> dict[str, Any]:
    return {"cmap": SIGNED_COLOURS, "vmin": -scale, "vmax": scale}
