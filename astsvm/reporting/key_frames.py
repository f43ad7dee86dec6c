"""The band at the top of a clip's picture: onset, landmarks, apex, offset and motion, large."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.reporting.flow_legend import setting
from astsvm.reporting.picture_sheet import LINE, Row, Sheet

__all__ = ["KEY_FRAMES_HEIGHT", "chip_landmarks", "draw_key_frames", "key_points"]

# Inches.
_SIDE, _GAP, _RIM = 2.3, 0.2, 0.1
KEY_FRAMES_HEIGHT = _SIDE + 2 * LINE + 0.3
"""Height of the band with its titles and the gap below, in inches."""

_LANDMARKS = "#ffd21f"


def chip_landmarks(
    landmarks: npt.NDArray[np.floating] | None,
    transform: npt.NDArray[np.float64] | None,
    size: int,
    settings: dict[str, Any],
) -> npt.NDArray[np.float64] | None:
    """Return where the onset's landmarks lie in its aligned frame, (points, 2) pixels, or None.

    Parameters
    ----------
    landmarks, transform, settings
        As a clip file holds them.
    size : int
        Side of the aligned frames in pixels.
    """
    if landmarks is None or transform is None:
        return None
    if setting(settings, "alignment") == "piecewise" and len(landmarks) == 68:
        from astsvm.preprocessing.warping import canonical_chip_landmarks

        return canonical_chip_landmarks(size)
    placed = landmarks.astype(np.float64) @ transform[:, :2].T + transform[:, 2]
    return np.asarray(placed, dtype=np.float64)


def key_points(names: dict[int, str], points: int, motion: npt.NDArray[Any] | None) -> list[int]:
    """Choose the points of time of the band: the first, the apex, the last.

    Parameters
    ----------
    names : dict of int to str
        Of :func:`astsvm.reporting.flow_legend.point_names`.
    points : int
        Frames there are, at least 1.
    motion : ndarray of shape (points - 1,) or None
        Distance from the onset, by which the middle one is chosen where the apex is not known;
        without it, there are two.
    """
    apex = next((point for point, name in names.items() if "apex" in name), None)
    if apex is None and motion is not None and 0 < len(motion) == points - 1:
        apex = int(np.argmax(motion)) + 1
    chosen = [0, *([] if apex is None else [apex]), points - 1]
    return list(dict.fromkeys(chosen))


def draw_key_frames(
    sheet: Sheet,
    top: float,
    frames: npt.NDArray[np.uint8],
    chosen: list[int],
    names: dict[int, str],
    *,
    landmarks: npt.NDArray[np.float64] | None = None,
    arrows: Row | None = None,
    strongest: int = 0,
) -> None:
    """Draw the chosen frames, the first once more with its landmarks, and the strongest motion.

    Parameters
    ----------
    sheet : Sheet
        At least 8 inches wide.
    top : float
        Where the band begins, in inches.
    frames : ndarray of shape (n, H, W), uint8
        Aligned frames.
    chosen, names
        Points of time and what they are called.
    landmarks : ndarray of shape (points, 2) or None
        In pixels of the first frame.
    arrows : Row or None
        The row of arrows, of which the tile `strongest` is drawn.
    strongest : int
        Position of the field with most motion.
    """
    grey = {"cmap": "gray", "vmin": 0, "vmax": 255, "interpolation": "bicubic"}
    panels: list[_Panel] = []
    for point in chosen:
        name = names.get(point, "largest change")
        panels.append(_Panel(name, f"frame no. {point + 1}", frames[point], grey))
    if landmarks is not None:
        draw = functools.partial(_draw_landmarks, landmarks=landmarks, shape=frames.shape[1:])
        first = panels[0].name
        panels.insert(1, _Panel(first, f"with {len(landmarks)} landmarks", frames[0], grey, draw))
    if arrows is not None and (overlay := arrows.overlay) is not None:
        to = f"to no. {len(frames) - len(arrows.tiles) + strongest + 1}"
        tile = arrows.tiles[strongest]
        panels.append(
            _Panel(
                "strongest motion", to, tile, arrows.options, lambda axes: overlay(axes, strongest)
            )
        )
    _draw_panels(sheet, top, panels)


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    name: str
    place: str
    image: npt.NDArray[Any]
    options: dict[str, Any]
    overlay: Callable[[Any], None] | None = None


def _draw_panels(sheet: Sheet, top: float, panels: list[_Panel]) -> None:
    """Draw panels side by side in the middle of the sheet, as large as there is room for."""
    side = min(_SIDE, (sheet.width - 2 * _RIM + _GAP) / len(panels) - _GAP)
    left = (sheet.width - len(panels) * (side + _GAP) + _GAP) / 2
    for number, panel in enumerate(panels):
        x = left + number * (side + _GAP)
        sheet.write(x, top, panel.name, fontsize=9, weight="bold")
        sheet.write(x, top + LINE, panel.place, fontsize=8)
        axes = sheet.axes(x, top + 2 * LINE + 0.04, side, side)
        axes.imshow(panel.image, **panel.options)
        if panel.overlay is not None:
            panel.overlay(axes)


def _draw_landmarks(axes: Any, landmarks: npt.NDArray[np.float64], shape: tuple[int, ...]) -> None:
    height, width = shape
    axes.plot(
        *landmarks.T, linestyle="none", marker="o", markersize=2.6, color=_LANDMARKS,
        markeredgecolor="black", markeredgewidth=0.35,
    )  # fmt: skip
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
