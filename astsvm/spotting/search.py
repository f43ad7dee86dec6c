"""The search of a long video in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy.typing as npt

from astsvm.spotting.block_motion import measure_block_motion
from astsvm.spotting.candidates import Spotting, find_candidates
from astsvm.spotting.spotting_settings import SpottingSettings

__all__ = ["RELIABILITY", "RELIABILITY_OF_VIDEO", "spot"]

_HARD = (
    "where head motion and tremor are as strong as the expressions, it found 9 of 20, and 26 of 35 "
    "candidates were false alarms. Candidates are places to look at, no findings."
)

RELIABILITY = (
    "How reliable the search is has been measured on SYNTHETIC long videos only, given as frames. "
    "Where head and face are otherwise calm, it found all expressions without a false alarm, in "
    "videos it was adjusted to; compression adds false alarms; " + _HARD
)
"""Stands in every timeline; the figures are from ``benchmarks/spotting.py``."""

RELIABILITY_OF_VIDEO = (
    "How reliable the search is has been measured on SYNTHETIC long videos only. Four of calm "
    "faces, compressed as small MP4 files (mp4v, 320 x 240), gave all 16 expressions and as many "
    "false alarms; the same ones as frames or lossless video gave none. Of frames " + _HARD
)
"""Stands in timelines of video files; see ``benchmarks/compressed_video.py``."""


def spot(
    frames: Iterable[npt.NDArray[Any]],
    fps: float,
    settings: SpottingSettings | None = None,
    *,
    landmarks: npt.ArrayLike | None = None,
    progress: Callable[[int], None] | None = None,
) -> Spotting:
    """Search a long video for movements that may be micro-expressions.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W)
        Grey: uint8, uint16 or floats in [0, 1]. Gone through once, one at a time.
    fps : float
        Frames per second.
    settings : SpottingSettings, optional
    landmarks : array_like of shape (68, 2) or (5, 2), optional
        Landmarks in source pixels that hold for the whole video; None looks for the face every
        ``settings.realign`` seconds.
    progress : callable, optional
        Called with the number of frames read, after each.

    Returns
    -------
    Spotting

    Raises
    ------
    InvalidInputError, FaceNotFoundError
        As :func:`astsvm.spotting.block_motion.measure_block_motion`.
    """
    measured = measure_block_motion(frames, fps, settings, landmarks=landmarks, progress=progress)
    return find_candidates(measured, settings)
