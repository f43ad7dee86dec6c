"""Rows of a clip's picture: its frames and features, each with a key to its colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.reporting.flow_legend import (
    SIGNED_COLOURS,
    draw_direction_key,
    draw_sign_key,
    flow_colours,
    frame_treatment,
    setting,
)
from astsvm.reporting.picture_sheet import Row

__all__ = ["clip_rows"]

_FULL_SCALE_QUANTILE = 0.995


def clip_rows(
    frames: npt.NDArray[np.uint8] | None,
    streams: Mapping[str, npt.NDArray[np.floating]],
    settings: dict[str, Any],
) -> list[Row]:
    """Return a row of frames, where there are any, and one or more for each stream.

    Parameters
    ----------
    frames : ndarray of shape (n, H, W), uint8, or None
        Aligned frames.
    streams : mapping of str to ndarray of shape (T, H, W, C)
        Features.
    settings : dict
        How they came about, as a clip file's settings; what they do not hold is passed over.
    """
    rows: list[Row] = []
    if frames is not None:
        grey = {"cmap": "gray", "vmin": 0, "vmax": 255}
        rows.append(Row("frames", ",\n".join(frame_treatment(settings)), list(frames), grey))
    for stream, stored in streams.items():
        values = stored.astype(np.float32)
        scale = float(np.quantile(np.abs(values), _FULL_SCALE_QUANTILE)) or 1.0
        if stream == "flow" and values.shape[-1] == 2:
            rows.append(_flow_row(values, scale, settings))
        elif stream == "flow" and values.shape[0] == 1 and values.shape[-1] == 3:
            rows.append(_flow_image_row(values[0], scale))
        elif stream == "idsf" and values.shape[-1] == 1:
            rows.append(_difference_row(values, scale))
        else:
            rows.extend(_unknown_rows(stream, values, scale))
    return rows


def _flow_row(fields: npt.NDArray[np.float32], scale: float, settings: dict[str, Any]) -> Row:
    since_onset = setting(settings, "flow", "reference") == "onset"
    note = (
        f"motion since {'frame 1' if since_onset else 'the frame before'}\n"
        "colour: direction\nbrightness: distance,\n"
        f"full at {scale:.2g} px{'' if since_onset else ' per step'}\nor more; black: none"
    )
    tiles = [flow_colours(field, scale) for field in fields]
    return Row("optical flow", note, tiles, {}, draw_direction_key)


def _flow_image_row(image: npt.NDArray[np.float32], scale: float) -> Row:
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
    return Row("flow image", note, tiles, _signed(scale), key, panels)


def _difference_row(differences: npt.NDArray[np.float32], scale: float) -> Row:
    def key(axes: Any) -> None:
        draw_sign_key(
            axes,
            f"+{scale:.2g} or more:\nbrighter than frame 1",
            "0: no difference",
            f"−{scale:.2g} or less:\ndarker than frame 1",
        )

    note = "image difference with\nthe starting frame, in\ngrey value (black is 0,\nwhite is 1)"
    return Row("IDSF", note, list(differences[..., 0]), _signed(scale), key)


def _unknown_rows(stream: str, values: npt.NDArray[np.float32], scale: float) -> list[Row]:
    """Return a row for each channel of a stream that another program has named."""

    def key(axes: Any) -> None:
        draw_sign_key(axes, f"+{scale:.2g} or more", "0", f"−{scale:.2g} or less")

    channels = values.shape[-1]
    return [
        Row(
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
