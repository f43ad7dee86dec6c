"""Eulerian video magnification: small motions made larger without tracking anything.

Every frame is split into a Laplacian pyramid, each level is filtered in time by the difference of
two first-order low-passes, multiplied by its own gain, and added back.

References
----------
H.-Y. Wu et al., "Eulerian video magnification for revealing subtle changes in the world", ACM
Transactions on Graphics 31(4), 2012, doi:10.1145/2185520.2185561.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, as_grey_stack, require_number
from astsvm.errors import InvalidInputError

__all__ = ["level_gains", "magnify_motion", "r_from_hz", "temporal_response"]

SMALLEST_LEVEL: Final = 5
"""Pixels; the five taps of the pyramid filter must fit into the level they make coarser."""

EXAGGERATION: Final = 2.0
"""Factor of the reference implementation on the gain of the short wavelengths."""


def magnify_motion(
    frames: npt.ArrayLike,
    alpha: float = 20.0,
    r1: float = 0.4,
    r2: float = 0.05,
    lambda_c: float = 16.0,
    *,
    out: FloatArray | None = None,
) -> FloatArray:
    """Magnify the motion of a clip at its own frame rate.

    Parameters
    ----------
    frames : array_like of shape (n, H, W)
        Grey frames in [0, 1].
    alpha : float
        Magnification, 0 or more; 0 returns the input bit for bit. 20 suits 200 frames per second,
        8 suits 100.
    r1, r2 : float
        Coefficients of the faster and the slower low-pass, 0 < r2 < r1 <= 1. They act per frame,
        so the same values mean half the frequency at half the frame rate: see :func:`r_from_hz`.
    lambda_c : float
        Spatial cut-off wavelength in pixels; shorter waves are magnified less.
    out : ndarray of shape (n, H, W), float32, optional
        Where the result goes; `frames` itself saves the memory of a second clip.

    Returns
    -------
    ndarray of shape (n, H, W), float32
        As many frames as came in, in `out` or a new array. Not clipped to [0, 1]: clipping would
        break the linearity that the following interpolation relies on.

    Raises
    ------
    InvalidInputError
        If `frames` is no stack of finite grey frames, if they are so small (under about 17 pixels)
        that no level between the finest and the coarsest exists, if a number is out of range, or
        if `out` has another shape or type.

    Notes
    -----
    Both low-passes start from frame 0, so a static clip is unchanged. The reference MATLAB code
    drops the last ten frames; this one does not. The finest level is never magnified, therefore
    it is never built: filtering starts on the level of half the size, the pyramid of the filtered
    frame stands for the filtered pyramid, since both are linear (ours).
    """
    stack = as_grey_stack(frames)
    _require_band(r1, r2)
    gains = level_gains(stack.shape[1], stack.shape[2], alpha, lambda_c)
    magnified = stack.copy() if out is None else _filled(out, stack)
    if alpha == 0:
        return magnified
    if len(gains) < 3:
        raise InvalidInputError(
            f"frames: expected at least 17 x 17 pixels to magnify motion, received "
            f"{stack.shape[2]} x {stack.shape[1]}. Use larger frames, or alpha=0 to leave it out."
        )
    for index, motion in enumerate(_band_passed(magnified, r1, r2)):
        magnified[index] += _upsampled(_weighted(motion, gains[1:]), magnified[index])
    return magnified


def level_gains(
    height: int, width: int, alpha: float = 20.0, lambda_c: float = 16.0
) -> npt.NDArray[np.float64]:
    """Return the gain of every level of the Laplacian pyramid, finest first.

    A level of wavelength l gets ``max(0, min(alpha, 2 (l / (8 delta) - 1)))`` with ``delta =
    lambda_c / 8 / (1 + alpha)``; l is a third of the frame's diagonal on the coarsest level and
    halves per finer level. The finest and the coarsest level get 0.

    Parameters
    ----------
    height, width : int
        Frame size in pixels. The pyramid has one level, and one more each time the smaller side
        can be halved (rounding up) to no less than 5 pixels: six levels at 192 x 192.
    alpha, lambda_c : float
        As in :func:`magnify_motion`.

    Returns
    -------
    ndarray of shape (levels,), float64

    Raises
    ------
    InvalidInputError
        If a number is out of range.
    """
    require_number(height, "height", low=1)
    require_number(width, "width", low=1)
    require_number(alpha, "alpha", low=0, high=1e3)
    require_number(lambda_c, "lambda_c", low=0, low_included=False, high=1e6)
    levels, side = 1, min(height, width)
    while (side + 1) // 2 >= SMALLEST_LEVEL:
        side = (side + 1) // 2
        levels += 1
    coarser_than_finest = np.arange(levels)
    wavelength = math.hypot(height, width) / 3 * 2.0 ** (coarser_than_finest - (levels - 1))
    delta = lambda_c / 8 / (1 + alpha)
    gains = np.clip(EXAGGERATION * (wavelength / (8 * delta) - 1), 0.0, alpha)
    gains[[0, -1]] = 0.0
    return np.asarray(gains, dtype=np.float64)


def temporal_response(
    frequency: npt.ArrayLike, r1: float = 0.4, r2: float = 0.05
) -> npt.NDArray[np.complex128]:
    """Return H(z) = r1/(1 - (1-r1)/z) - r2/(1 - (1-r2)/z) on the unit circle.

    Parameters
    ----------
    frequency : array_like of float
        In cycles per frame: hertz divided by the frame rate.
    r1, r2 : float
        As in :func:`magnify_motion`.

    Returns
    -------
    ndarray of complex128, shape of `frequency`
        A level of gain a multiplies a flicker of this frequency by ``1 + a H``; H(0) = 0.

    Raises
    ------
    InvalidInputError
        If not 0 < r2 < r1 <= 1.
    """
    _require_band(r1, r2)
    inverse_z = np.exp(-2j * np.pi * np.asarray(frequency, dtype=np.float64))
    response = r1 / (1 - (1 - r1) * inverse_z) - r2 / (1 - (1 - r2) * inverse_z)
    return np.asarray(response, dtype=np.complex128)


def r_from_hz(f_hz: float, fps: float) -> float:
    """Return the low-pass coefficient whose half-power frequency is `f_hz` at `fps`.

    Solves cos w = (1 + a^2 - 2 r^2) / (2 a) with a = 1 - r and w = 2 pi f_hz / fps for r.

    Raises
    ------
    InvalidInputError
        If `f_hz` is not within 0 and half the frame rate, or `fps` is not positive.
    """
    require_number(fps, "fps", low=0, low_included=False, high=1e6)
    require_number(f_hz, "f_hz", low=0, low_included=False, high=fps / 2)
    rest = 1 - math.cos(2 * math.pi * f_hz / fps)
    return math.sqrt(rest * rest + 2 * rest) - rest


def _filled(out: FloatArray, stack: FloatArray) -> FloatArray:
    """Return `out` with the frames in it."""
    if out.shape != stack.shape or out.dtype != np.float32:
        raise InvalidInputError(
            f"out: expected float32 of shape {stack.shape}, received {out.dtype} of shape "
            f"{out.shape}. Give an array like the frames, or none."
        )
    if out is not stack:
        out[...] = stack
    return out


def _band_passed(stack: FloatArray, r1: float, r2: float) -> Iterator[FloatArray]:
    """Halve the frames and filter them along time, both low-passes started from frame 0.

    A frame is read when its turn comes and may be changed afterwards. Works on the difference to
    frame 0, so that a static clip gives exactly 0.
    """
    first = cv2.pyrDown(stack[0])
    fast, slow = np.zeros_like(first), np.zeros_like(first)
    step = np.empty_like(first)
    for frame in stack:
        change = cv2.pyrDown(frame) - first
        fast += np.multiply(np.subtract(change, fast, out=step), np.float32(r1), out=step)
        slow += np.multiply(np.subtract(change, slow, out=step), np.float32(r2), out=step)
        yield fast - slow


def _weighted(image: FloatArray, gains: npt.NDArray[np.float64]) -> FloatArray:
    """Take a frame apart into its pyramid, multiply the levels, and put it together again.

    The last of `gains` belongs to the low-pass rest and is 0.
    """
    gaussian = [image]
    while len(gaussian) < len(gains):
        gaussian.append(cv2.pyrDown(gaussian[-1]))
    total = np.zeros_like(gaussian[-1])
    for level in range(len(gains) - 2, -1, -1):
        finer = gaussian[level]
        detail = finer - _upsampled(gaussian[level + 1], finer)
        total = _upsampled(total, finer) + np.float32(gains[level]) * detail
    return total


def _upsampled(image: FloatArray, like: FloatArray) -> FloatArray:
    height, width = like.shape
    return np.asarray(cv2.pyrUp(image, dstsize=(width, height)), dtype=np.float32)


def _require_band(r1: float, r2: float) -> None:
    require_number(r1, "r1", low=0, low_included=False, high=1)
    require_number(r2, "r2", low=0, low_included=False, high=1)
    if r2 >= r1:
        raise InvalidInputError(f"r2: expected less than r1, received r1={r1!r}, r2={r2!r}.")
