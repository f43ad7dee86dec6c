"""Where the network looked in one clip, over the motion that it weighed.

No face is drawn: the licences of the databases do not allow their pictures to be passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from astsvm.reporting.fold_readings import MapsOfClip
from astsvm.reporting.picture import RIGHT, SOFT, Picture, drawn, write_heading

__all__ = ["attention_limit", "attention_picture", "draw_frames", "draw_places"]

_STREAMS = {"flow": "flow", "idsf": "image difference"}
_SMALLEST_LIMIT, _LARGEST_LIMIT = 1.1, 16.0
_PANEL = 1.4


def attention_limit(maps: Iterable[MapsOfClip]) -> float:
    """Return the end of the colour scale that some clips share.

    The scale reaches from 1 / limit to limit times the average attention, which all but the most
    extreme 0.5 % of the places lie within.
    """
    ratios = [
        np.maximum(values, 1 / np.maximum(values, 1 / _LARGEST_LIMIT)).ravel()
        for clip in maps
        for name, array in clip.attention.items()
        if name in clip.motion
        for values in [array.astype(np.float64)]
    ]
    if not ratios:
        return _SMALLEST_LIMIT
    limit = float(np.quantile(np.concatenate(ratios), 0.995))
    return float(np.clip(limit, _SMALLEST_LIMIT, _LARGEST_LIMIT))


def attention_picture(
    maps: MapsOfClip, limit: float, title: str, name: str, notices: Sequence[str] = ()
) -> Picture:
    """Draw motion, attention over the places, and attention over the frames, a row for a stream.

    Parameters
    ----------
    maps : MapsOfClip
        Of the clip; what its network does not weigh is left out.
    limit : float
        End of the colour scale, see :func:`attention_limit`.
    title : str
        What became of the clip.
    name : str
        Name of the picture, its own on a page.
    notices : sequence of str
        What must not be overlooked.
    """
    return drawn(
        partial(_paint, maps=maps, limit=limit, title=title, notices=notices),
        (4.2, 0.95 + _PANEL * len(maps.motion) + 0.16 * len(notices)),
        name,
        f"{title}: motion in the clip, and where the network looked",
    )


def _paint(
    figure: Figure, maps: MapsOfClip, limit: float, title: str, notices: Sequence[str]
) -> None:
    panels = figure.subplots(
        len(maps.motion), 3, squeeze=False, gridspec_kw={"width_ratios": [1, 1, 0.8]}
    )
    drawn_map = None
    for row, (stream, motion) in zip(panels, maps.motion.items(), strict=True):
        row[0].set_ylabel(_STREAMS.get(stream, stream), parse_math=False)
        _draw_motion(row[0], motion)
        drawn_map = draw_places(row[1], motion, maps.attention.get(stream), limit) or drawn_map
        draw_frames(row[2], maps.attention.get(f"{stream}_frames"))
    for axes, heading in zip(panels[0], ("motion", "attention", "by frame"), strict=True):
        axes.set_title(heading, fontsize=9)
    if drawn_map is not None:
        _draw_scale(figure, panels, drawn_map, limit)
    write_heading(figure, title, notices)


def _draw_motion(axes: Any, motion: npt.NDArray[np.float16]) -> None:
    image = motion.astype(np.float64)
    axes.imshow(image, cmap="Greys", vmin=0, vmax=image.max() or 1, interpolation="none")
    axes.set_xticks([])
    axes.set_yticks([])


def draw_places(
    axes: Any,
    motion: npt.NDArray[np.float16],
    attention: npt.NDArray[np.float16] | None,
    limit: float,
) -> Any:
    """Draw attention over the places of a clip on its motion; None says that it is not weighed."""
    if attention is None:
        axes.axis("off")
        axes.text(0.5, 0.5, "not weighed", ha="center", va="center", color=SOFT)
        return None
    _draw_motion(axes, motion)
    weights = np.clip(attention.astype(np.float64), 1 / limit, limit)
    return axes.imshow(
        weights, cmap="RdBu_r", norm=LogNorm(1 / limit, limit), alpha=0.7, interpolation="none"
    )


def draw_frames(axes: Any, frames: npt.NDArray[np.float16] | None) -> None:
    """Draw attention over the frames of a clip as bars; None says that it is not weighed."""
    if frames is None:
        axes.axis("off")
        axes.text(0.5, 0.5, "not weighed", ha="center", va="center", color=SOFT)
        return
    values = frames.astype(np.float64)
    axes.bar(np.arange(1, len(values) + 1), values, color=RIGHT, width=0.8)
    axes.axhline(1, color=SOFT, linewidth=0.8, linestyle="--")
    axes.set_ylim(0, max(2.0, float(values.max()) * 1.05))
    axes.set_xticks([1, len(values)])
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_scale(figure: Figure, panels: Any, drawn_map: Any, limit: float) -> None:
    bar = figure.colorbar(drawn_map, ax=panels, location="bottom", shrink=0.6, aspect=40)
    bar.ax.xaxis.set_major_locator(FixedLocator([1 / limit, 1, limit]))
    bar.ax.xaxis.set_minor_locator(NullLocator())
    bar.ax.set_xticklabels([f"{1 / limit:.2f}", "1 = average", f"{limit:.2f}"], fontsize=7)
