"""Rows of a clip's picture about its motion: arrows on the frames, and the strain of the skin."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.features import optical_strain
from astsvm.reporting.flow_legend import draw_size_key, setting
from astsvm.reporting.picture_sheet import Row

__all__ = ["Curve", "motion_curves", "motion_rows"]

Floats = npt.NDArray[np.float32]
Curve = tuple[str, npt.NDArray[np.floating]]
"""What is drawn over time, with its unit, and a value for each step."""

STRAIN_COLOURS = "magma_r"
"""Matplotlib's colour map for strain: pale at 0, dark where the skin deforms most."""

_ARROWS = 13
_ARROW_REACH = 1.4
_SHORTEST = 0.12
"""Part of the longest arrow; what is shorter would be a dot."""
_PALE = 0.55
_FULL_SCALE_QUANTILE = 0.995


def motion_rows(
    frames: npt.NDArray[np.uint8] | None, flow: npt.NDArray[np.floating], settings: dict[str, Any]
) -> list[Row]:
    """Return a row of arrows and a row of strain, the latter where the fields allow it.

    Parameters
    ----------
    frames : ndarray of shape (n, H, W), uint8, or None
        Aligned frames; arrows are drawn on the frame that they lead to.
    flow : ndarray of shape (T, H, W, 2)
        Pixels per step, u to the right, v downwards.
    settings : dict
        How they came about, as a clip file's settings.
    """
    fields = flow.astype(np.float32)
    rows = [_arrow_row(frames, fields, settings)]
    if min(fields.shape[1:3]) >= 2:
        rows.append(_strain_row(optical_strain(fields)))
    return rows


def motion_curves(flow: npt.NDArray[np.floating]) -> tuple[Curve, Curve]:
    """Return mean distance in pixels and mean strain in percent of every field, over all of it."""
    fields = flow.astype(np.float32)
    distance = np.hypot(fields[..., 0], fields[..., 1]).mean(axis=(1, 2))
    return (
        ("mean motion, px", distance),
        ("mean strain, %", 100 * optical_strain(fields).mean(axis=(1, 2))),
    )


def _arrow_row(
    frames: npt.NDArray[np.uint8] | None, fields: Floats, settings: dict[str, Any]
) -> Row:
    height, width = fields.shape[1:3]
    rows, columns = (_places(side) for side in (height, width))
    shown = fields[:, rows[:, None], columns[None, :]]
    lengths = np.hypot(shown[..., 0], shown[..., 1])
    longest = float(np.quantile(lengths, _FULL_SCALE_QUANTILE)) or 1.0
    enlarged = _ARROW_REACH * width / _ARROWS / longest
    since_onset = setting(settings, "flow", "reference") == "onset"

    def draw(axes: Any, index: int) -> None:
        x, y = np.meshgrid(columns, rows)
        u, v = np.moveaxis(shown[index], -1, 0)
        moving = lengths[index] > _SHORTEST * longest
        axes.quiver(
            x[moving], y[moving], u[moving], v[moving],
            angles="xy", scale_units="xy", scale=1 / enlarged, units="width", width=0.009,
            headwidth=4, headlength=4.5, headaxislength=4, minlength=0, color="#0b3d91",
        )  # fmt: skip
        axes.set_xlim(-0.5, width - 0.5)
        axes.set_ylim(height - 0.5, -0.5)

    start = "frame 1" if since_onset else "the frame before"
    note = textwrap.wrap(
        f"motion since {start}, drawn {enlarged:.2g} times as long; none below "
        f"{_SHORTEST * longest:.1g} px", 24,
    )  # fmt: skip
    options = {"cmap": "gray", "vmin": 0, "vmax": 1}
    return Row(
        "flow as arrows", "\n".join(note), _pale_frames(frames, fields), options, overlay=draw
    )


def _places(side: int) -> npt.NDArray[np.intp]:
    """Return where along a side the arrows start, away from the rim."""
    count = min(_ARROWS, side)
    return np.floor((np.arange(count) + 0.5) * side / count).astype(np.intp)


def _pale_frames(frames: npt.NDArray[np.uint8] | None, fields: Floats) -> Sequence[Any]:
    """Return what arrows are drawn on: the frames that they lead to, or white."""
    count, height, width, _ = fields.shape
    if frames is None or len(frames) < count or frames.shape[1:] != (height, width):
        return list(np.ones((count, height, width), np.float32))
    return [_PALE + (1 - _PALE) * frame / 255 for frame in frames[-count:]]


def _strain_row(strain: Floats) -> Row:
    scale = float(np.quantile(strain, _FULL_SCALE_QUANTILE)) or 1.0

    def key(axes: Any) -> None:
        draw_size_key(axes, STRAIN_COLOURS, f"{_short(100 * scale)} % or more", "0: rigid")

    note = "how much the skin is\nstretched or sheared;\nno matter how the head\nshifts or turns"
    options = {"cmap": STRAIN_COLOURS, "vmin": 0, "vmax": scale}
    return Row("optical strain", note, list(strain), options, key)


def _short(value: float) -> str:
    """Return two significant digits, or a whole number."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
