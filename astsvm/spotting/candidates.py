"""From the motion of a long video to candidate micro-expressions.

The rule, for each of brows, eyes and mouth:

1. A block has two displacements, from the window's first frame to its middle and from its last
   frame to its middle. Its strength is the length of the shorter one as far as it points the way
   of the longer one, 0 where they point apart. What comes and goes within the window has both
   alike. What stays has one of 0, and what drifts has two opposite ones, so neither counts. The
   idea is Moilanen's (see :mod:`astsvm.spotting.block_motion`); displacement in place of texture,
   and this measure of agreement, are ours.
2. A region is as strong as its two strongest blocks are on the average.
3. Its threshold is the median of its strength over the video plus `deviations` times 1.4826 times
   the median absolute deviation (Leys et al. 2013), and `least_motion` at least.
4. A candidate is a local maximum, over time and regions, of strength over threshold, from 1 on. Of
   candidates that overlap in time, the stronger one stays.
5. Its onset and offset are where its blocks, going back and forth from the apex, show no more than
   `rest` of their displacement at the apex; at most half a window away. Half a window at either end
   of the video is in the middle of no window: there the first and the last frame of a window are
   compared with each other, over its middle. What comes to rest on neither side is longer than the
   window, and what lasts less than `shortest` is a flicker: both are dropped. What comes to rest on
   one side only, or is followed to where the face is lost, is told to be cut there.

**Blinks.** A lid travels several times further than a micro-expression, down and up within half a
second, and takes the skin under the brow along. A candidate during which the eyes move by
`blink_motion` or more is told as a blink and is no candidate. An expression behind a blink is lost.

References
----------
C. Leys et al., "Detecting outliers: do not use standard deviation around the mean, use absolute
deviation around the median", Journal of Experimental Social Psychology 49, 2013,
doi:10.1016/j.jesp.2013.03.013.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray
from astsvm.spotting.block_motion import BlockMotion
from astsvm.spotting.face_regions import REGION_OF_BLOCK, REGIONS
from astsvm.spotting.spotting_settings import SpottingSettings

__all__ = ["Candidate", "Spotting", "find_candidates"]

_STRONGEST = 2
"""Blocks of a region that count: most expressions move both halves of the face."""
_NORMAL = 1.4826
"""Median absolute deviations in a standard deviation of a normal distribution."""


@dataclass(frozen=True)
class Candidate:
    """A movement that may be a micro-expression.

    Parameters
    ----------
    onset, apex, offset : int
        0-based frames: last at rest, strongest of those searched, first at rest again.
    region : str
        Where it is strongest: ``"brows"``, ``"eyes"`` or ``"mouth"``.
    motion : float
        How far it moves, in pixels of a face chip of 192 pixels.
    strength : float
        Motion over the region's threshold, 1 or more. It is no probability.
    cut : tuple of str
        Those of ``"onset"`` and ``"offset"`` where no rest was seen, because half a window was too
        short or the face was lost: the movement begins earlier, or ends later, than is told.
    """

    onset: int
    apex: int
    offset: int
    region: str
    motion: float
    strength: float
    cut: tuple[str, ...] = ()

    def overlaps(self, other: Candidate) -> bool:
        """Tell whether they have a frame in common."""
        return self.onset <= other.offset and other.onset <= self.offset


@dataclass(frozen=True, eq=False)
class Spotting:
    """What the search of a long video found.

    Parameters
    ----------
    candidates : tuple of Candidate
        In the order of time; no two overlap.
    blinks : tuple of Candidate
        What was taken for a blink, likewise.
    frames : ndarray of shape (n,), int64
        0-based frame in the middle of each window.
    signal : ndarray of shape (n, 3), float32
        Strength of motion at brows, eyes and mouth, in pixels of a chip of 192 pixels.
    thresholds : tuple of float
        Of the three, in the same unit.
    seen : ndarray of shape (n,), bool
        Whether a face was there.
    fps : float
        Frames per second.
    length : int
        Frames of the video. In half a window at either end no apex is looked for.
    """

    candidates: tuple[Candidate, ...]
    blinks: tuple[Candidate, ...]
    frames: npt.NDArray[np.int64]
    signal: FloatArray
    thresholds: tuple[float, ...]
    seen: npt.NDArray[np.bool_]
    fps: float
    length: int


def find_candidates(measured: BlockMotion, settings: SpottingSettings | None = None) -> Spotting:
    """Find the movements that stand out; the module says by which rule.

    Parameters
    ----------
    measured : BlockMotion
        What :func:`measure_block_motion` returned.
    settings : SpottingSettings, optional
        Those the motion was measured with.
    """
    chosen = settings or SpottingSettings()
    blocks = _block_strength(measured.motion)
    signal = _region_strength(blocks)
    thresholds = _thresholds(signal[measured.seen], chosen)
    ratio = signal / thresholds
    peaks = _local_maxima(ratio.max(axis=1))
    found = [_candidate(measured, blocks, signal, ratio, peak, chosen) for peak in peaks]
    kept = _strongest_first(candidate for candidate in found if candidate is not None)
    eyes = signal[:, REGIONS.index("eyes")]
    blinking = measured.frames[eyes >= chosen.blink_motion]
    is_blink = [bool(((blinking >= c.onset) & (blinking <= c.offset)).any()) for c in kept]
    return Spotting(
        candidates=tuple(c for c, blink in zip(kept, is_blink, strict=True) if not blink),
        blinks=tuple(c for c, blink in zip(kept, is_blink, strict=True) if blink),
        frames=measured.frames,
        signal=signal,
        thresholds=tuple(float(value) for value in thresholds),
        seen=measured.seen,
        fps=measured.fps,
        length=measured.length,
    )


def _block_strength(motion: FloatArray) -> FloatArray:
    """Return (n, blocks): what came and went within the window."""
    agreement = np.sum(motion[:, 0] * motion[:, 1], axis=-1)
    larger = np.linalg.norm(motion, axis=-1).max(axis=1)
    strength = np.maximum(agreement, 0) / np.maximum(larger, np.finfo(np.float32).tiny)
    return np.asarray(strength, dtype=np.float32)


def _region_strength(blocks: FloatArray) -> FloatArray:
    strongest: list[FloatArray] = [
        np.sort(blocks[:, region == REGION_OF_BLOCK], axis=1)[:, -_STRONGEST:].mean(axis=1)
        for region in range(len(REGIONS))
    ]
    return np.stack(strongest, axis=1)


def _thresholds(signal: FloatArray, settings: SpottingSettings) -> npt.NDArray[Any]:
    median = np.median(signal, axis=0)
    deviation = _NORMAL * np.median(np.abs(signal - median), axis=0)
    return np.asarray(np.maximum(median + settings.deviations * deviation, settings.least_motion))


def _local_maxima(ratio: npt.NDArray[Any]) -> list[int]:
    """List the windows from 1 on that no neighbour exceeds; the first one of equal neighbours."""
    padded = np.concatenate([[-np.inf], ratio, [-np.inf]])
    rising, falling = padded[1:-1] > padded[:-2], padded[1:-1] >= padded[2:]
    return [int(peak) for peak in np.flatnonzero(rising & falling & (ratio >= 1))]


def _candidate(
    measured: BlockMotion,
    blocks: FloatArray,
    signal: FloatArray,
    ratio: npt.NDArray[Any],
    peak: int,
    settings: SpottingSettings,
) -> Candidate | None:
    """Measure the extent of a peak; None if it is too long or too short."""
    region = int(ratio[peak].argmax())
    own = np.flatnonzero(region == REGION_OF_BLOCK)
    own = own[np.argsort(blocks[peak, own])[-_STRONGEST:]]
    back, forth = (_shown(measured, own, peak, direction) for direction in (-1, 1))
    rise, fall = (_steps_to_rest(shown, settings.rest) for shown in (back, forth))
    steps = measured.window.half // measured.window.stride
    if rise is None and fall is None and len(back) == len(forth) == steps:
        return None
    apex, stride = int(measured.frames[peak]), measured.window.stride
    onset = apex - stride * (rise or max(1, len(back)))
    offset = apex + stride * (fall or max(1, len(forth)))
    if (offset - onset) < settings.shortest * measured.fps:
        return None
    name, motion = REGIONS[region], float(signal[peak, region])
    cut = tuple(end for end, found in (("onset", rise), ("offset", fall)) if found is None)
    return Candidate(onset, apex, offset, name, motion, float(ratio[peak, region]), cut)


def _shown(
    measured: BlockMotion, own: npt.NDArray[np.intp], peak: int, direction: int
) -> npt.NDArray[Any]:
    """Return the share of the peak's displacement that frames before (-1) or after (1) it show.

    One value a stride, for half a window or as far as there is a face; NaN where no comparison
    tells.
    """
    motion = measured.motion[:, :, own]
    pattern = motion[peak].mean(axis=0)
    near, far = (0, 1) if direction < 0 else (1, 0)
    steps = measured.window.half // measured.window.stride
    shown = []
    for step in range(1, steps + 1):
        window = peak + direction * step
        middle = 0 <= window < len(motion)
        if not middle:
            # The frame is the first (last) one of the window that lies half a window further in.
            window -= direction * steps
        if not 0 <= window < len(motion):
            shown.append(np.nan)
            continue
        if not measured.seen[window]:
            break
        moved = motion[window, near] if middle else motion[window, far] - motion[window, near]
        shown.append(float(np.sum(moved * pattern) / np.sum(pattern * pattern)))
    return np.array(shown)


def _steps_to_rest(shown: npt.NDArray[Any], rest: float) -> int | None:
    at_rest = np.flatnonzero(shown <= rest)
    return int(at_rest[0]) + 1 if at_rest.size else None


def _strongest_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Drop what overlaps a stronger one, and put the rest in the order of time."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (-c.strength, c.apex)):
        if not any(candidate.overlaps(other) for other in kept):
            kept.append(candidate)
    return sorted(kept, key=lambda c: c.apex)
