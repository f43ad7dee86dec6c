"""Temporal interpolation: a clip of any length brought to a fixed number of time points.

The temporal interpolation model (TIM) embeds the frames as a path graph and samples the sine
curves its Laplacian has as eigenvectors. With linearly independent frames that is DCT-II
interpolation and does not depend on what the frames show, so a clip needs one small matrix.

References
----------
Z. Zhou, G. Zhao, M. Pietikäinen, "Towards a practical lipreading system", CVPR 2011,
doi:10.1109/CVPR.2011.5995345. T. Pfister et al., "Recognising spontaneous facial
micro-expressions", ICCV 2011, doi:10.1109/ICCV.2011.6126401.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, as_grey_stack
from astsvm.errors import InvalidInputError

__all__ = ["InterpolationMethod", "interpolate_frames", "tim_matrix"]

InterpolationMethod = Literal["tim", "linear", "nearest"]

LONGEST: Final = 100_000
"""Frames or time points; beyond it the matrices no longer fit anything sensible."""


def interpolate_frames(
    frames: npt.ArrayLike, length: int, method: InterpolationMethod = "tim"
) -> FloatArray:
    """Sample a clip at `length` evenly spread time points, first and last frame included.

    Parameters
    ----------
    frames : array_like of shape (n, H, W)
        Grey frames, n >= 1. A single frame is repeated.
    length : int
        Number of time points, at least 1; 1 gives the first frame.
    method : {"tim", "linear", "nearest"}
        ``tim`` is the paper's. ``linear`` blends the two neighbouring frames; ``nearest`` takes
        the closer one, the later one on a tie. The last two are for comparison (ours).

    Returns
    -------
    ndarray of shape (length, H, W), float32
        May leave the range of the input by a little: TIM is a cosine interpolation.

    Raises
    ------
    InvalidInputError
        If `frames` is no stack of finite grey frames, or `length` or `method` is unknown.
    """
    stack = as_grey_stack(frames)
    count = stack.shape[0]
    _require_count(length, "length")
    if method == "tim":
        weights = tim_matrix(count, length)
    elif method == "linear":
        weights = _linear_matrix(count, length)
    elif method == "nearest":
        chosen = np.floor(_positions(count, length) + 0.5).astype(np.intp)
        return np.take(stack, chosen, axis=0, mode="clip")
    else:
        raise InvalidInputError(
            f"method: expected 'tim', 'linear' or 'nearest', received {method!r}."
        )
    sampled = weights.astype(np.float32) @ stack.reshape(count, -1)
    return np.asarray(sampled.reshape(length, *stack.shape[1:]), dtype=np.float32)


def tim_matrix(n: int, length: int) -> npt.NDArray[np.float64]:
    r"""Return the weights of every frame at every time point.

    With t uniform on [1/n, 1] and i = 1..n

    .. math:: w_i(t) = \frac1n + \frac2n \sum_{k=1}^{n-1}
              \cos\frac{\pi k (n t - 1/2)}{n} \cos\frac{\pi k (i - 1/2)}{n}

    Parameters
    ----------
    n, length : int
        Frames and time points, both at least 1.

    Returns
    -------
    ndarray of shape (length, n), float64
        Rows sum to 1; the row at t = i/n picks frame i; the identity for ``length == n``.

    Raises
    ------
    InvalidInputError
        If a count is not a whole number of at least 1.

    Notes
    -----
    The closed form is ours; it equals the graph embedding by singular value decomposition for
    linearly independent frames.
    """
    _require_count(n, "n")
    _require_count(length, "length")
    order = np.arange(1, n)
    sampled = np.cos(np.pi / n * np.outer(_positions(n, length) + 0.5, order))
    frames = np.cos(np.pi / n * np.outer(order, np.arange(n) + 0.5))
    return np.asarray(1 / n + 2 / n * (sampled @ frames), dtype=np.float64)


def _positions(count: int, length: int) -> npt.NDArray[np.float64]:
    """Return n t - 1: where the time points lie between frame 0 and frame n - 1."""
    return np.linspace(0.0, count - 1.0, length)


def _linear_matrix(count: int, length: int) -> npt.NDArray[np.float64]:
    position = _positions(count, length)
    distance = np.abs(position[:, None] - np.arange(count)[None, :])
    return np.asarray(np.maximum(0.0, 1.0 - distance), dtype=np.float64)


def _require_count(value: int, name: str) -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not 1 <= value <= LONGEST:
        raise InvalidInputError(
            f"{name}: expected a whole number from 1 to {LONGEST}, received {value!r}."
        )
