"""One picture of a recognition: the clip as the model saw it, where it looked, what it says."""

from __future__ import annotations

import io
import textwrap
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from astsvm.reporting.attention_picture import attention_limit, draw_frames, draw_places
from astsvm.reporting.feature_rows import clip_rows
from astsvm.reporting.fold_readings import MapsOfClip
from astsvm.reporting.picture import ALARM, INK, RIGHT, SOFT
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
from astsvm.storage.atomic import write_bytes_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from astsvm.config import PreprocessingSettings
    from astsvm.recognizer.recognition import Recognition

__all__ = ["draw_recognition", "recognition_figure", "recognition_png"]

_STREAMS = {"flow": "flow", "idsf": "image difference"}
_LONGEST_NAME = 90
_PANEL, _PANEL_GAP = 1.5, 0.45
_BAR, _PANEL_HEAD = 0.24, 0.42
_WIDEST_BARS, _BARS_GAP = 3.4, 0.35
_MOST_CLASSES = 20
_NOT_AN_EXPLANATION = (
    "An attention map is not an explanation: it shows where the network weighs its input more, not "
    "why it says what it says."
)
_KINDS = (
    ("scores", "scores of the SVM,\nwhich decide"),
    ("probabilities", "probabilities,\ncalibrated"),
    ("softmax", "softmax of the network,\nnot calibrated"),
)


def draw_recognition(
    recognition: Recognition, settings: PreprocessingSettings, name: str, path: Path
) -> None:
    """Write a PNG of :func:`recognition_figure`, whole or not at all.

    Raises
    ------
    StorageError
        If the PNG cannot be written.
    """
    write_bytes_atomically(path, recognition_png(recognition, settings, name))


def recognition_png(recognition: Recognition, settings: PreprocessingSettings, name: str) -> bytes:
    """Return :func:`recognition_figure` as a PNG file."""
    figure, png = recognition_figure(recognition, settings, name), io.BytesIO()
    with warnings.catch_warnings():
        # A name in a script the font lacks is drawn as boxes; the command prints it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(png, dpi=110, format="png")
    return png.getvalue()


def recognition_figure(
    recognition: Recognition, settings: PreprocessingSettings, name: str
) -> Figure:
    """Return the figure of a recognition: frames, features, attention, and what is said.

    Parameters
    ----------
    recognition : Recognition
        Made with maps, if attention is to be shown.
    settings : PreprocessingSettings
        Of the model.
    name : str
        What the clip is called.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas: no display is needed.
    """
    rows = clip_rows(recognition.frames, recognition.streams, settings.model_dump(mode="json"))
    points = max((len(row.tiles) for row in rows if not row.panels), default=0)
    shown = shown_points(points, {})
    widths = SheetWidths.of_columns(max(len(shown), *(len(row.panels) for row in rows)))
    letters = int(8 * (widths.sheet - 0.4))
    notices = [line for text in recognition.notices for line in textwrap.wrap(text, letters)]
    shown_name = name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"
    title = textwrap.wrap(f"{shown_name}   recognised as: {recognition.label}", letters)
    heads = bool(points) + sum(bool(row.panels) for row in rows)
    answers = _answers_height(recognition)
    height = 0.45 + (len(notices) + len(title)) * LINE + heads * HEAD
    lower = max(answers, _PANEL + _PANEL_HEAD + HEAD)
    height += len(rows) * (widths.tile + ROW_GAP) + lower
    height += 1.5 * LINE if recognition.attention else 0

    sheet = Sheet(widths.sheet, height)
    middle = widths.sheet / 2
    sheet.write(middle, 0.1, "\n".join(notices), ha="center", color=ALARM, weight="bold")
    top = 0.12 + len(notices) * LINE
    sheet.write(middle, top, "\n".join(title), ha="center", fontsize=10, color=INK)
    top += 0.12 + len(title) * LINE
    if points:
        number_points(sheet, top, widths.tile, shown, {})
        top += HEAD
    for row in rows:
        top += HEAD if row.panels else 0
        positions = range(len(row.tiles)) if row.panels else [point - points for point in shown]
        draw_row(sheet, row, top, widths.tile, positions)
        top += widths.tile + ROW_GAP
    used = _draw_attention(sheet, recognition, top)
    _draw_answers(sheet, recognition, used, top)
    if recognition.attention:
        sheet.write(0.15, top + lower, _NOT_AN_EXPLANATION, color=INK)
    return sheet.figure


def _draw_attention(sheet: Sheet, recognition: Recognition, top: float) -> float:
    """Draw places and frames of every stream's attention; return how far to the right they go."""
    x = 0.15
    if not recognition.attention:
        return x
    limit = attention_limit([MapsOfClip(recognition.attention, recognition.motion)])
    for stream, motion in recognition.motion.items():
        name = _STREAMS.get(stream, stream)
        sheet.write(
            x,
            top,
            f"attention on the {name}:\nred: much, blue: little\nbars: by frame",
            linespacing=1.2,
        )
        place = sheet.axes(x, top + _PANEL_HEAD + 0.05, _PANEL, _PANEL)
        draw_places(place, motion, recognition.attention.get(stream), limit)
        frames = sheet.axes(x, top + _PANEL_HEAD + _PANEL + 0.1, _PANEL, HEAD - 0.15)
        by_frame = recognition.attention.get(f"{stream}_frames")
        if by_frame is not None:
            frames.set_axis_on()
            draw_frames(frames, by_frame)
            frames.set_yticks([])
            frames.set_xticks([])
        x += _PANEL + _PANEL_GAP
    return x


def _answers_height(recognition: Recognition) -> float:
    classes = min(len(recognition.class_names), _MOST_CLASSES)
    return _PANEL_HEAD + 0.3 + _BAR * classes


def _draw_answers(sheet: Sheet, recognition: Recognition, x: float, top: float) -> None:
    """Draw a bar for every class, in panels of their own: scores are no probabilities."""
    kinds = [(key, title) for key, title in _KINDS if getattr(recognition, key) is not None]
    best = np.argsort(-recognition.scores, kind="stable")[:_MOST_CLASSES]
    names = [recognition.class_names[i] for i in best]
    longest = min(max(len(name) for name in names), 14)
    x += 0.085 * longest
    width = min((sheet.width - x) / len(kinds) - _BARS_GAP, _WIDEST_BARS)
    for number, (key, title) in enumerate(kinds):
        left = x + number * (width + _BARS_GAP)
        sheet.write(left, top, title, linespacing=1.2, fontsize=7.5)
        axes = sheet.axes(left, top + _PANEL_HEAD + 0.05, width, _BAR * len(best))
        axes.set_axis_on()
        _draw_bars(axes, getattr(recognition, key)[best], names if number == 0 else [], key)


def _draw_bars(axes: Any, values: Any, names: list[str], key: str) -> None:
    places = np.arange(len(values))
    axes.barh(places, values, color=[RIGHT] + [SOFT] * (len(values) - 1), height=0.7)
    reach = 1.0 if key != "scores" else max(1.0, float(np.abs(values).max()))
    axes.set_xlim(-reach if key == "scores" else 0, reach)
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.set_xticks([-reach, 0, reach] if key == "scores" else [0, 1])
    axes.tick_params(labelsize=7, length=2)
    axes.set_yticks(places if names else [])
    if names:
        shown = [name if len(name) <= 14 else f"{name[:13]}…" for name in names]
        axes.set_yticklabels(shown, fontsize=8, parse_math=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            f"{value:.2f}",
            (max(float(value), 0.0), place),
            xytext=(2, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            clip_on=False,
        )
