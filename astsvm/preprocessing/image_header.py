"""The size an image file claims, read before anything is decoded.

A file of a few kilobytes may claim a billion pixels; decoding it would fill the memory.
"""

from __future__ import annotations

import re
import struct

__all__ = ["claimed_size"]

_PNG_START = b"\x89PNG\r\n\x1a\n"
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE_MARKERS = frozenset(range(0xD0, 0xD9)) | {0x01, 0xFF}
_PNM_HEADER = re.compile(rb"P[1-6](?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s")


def claimed_size(content: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels as the header of an image states it.

    Parameters
    ----------
    content : bytes
        A whole PNG, JPEG, BMP, TIFF, WebP, PBM, PGM or PPM file. The kind is told by its first
        bytes, not by its name.

    Returns
    -------
    tuple of int, or None
        None if it is none of these, or the header is cut short.
    """
    readers = (
        (content.startswith(_PNG_START), _png_size),
        (content.startswith(b"\xff\xd8"), _jpeg_size),
        (content.startswith(b"BM"), _bmp_size),
        (content.startswith((b"II*\0", b"MM\0*")), _tiff_size),
        (content.startswith(b"RIFF") and content[8:12] == b"WEBP", _webp_size),
        (re.match(rb"P[1-6]\s", content) is not None, _pnm_size),
    )
    for matches, read in readers:
        if matches:
            try:
                return read(content)
            except struct.error:
                return None
    return None


def _png_size(content: bytes) -> tuple[int, int] | None:
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _bmp_size(content: bytes) -> tuple[int, int] | None:
    (header_length,) = struct.unpack_from("<I", content, 14)
    if header_length == 12:
        return struct.unpack_from("<HH", content, 18)
    width, height = struct.unpack_from("<ii", content, 18)
    return abs(width), abs(height)  # a negative height means: top row first


def _pnm_size(content: bytes) -> tuple[int, int] | None:
    found = _PNM_HEADER.match(content[:4096])
    return (int(found[1]), int(found[2])) if found else None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Walk from marker to marker up to the one that starts the picture."""
    position = 2
    while True:
        start, marker = struct.unpack_from(">BB", content, position)
        if start != 0xFF:
            return None
        if marker in _JPEG_BARE_MARKERS:
            position += 1 if marker == 0xFF else 2
        elif marker in _JPEG_FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", content, position + 5)
            return width, height
        else:
            (length,) = struct.unpack_from(">H", content, position + 2)
            position += 2 + length


def _webp_size(content: bytes) -> tuple[int, int] | None:
    kind = content[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (packed,) = struct.unpack_from("<I", content, 21)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        low, high, low_rows, high_rows = struct.unpack_from("<HBHB", content, 24)
        return (low | high << 16) + 1, (low_rows | high_rows << 16) + 1
    return None


def _tiff_size(content: bytes) -> tuple[int, int] | None:
    """Read the first page's directory."""
    order = "<" if content.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(order + "I", content, 4)
    (entries,) = struct.unpack_from(order + "H", content, directory)
    size: dict[int, int] = {}
    for entry in range(entries):
        place = directory + 2 + 12 * entry
        tag, kind = struct.unpack_from(order + "HH", content, place)
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT):
            (size[tag],) = struct.unpack_from(
                order + ("H" if kind == 3 else "I"), content, place + 8
            )
    if len(size) < 2:
        return None
    return size[_TIFF_WIDTH], size[_TIFF_HEIGHT]
