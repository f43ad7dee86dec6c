"""Frames, features and faces as pictures that lie in the page itself, as ``data:`` addresses."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.config import PreprocessingSettings
from astsvm.reporting.picture_sheet import Row

__all__ = ["data_address", "face_picture", "key_picture", "tile_picture"]

_QUALITY = 90
_LARGEST_FACE = 560
_DOT, _EDGE = (60, 220, 255), (60, 180, 60)
"""Blue, green, red: landmarks are yellow, the part that the model sees is edged green."""


def data_address(content: bytes, kind: str) -> str:
    """Return content as an address that holds all of it; `kind` as in ``image/png``."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def tile_picture(row: Row, position: int) -> str:
    """Return a tile of a row of :func:`astsvm.reporting.feature_rows.clip_rows`, as JPEG.

    Parameters
    ----------
    row : Row
        With tiles (H, W) in the colours of its options, or (H, W, 3) uint8 red, green, blue.
    position : int
        Which tile.
    """
    tile = np.asarray(row.tiles[position])
    if tile.ndim == 2:
        from matplotlib import colormaps

        low, high = row.options["vmin"], row.options["vmax"]
        share = np.clip((tile.astype(np.float64) - low) / (high - low), 0, 1)
        tile = np.rint(colormaps[row.options["cmap"]](share)[..., :3] * 255).astype(np.uint8)
    return _jpeg(tile[..., ::-1])


def key_picture(draw: Callable[[Any], None]) -> str:
    """Return the key to a row's colours, as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure, png = Figure(figsize=(1.65, 1.15), dpi=130), io.BytesIO()
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    draw(axes)
    figure.savefig(png, format="png", transparent=False)
    return data_address(png.getvalue(), "image/png")


def face_picture(
    frame: npt.NDArray[Any],
    landmarks: npt.NDArray[np.float32] | None,
    transform: npt.NDArray[np.float64] | None,
    settings: PreprocessingSettings,
) -> str:
    """Return the frame in which a face was found, with its landmarks and what the model sees of it.

    Parameters
    ----------
    frame : ndarray of shape (H, W)
        Grey: uint8, uint16, or floats in [0, 1].
    landmarks : ndarray of shape (n, 2) or None
        In pixels of the frame.
    transform : ndarray of shape (2, 3) or None
        From pixels of the frame to those of the aligned face.
    settings : PreprocessingSettings
        Of the model; its size is that of the aligned face.
    """
    import cv2

    grey = frame
    if grey.dtype != np.uint8:
        full = 65535.0 if grey.dtype == np.uint16 else 1.0
        grey = np.rint(np.clip(grey / full, 0, 1) * 255).astype(np.uint8)
    scale = min(1.0, _LARGEST_FACE / max(grey.shape))
    size = (max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1))
    picture = cv2.cvtColor(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2BGR)
    if transform is not None:
        last = settings.size - 1
        corners = np.array([[0, 0], [last, 0], [last, last], [0, last]], np.float64)
        back = cv2.invertAffineTransform(np.asarray(transform, np.float64))
        edge = (corners @ back[:, :2].T + back[:, 2]) * scale
        cv2.polylines(picture, [np.rint(edge).astype(np.int32)], True, _EDGE, 2, cv2.LINE_AA)
    for x, y in [] if landmarks is None else landmarks:
        cv2.circle(picture, (round(x * scale), round(y * scale)), 2, _DOT, -1, cv2.LINE_AA)
    return _jpeg(picture)


def _jpeg(picture: npt.NDArray[np.uint8]) -> str:
    """Encode blue, green, red; the colours of flow mean something and are kept in full."""
    import cv2

    flags = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    flags += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    _, content = cv2.imencode(".jpg", np.ascontiguousarray(picture), flags)
    return data_address(content.tobytes(), "image/jpeg")
