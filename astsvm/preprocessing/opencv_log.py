"""OpenCV writes to stderr what the library says in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2

__all__ = ["silent_opencv"]


@contextmanager
def silent_opencv() -> Iterator[None]:
    """Keep OpenCV's own log quiet within the block, and put its level back afterwards."""
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)
