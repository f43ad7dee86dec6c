"""One picture of everything stored of a clip: frames, optical flow, image differences."""

from __future__ import annotations

import textwrap
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from astsvm.reporting.feature_rows import clip_rows
from astsvm.reporting.flow_legend import point_names, small_print, title_lines
from astsvm.reporting.picture_sheet import (
    HEAD,
    LINE,
    ROW_GAP,
    Sheet,
    SheetWidths,
    draw_row,
    number_points,
    shown_points,
)
from astsvm.storage.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from astsvm.storage.reader import ClipCollection

__all__ = ["clip_figure", "draw_clip"]


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
    streams = {name: clips.read_batch(name, [index])[0] for name in clips.streams}
    rows = clip_rows(stored, streams, clips.settings)
    points = max((len(row.tiles) for row in rows if not row.panels), default=0)
    names = point_names(record, points) if frames == points > 0 else {}
    shown = shown_points(points, names)
    columns = max(len(shown), *(len(row.panels) for row in rows))
    widths = SheetWidths.of_columns(columns)
    width, tile = widths.sheet, widths.tile
    # Eight letters an inch: a name of the widest ones fits as well. Of the small print, sixteen.
    title = title_lines(record, clips.synthetic, int(8 * (width - 0.2)))
    said = " ".join(small_print(record, clips.settings, frames, len(shown)))
    notes = textwrap.wrap(said, int(16 * width))
    heads = bool(points) + sum(bool(row.panels) for row in rows)
    lines = len(title) + len(notes)

    sheet = Sheet(width, 0.35 + lines * LINE + heads * HEAD + len(rows) * (tile + ROW_GAP))
    sheet.write(width / 2, 0.1, "\n".join(title), ha="center", fontsize=9, linespacing=1.3)
    top = 0.2 + len(title) * LINE
    if points:
        number_points(sheet, top, tile, shown, names)
        top += HEAD
    for row in rows:
        top += HEAD if row.panels else 0
        # Counted back from the last point: the shorter rows lack the first one.
        positions = range(len(row.tiles)) if row.panels else [point - points for point in shown]
        draw_row(sheet, row, top, tile, positions)
        top += tile + ROW_GAP
    sheet.write(0.1, top, "\n".join(notes), fontsize=7.5, linespacing=1.4, color="0.25")
    return sheet.figure
