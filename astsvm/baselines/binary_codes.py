"""Local binary codes of a video: each pixel against a ring of neighbours in space, time or both.

Each axis has its own radius, so the ring in a plane with time is an ellipse. scikit-image's
`local_binary_pattern` has one radius, and asks for whole grey levels, which magnified and
interpolated frames do not have. On floats it warns, for its interpolation rounds: of the 256 flat
frames v / 255 it gives 6 a wrong code (8 points, radius 3, release 0.26). Here the differences to
the centre are interpolated, and those of a flat patch are exactly 0. The tests hold these codes to
scikit-image's on whole grey levels.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, as_grey_stack
from astsvm.baselines.block_grid import Blocks, block_numbers
from astsvm.baselines.descriptor_input import require_whole_number
from astsvm.errors import InvalidInputError

__all__ = [
    "Codes",
    "Offset",
    "Radii",
    "block_histograms",
    "checked_radii",
    "codes_of",
    "frames_within",
    "ring",
    "uniform_bins",
]

Radii = tuple[int, int, int]
"""Radii along x, y and t, in pixels, pixels and frames."""

Offset = tuple[float, float, float]
"""Place of a neighbour relative to its pixel: frames, rows, columns."""

Codes = npt.NDArray[np.int64]

LARGEST_RADIUS = 16


def checked_radii(radii: Radii) -> Radii:
    """Return the radii along x, y and t.

    Raises
    ------
    InvalidInputError
        If they are not three whole numbers from 1 to 16.
    """
    if not isinstance(radii, tuple | list) or len(radii) != 3:
        raise InvalidInputError(
            f"radii: expected three whole numbers, along x, y and t, received {radii!r}."
        )
    x, y, t = (require_whole_number(r, "radii", low=1, high=LARGEST_RADIUS) for r in radii)
    return x, y, t


def frames_within(frames: npt.ArrayLike, radii: Radii) -> FloatArray:
    """Return grey frames (n, H, W) large enough for the radii.

    Raises
    ------
    InvalidInputError
        If they are no grey frames, or no pixel has all its neighbours.
    """
    x, y, t = radii
    stack = as_grey_stack(frames, minimum_frames=2 * t + 1)
    height, width = stack.shape[1:]
    if height < 2 * y + 1 or width < 2 * x + 1:
        raise InvalidInputError(
            f"frames: expected at least {2 * x + 1} x {2 * y + 1} pixels for radii of {x} and {y}, "
            f"received {width} x {height}. Use smaller radii or larger frames."
        )
    return stack


def ring(points: int, axes: tuple[str, str], radii: Radii) -> tuple[Offset, ...]:
    """Return the neighbours in a plane, from the first axis towards the second.

    Parameters
    ----------
    points : int
        Number of neighbours; neighbour p lies at the angle ``2 pi p / points``.
    axes : (str, str)
        Two of ``x``, ``y`` and ``t``. ``y`` counts upwards, as in the sources.
    radii : (int, int, int)
        Along x, y and t.
    """
    along = dict(zip("xyt", radii, strict=True))
    offsets = []
    for p in range(points):
        angle = 2 * math.pi * p / points
        # Rounded: the cosine of a right angle is not quite 0 in floating point.
        parts = {
            axes[0]: round(along[axes[0]] * math.cos(angle), 9),
            axes[1]: round(along[axes[1]] * math.sin(angle), 9),
        }
        offsets.append((parts.get("t", 0.0), -parts.get("y", 0.0), parts.get("x", 0.0)))
    return tuple(offsets)


def codes_of(stack: FloatArray, offsets: Sequence[Offset], radii: Radii) -> Codes:
    """Return the code of every pixel that has all its neighbours.

    Bit p is set where neighbour p is at least as bright as the pixel. A neighbour between pixels is
    interpolated linearly along each axis.

    Parameters
    ----------
    stack : ndarray of shape (n, H, W), float32
    offsets : sequence of (float, float, float)
        Neighbours; none further away than the radii.
    radii : (int, int, int)
        Along x, y and t: what is left out at either end of each axis.

    Returns
    -------
    ndarray of shape (n - 2 t, H - 2 y, W - 2 x), int64
    """
    margins = radii[::-1]
    centre = _shifted(stack, (0, 0, 0), margins)
    codes = np.zeros(centre.shape, np.int64)
    for bit, offset in enumerate(offsets):
        difference = np.zeros(centre.shape, np.float32)
        for place, weight in _corners(offset):
            difference += np.float32(weight) * (_shifted(stack, place, margins) - centre)
        codes |= (difference >= 0).astype(np.int64) << bit
    return codes


def block_histograms(codes: Codes, bins: int, blocks: Blocks) -> npt.NDArray[np.float64]:
    """Return how often each code occurs in each block of all frames.

    Parameters
    ----------
    codes : ndarray of shape (n, H, W)
        Below `bins`.
    bins : int
        Number of codes.
    blocks : (int, int)
        Grid laid over H and W.

    Returns
    -------
    ndarray of shape (rows * columns, bins), float64
        Each block sums to 1.
    """
    count = blocks[0] * blocks[1]
    place = block_numbers((codes.shape[1], codes.shape[2]), blocks) * bins + codes
    histograms = np.bincount(place.ravel(), minlength=count * bins).reshape(count, bins)
    return np.asarray(histograms / histograms.sum(axis=1, keepdims=True))


@functools.lru_cache(maxsize=16)
def uniform_bins(points: int) -> npt.NDArray[np.int64]:
    """Return the bin of each code of `points` bits, for uniform patterns (u2); read-only.

    A code whose bits change at most twice around the ring has a bin of its own, in ascending order
    of the codes; all others share the last one. From 4 points on that is
    ``points * (points - 1) + 3`` bins.
    """
    codes = np.arange(2**points)
    bits = (codes[:, None] >> np.arange(points)) & 1
    uniform = (bits != np.roll(bits, 1, axis=1)).sum(axis=1) <= 2
    bins = np.where(uniform, np.cumsum(uniform) - 1, uniform.sum()).astype(np.int64)
    bins.setflags(write=False)
    return bins


def _corners(offset: Offset) -> list[tuple[tuple[int, ...], float]]:
    """Return the pixels around a place and the weight of each in linear interpolation."""
    corners: list[tuple[tuple[int, ...], float]] = [((), 1.0)]
    for part in offset:
        low = math.floor(part)
        share = part - low
        steps = [(low, 1.0)] if share == 0 else [(low, 1 - share), (low + 1, share)]
        corners = [
            ((*place, step), weight * own) for place, weight in corners for step, own in steps
        ]
    return corners


def _shifted(stack: FloatArray, place: Sequence[int], margins: Sequence[int]) -> FloatArray:
    """Return what lies `place` away from each pixel that is `margins` within the stack."""
    return stack[
        tuple(
            slice(margin + step, side - margin + step)
            for side, step, margin in zip(stack.shape, place, margins, strict=True)
        )
    ]
