"""The legend of a clip's picture: its colours, their keys, and what is said about the frames."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from astsvm.storage.entry import ClipRecord

__all__ = [
    "SIGNED_COLOURS",
    "draw_direction_key",
    "draw_sign_key",
    "draw_size_key",
    "flow_colours",
    "frame_treatment",
    "point_names",
    "setting",
    "small_print",
    "title_lines",
]

Floats = npt.NDArray[np.float32]

SIGNED_COLOURS = "RdBu_r"
"""Matplotlib's colour map for signed images: red above 0, white at 0, blue below."""

_WHEEL_PIXELS = 129
_FONT_SIZE = 8
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


def draw_direction_key(axes: Any) -> None:
    """Draw a wheel: each of its points has the colour of the motion from the centre to it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Empty axes, at least 1.1 inches high and 1.5 inches wide.
    """
    across = np.linspace(-1, 1, _WHEEL_PIXELS, dtype=np.float32)
    outwards = np.stack(np.meshgrid(across, across), axis=-1)
    radius = np.linalg.norm(outwards, axis=-1)
    # Transparent outside the rim, so that the wheel does not end in a square of full brightness.
    opaque = np.where(radius <= 1, 255, 0).astype(np.uint8)
    wheel = np.dstack([flow_colours(outwards, 1.0), opaque])
    axes.imshow(wheel, extent=(-1, 1, 1, -1))
    axes.set_xlim(-2, 2)
    axes.set_ylim(1.4, -1.4)
    for word, x, y, horizontal, vertical in (
        ("right", 1.1, 0, "left", "center"),
        ("left", -1.1, 0, "right", "center"),
        ("up", 0, -1.05, "center", "bottom"),
        ("down", 0, 1.05, "center", "top"),
    ):
        axes.text(x, y, word, ha=horizontal, va=vertical, fontsize=_FONT_SIZE)
    axes.set_axis_off()


def draw_sign_key(axes: Any, above: str, zero: str, below: str) -> None:
    """Draw a bar of the signed colours with words at its top, middle and bottom.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Empty axes, at least 1.1 inches high and 1.5 inches wide.
    above, zero, below : str
        What the strongest red, white and the strongest blue stand for.
    """
    bar = np.linspace(1, -1, _WHEEL_PIXELS)[:, None]
    axes.imshow(bar, cmap=SIGNED_COLOURS, vmin=-1, vmax=1, extent=(0, 0.12, 0, 1), aspect="auto")
    axes.plot([0, 0.12, 0.12, 0, 0], [0, 0, 1, 1, 0], color="0.6", linewidth=0.6, clip_on=False)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.02, 1.02)
    for words, y, vertical in ((above, 1, "top"), (zero, 0.5, "center"), (below, 0, "bottom")):
        axes.text(0.17, y, words, ha="left", va=vertical, fontsize=_FONT_SIZE, parse_math=False)
    axes.set_axis_off()


def draw_size_key(axes: Any, colours: str, most: str, zero: str) -> None:
    """Draw a bar of one of matplotlib's colour maps with words at its top and bottom.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Empty axes, at least 1.1 inches high and 1.5 inches wide.
    colours : str
        Name of the colour map.
    most, zero : str
        What its last and its first colour stand for.
    """
    bar = np.linspace(1, 0, _WHEEL_PIXELS)[:, None]
    axes.imshow(bar, cmap=colours, vmin=0, vmax=1, extent=(0, 0.12, 0, 1), aspect="auto")
    axes.plot([0, 0.12, 0.12, 0, 0], [0, 0, 1, 1, 0], color="0.6", linewidth=0.6, clip_on=False)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.02, 1.02)
    for words, y, vertical in ((most, 1, "top"), (zero, 0, "bottom")):
        axes.text(0.17, y, words, ha="left", va=vertical, fontsize=_FONT_SIZE, parse_math=False)
    axes.set_axis_off()


