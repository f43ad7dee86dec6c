"""One picture of everything stored of a clip: frames, optical flow, image differences."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from astsvm.storage.atomic import write_atomically

if TYPE_CHECKING:
    from astsvm.storage.reader import ClipCollection

__all__ = ["draw_clip", "flow_colours"]

Floats = npt.NDArray[np.float32]

_TILE_INCHES = 1.15
_FULL_SCALE_QUANTILE = 0.995
_LONGEST_TITLE = 150


def flow_colours(flow: Floats, full_scale: float) -> npt.NDArray[np.uint8]:
    """Paint a flow field: the hue is its direction, the brightness its magnitude.

    Parameters
    ----------
    flow : ndarray of shape (H, W, 2), float32
        Pixels per step, u to the right, v downwards.
    full_scale : float
        Magnitude in pixels that is painted at full brightness.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8, RGB
        Motion to the right is red, downwards yellow-green, to the left cyan, upwards violet;
        no motion is black.
    """
    import cv2

    magnitude, degrees = cv2.cartToPolar(
        np.ascontiguousarray(flow[..., 0]), np.ascontiguousarray(flow[..., 1]), angleInDegrees=True
    )
    value = np.clip(magnitude / max(full_scale, 1e-6), 0, 1)
    hsv = np.stack([degrees, np.ones_like(value), value], axis=-1).astype(np.float32)
    painted: npt.NDArray[np.uint8] = np.rint(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255).astype(
        np.uint8
    )
    return painted


def draw_clip(clips: ClipCollection, index: int, path: Path) -> None:
    """Write a PNG with the aligned frames, flow and differences of one clip.

    A field and a difference stand below the frame that they lead to.

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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = _rows(clips, index)
    columns = max(len(tiles) for _, tiles, _ in rows)
    figure = Figure(figsize=(1.2 + columns * _TILE_INCHES, 0.7 + len(rows) * (_TILE_INCHES + 0.25)))
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_frame_on(False)
    for row, (name, tiles, options) in zip(axes, rows, strict=True):
        for axis, tile in zip(row[columns - len(tiles) :], tiles, strict=True):
            axis.imshow(tile, interpolation="nearest", **options)
        row[0].set_ylabel(name, fontsize=8)
    # The user's names: a $ in one must not start a formula.
    figure.suptitle(_title(clips, index), fontsize=9, parse_math=False)
    with warnings.catch_warnings():
        # A name in a script the font lacks is drawn as boxes; the command prints it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.tight_layout(pad=0.4, rect=(0, 0, 1, 0.97))
        write_atomically(path, lambda file: figure.savefig(file, dpi=110, format="png"))


def _title(clips: ClipCollection, index: int) -> str:
    record = clips.records[index]
    span = ", ".join(
        f"{name} {value:g}"
        for name, value in (
            ("onset", record.onset),
            ("apex", record.apex),
            ("offset", record.offset),
            ("fps", record.fps),
        )
        if value is not None
    )
    mark = "SYNTHETIC  " if clips.synthetic else ""
    title = f"{mark}{record.key}   {record.label}   {span}"
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"


def _rows(clips: ClipCollection, index: int) -> list[tuple[str, list[Any], dict[str, Any]]]:
    """Return (name, tiles, imshow options) of each row that the clip has."""
    rows: list[tuple[str, list[Any], dict[str, Any]]] = []
    frames = clips.frames(index)
    if frames is not None:
        rows.append(("aligned,\nmagnified", list(frames), {"cmap": "gray", "vmin": 0, "vmax": 255}))
    for stream in clips.streams:
        values = clips.read_batch(stream, [index])[0].astype(np.float32)
        scale = float(np.quantile(np.abs(values), _FULL_SCALE_QUANTILE)) or 1.0
        if stream == "flow" and values.shape[-1] == 2:
            tiles = [flow_colours(field, scale) for field in values]
            rows.append((f"flow\n(full: {scale:.2f} px)", tiles, {}))
        else:
            signed = {"cmap": "RdBu_r", "vmin": -scale, "vmax": scale}
            tiles = [step[..., c] for step in values for c in range(values.shape[-1])]
            rows.append((f"{stream}\n(full: {scale:.3f})", tiles, signed))
    return rows
