"""One picture of everything stored of a clip: frames, optical flow, image differences."""

from __future__ import annotations

import textwrap
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from astsvm.errors import InvalidInputError
from astsvm.reporting.feature_rows import clip_rows
from astsvm.reporting.flow_legend import point_names, small_print, title_lines
from astsvm.reporting.key_frames import (
    KEY_FRAMES_HEIGHT,
    chip_landmarks,
    draw_key_frames,
    key_points,
)
from astsvm.reporting.motion_rows import Curve, motion_curves, motion_rows
from astsvm.reporting.picture_sheet import (
    CURVE,
    HEAD,
    LINE,
    ROW_GAP,
    Row,
    Sheet,
    SheetWidths,
    draw_curve,
    draw_row,
    number_points,
    shown_points,
)
from astsvm.storage.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from astsvm.storage.reader import ClipCollection

__all__ = ["clip_figure", "draw_clip"]

_DPI = 200
"""Dots an inch: enough for print at the width of a page."""

_METADATA: Final[dict[str, dict[str, None]]] = {
    ".png": {},
    ".pdf": {"CreationDate": None},
    ".svg": {"Date": None},
}
"""Kinds of file, and what must not stand in one: no time of day."""


def draw_clip(clips: ClipCollection, index: int, path: Path) -> None:
    """Write a picture of everything stored of a clip, with keys to all colours.

    On top, large: onset, apex and offset, the landmarks on the onset, the strongest motion. Below,
    over time: frames, flow in colours and as arrows, strain, differences, mean motion and strain.

    Parameters
    ----------
    clips : ClipCollection
        An open collection.
    index : int
        Position of the clip in ``clips.records``.
    path : Path
        The file to write, .png, .pdf or .svg; it appears whole or not at all, and equal clips
        give equal bytes.

    Raises
    ------
    InvalidInputError
        If the file's suffix is another.
    StorageError
        If it cannot be written.
    """
    metadata = _METADATA.get(kind := path.suffix.lower())
    if metadata is None:
        raise InvalidInputError(
            f"{path}: expected a picture named .png, .pdf or .svg, received {path.suffix!r}."
        )
    from matplotlib import rc_context

    figure = clip_figure(clips, index)
    with warnings.catch_warnings(), rc_context({"svg.hashsalt": "astsvm", "pdf.fonttype": 42}):
        # A name in a script the font lacks is drawn as boxes; the command prints it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        write_atomically(
            path,
            lambda file: figure.savefig(file, dpi=_DPI, format=kind[1:], metadata=metadata),
        )


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
    parts = _parts(clips, index)
    record, shown = clips.records[index], parts.shown
    columns = max(len(shown), *(len(row.panels) for row in parts.rows))
    widths = SheetWidths.of_columns(columns)
    width, tile = widths.sheet, widths.tile
    # Eight letters an inch: a name of the widest ones fits as well. Of the small print, sixteen.
    title = title_lines(record, clips.synthetic, int(8 * (width - 0.2)))
    frames = 0 if parts.frames is None else len(parts.frames)
    said = " ".join(small_print(record, clips.settings, frames, len(shown)))
    notes = textwrap.wrap(said, int(16 * width))

    sheet = Sheet(width, _height(parts, len(title) + len(notes), tile))
    sheet.write(width / 2, 0.1, "\n".join(title), ha="center", fontsize=9, linespacing=1.3)
    top = 0.2 + len(title) * LINE
    if parts.frames is not None and parts.key_points:
        draw_key_frames(
            sheet,
            top,
            parts.frames,
            parts.key_points,
            parts.names,
            landmarks=parts.landmarks,
            arrows=next((row for row in parts.rows if row.overlay is not None), None),
            strongest=int(np.argmax(parts.curves[0][1])) if parts.curves else 0,
        )
        top += KEY_FRAMES_HEIGHT
    if parts.points:
        number_points(sheet, top, tile, shown, parts.names)
        top += HEAD
    for row in parts.rows:
        top += HEAD if row.panels else 0
        # Counted back from the last point: the shorter rows lack the first one.
        back = [point - parts.points for point in shown]
        draw_row(sheet, row, top, tile, range(len(row.tiles)) if row.panels else back)
        top += tile + ROW_GAP
    for name, values in parts.curves:
        draw_curve(sheet, name, values, top, tile, shown, parts.points)
        top += CURVE + ROW_GAP
    sheet.write(0.1, top, "\n".join(notes), fontsize=7.5, linespacing=1.4, color="0.25")
    return sheet.figure


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What a clip's picture is made of, from the top."""

    frames: npt.NDArray[np.uint8] | None
    landmarks: npt.NDArray[np.float64] | None
    key_points: list[int]
    names: dict[int, str]
    points: int
    shown: list[int]
    rows: list[Row]
    curves: tuple[Curve, ...]


def _parts(clips: ClipCollection, index: int) -> _Parts:
    """Gather what is stored of a clip, as rows and curves."""
    settings, frames = clips.settings, clips.frames(index)
    streams = {name: clips.read_batch(name, [index])[0] for name in clips.streams}
    rows = clip_rows(frames, streams, settings)
    flow = streams.get("flow")
    curves: tuple[Curve, ...] = ()
    if flow is not None and flow.shape[-1] == 2 and min(flow.shape[1:3]) >= 2:
        place = next(i for i, row in enumerate(rows) if row.heading == "optical flow")
        rows[place + 1 : place + 1] = motion_rows(frames, flow, settings)
        curves = motion_curves(flow)
    points = max((len(row.tiles) for row in rows if not row.panels), default=0)
    whole = frames is not None and len(frames) == points > 0
    names = point_names(clips.records[index], points) if whole else {}
    landmarks = None
    chosen: list[int] = []
    if frames is not None and whole:
        place_of = clips.landmarks(index), clips.transform(index)
        landmarks = chip_landmarks(*place_of, frames.shape[-1], settings)
        change = np.abs(frames[1:].astype(np.float32) - frames[0]).mean(axis=(1, 2))
        chosen = key_points(names, points, change)
    shown = shown_points(points, names)
    return _Parts(frames, landmarks, chosen, names, points, shown, rows, curves)


def _height(parts: _Parts, lines: int, tile: float) -> float:
    """Return the height of the sheet in inches, with so many lines of text."""
    heads = bool(parts.points) + sum(bool(row.panels) for row in parts.rows)
    band = KEY_FRAMES_HEIGHT if parts.key_points else 0.0
    drawn = len(parts.rows) * (tile + ROW_GAP) + len(parts.curves) * (CURVE + ROW_GAP)
    return 0.35 + lines * LINE + heads * HEAD + band + drawn