def title_lines(record: ClipRecord, synthetic: bool, letters: int) -> list[str]:
    """Return the clip's name and label, then what is known of its place in the source.

    Parameters
    ----------
    record : ClipRecord
        Of the clip.
    synthetic : bool
        Mark the clip as SYNTHETIC.
    letters : int
        Longest line; a name and label of more than 150 letters are cut.

    Returns
    -------
    list of str
        One line or more.
    """
    mark = "SYNTHETIC  " if synthetic else ""
    name = f"{mark}{record.key}   {record.label}"
    name = name if len(name) <= _LONGEST_TITLE else f"{name[: _LONGEST_TITLE - 1]}…"
    positions = ", ".join(
        f"{word} {position}"
        for word, position in (
            ("onset", record.onset),
            ("apex", record.apex),
            ("offset", record.offset),
        )
        if position is not None
    )
    span = [f"source frames, counted from 0: {positions}"] if positions else []
    span += [f"{record.fps:g} frames per second"] if record.fps is not None else []
    lines = textwrap.wrap(name, letters)
    return [*lines, "   ".join(span)] if span else lines


def setting(settings: dict[str, Any], *names: str) -> Any:
    """Return a clip file's setting by its path; None where the file holds none of that name."""
    value: Any = settings
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def frame_treatment(settings: dict[str, Any]) -> list[str]:
    """Return what was done to the stored frames, as far as the clip file's settings say."""
    done = []
    if (alignment := setting(settings, "alignment")) is not None:
        done.append("resized" if alignment == "none" else "aligned")
    if (magnification := setting(settings, "magnification")) is not None:
        switched_off = setting(magnification, "alpha") == 0
        done.append("not magnified" if switched_off else "motion magnified")
    return done


def point_names(record: ClipRecord, points: int) -> dict[int, str]:
    """Name the points of time, counted from 0, at which something happens.

    Parameters
    ----------
    record : ClipRecord
        Of the clip; where it knows no onset or offset, the ends get plainer names.
    points : int
        Evenly spaced from onset to offset.

    Returns
    -------
    dict of int to str
        The first and the last point, and the one nearest to the apex if its place is known.
    """
    names = {0: ["first" if record.onset is None else "onset"]}
    names.setdefault(points - 1, []).append("last" if record.offset is None else "offset")
    apex = _apex_point(record, points)
    if apex is not None:
        names.setdefault(apex, []).append("apex")
    return {point: ", ".join(words) for point, words in names.items()}


def _apex_point(record: ClipRecord, points: int) -> int | None:
    onset, apex, offset = record.onset, record.apex, record.offset
    if onset is None or apex is None or offset is None or not onset <= apex <= offset > onset:
        return None
    return round((apex - onset) / (offset - onset) * (points - 1))


def small_print(record: ClipRecord, settings: dict[str, Any], points: int, shown: int) -> list[str]:
    """Return sentences about what the picture shows and what it does not tell by itself.

    Parameters
    ----------
    record : ClipRecord
        Of the clip.
    settings : dict
        Of the clip file; what they do not hold is passed over.
    points, shown : int
        Frames stored of the clip, 0 for none, and those that are drawn.

    Returns
    -------
    list of str
        Whole sentences.
    """
    said = ["Left and right are the picture's, not the person's."]
    if points:
        treatment = ", ".join(frame_treatment(settings)) or "stored"
        said.append(
            f"Frames 1 to {points}: {treatment}, evenly spaced over the clip"
            + (f", {shown} of them drawn." if shown < points else ".")
        )
        if "motion magnified" in frame_treatment(settings):
            said.append("Magnification leaves frame 1 as it was filmed.")
        said.append(
            "Flow and differences are computed before these frames are cut to black and white "
            "and rounded; each stands below the frame that it leads to."
        )
        if _apex_point(record, points) is not None:
            said.append("The frame named apex is the one nearest to it.")
    if setting(settings, "flow", "head_motion") == "median":
        said.append(
            "The head's own motion is taken off the flow: the median of each field's u and v."
        )
    if setting(settings, "flow", "head_motion") == "none":
        said.append("The flow contains the head's own motion.")
    if setting(settings, "illumination") == "median":
        said.append("The median is taken off each image difference, so white is the median.")
    return said
