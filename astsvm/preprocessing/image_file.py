"""One image file as one grey frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from astsvm.errors import FrameReadError
from astsvm.preprocessing.image_header import claimed_size
from astsvm.preprocessing.opencv_log import silent_opencv

__all__ = [
    "MOST_PIXELS",
    "Frame",
    "grey_frame",
    "read_image",
    "require_sane_size",
]

Frame = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""(H, W) grey: uint8, or float32 in [0, 1] where the source is deeper than 8 bits."""

MOST_PIXELS: Final = 2**26
"""67 million pixels a frame (8192 x 8192): twice an 8K video, far below a decompression bomb."""

MOST_BYTES: Final = 2**29


def read_image(path: Path) -> Frame:
    """Read one image file as grey.

    Colour becomes grey with the weights .299, .587 and .114; palettes are looked up; transparency
    is ignored, the colour below it counts; a camera's rotation mark (EXIF) is obeyed; of several
    pages the first is taken. 16-bit images become float32, divided by 65535.

    Parameters
    ----------
    path : Path
        Any name: blanks and letters beyond ASCII are fine.

    Returns
    -------
    ndarray of shape (H, W), uint8 or float32 in [0, 1]

    Raises
    ------
    FrameReadError
        If the file cannot be read, is no image, is damaged, or claims an absurd size.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FrameReadError(
                f"{path}: expected an image file below {MOST_BYTES >> 20} MiB, "
                f"received {path.stat().st_size >> 20} MiB. Store it smaller."
            )
        content = path.read_bytes()
    except OSError as error:
        raise FrameReadError(
            f"{path}: the image cannot be read: {error.strerror}. Check the path and its rights."
        ) from error
    size = claimed_size(content)
    if size is None:
        raise FrameReadError(
            f"{path}: expected a PNG, JPEG, BMP, TIFF, WebP or PNM image, received "
            f"{'an empty file' if not content else 'something else or a truncated file'}. "
            "Export the frame again."
        )
    require_sane_size(path, *size)
    return grey_frame(_decoded(path, content), path)


def require_sane_size(path: Path, width: int, height: int) -> None:
    """Refuse a frame that would not fit into memory, before it is decoded.

    Raises
    ------
    FrameReadError
        If there is no pixel or more than :data:`MOST_PIXELS`.
    """
    if width < 1 or height < 1 or width * height > MOST_PIXELS:
        raise FrameReadError(
            f"{path}: expected a frame of 1 to {MOST_PIXELS} pixels, received {width} x {height}. "
            "Store it smaller."
        )


def grey_frame(pixels: npt.NDArray[Any], path: Path) -> Frame:
    """Turn decoded pixels, (H, W) or (H, W, 3) in OpenCV's order, into a grey frame.

    Raises
    ------
    FrameReadError
        If the pixels are of a type other than 8 or 16 bits unsigned or floats in [0, 1].
    """
    if pixels.dtype == np.uint16:
        pixels = pixels.astype(np.float32) / np.float32(65535)
    elif pixels.dtype.kind == "f":
        pixels = pixels.astype(np.float32)
        if not (pixels.min() >= 0 and pixels.max() <= 1):
            raise FrameReadError(
                f"{path}: expected floating-point pixels in [0, 1], received "
                f"{pixels.min():g} to {pixels.max():g}. Scale them, or store 16 bits."
            )
    elif pixels.dtype != np.uint8:
        raise FrameReadError(
            f"{path}: expected 8 or 16 bits a pixel, unsigned, received {pixels.dtype}. "
            "Store the frame as 8- or 16-bit PNG."
        )
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    return pixels


def _decoded(path: Path, content: bytes) -> npt.NDArray[Any]:
    """Decode from memory: OpenCV's own file reading stumbles over some paths."""
    try:
        with silent_opencv():
            pixels: npt.NDArray[Any] | None = cv2.imdecode(
                np.frombuffer(content, np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR
            )
    except cv2.error as error:
        raise FrameReadError(_undecodable(path)) from error
    if pixels is None:
        raise FrameReadError(_undecodable(path))
    return pixels


def _undecodable(path: Path) -> str:
    return (
        f"{path}: the image cannot be decoded; it is truncated, damaged, or of an unusual kind. "
        "Export the frame again, as 8- or 16-bit PNG or as JPEG."
    )
