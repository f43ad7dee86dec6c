"""Dense optical flow of a clip: the paper's dynamic feature, by Lucas-Kanade or for comparison.

OpenCV is imported inside the functions: the package imports this module at once, because the
function has the module's name and must win over it, and importing the package has to stay cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, as_grey_stack, require_number
from astsvm.errors import InvalidInputError

if TYPE_CHECKING:
    from astsvm.features.lucas_kanade import LucasKanade
    from astsvm.features.tvl1 import TotalVariationFlow

__all__ = ["FlowMethod", "FlowReference", "optical_flow"]

FlowMethod = Literal["lucas_kanade", "dis", "farneback", "tvl1"]
FlowReference = Literal["adjacent", "onset"]
Bytes = npt.NDArray[np.uint8]
Prepared = TypeVar("Prepared")

SMALLEST_SIDE = 16
"""Pixels; OpenCV's methods fail on smaller frames."""


def optical_flow(
    frames: npt.ArrayLike,
    method: FlowMethod = "lucas_kanade",
    *,
    reference: FlowReference = "adjacent",
    zero_first: bool = False,
    window: int = 15,
    levels: int = 3,
    iterations: int = 2,
    regularisation: float = 0.1,
    local_mean_sigma: float = 8.0,
) -> FloatArray:
    """Return how far every pixel moves from frame to frame.

    Parameters
    ----------
    frames : array_like of shape (n, H, W)
        Grey frames in [0, 1], n >= 2, H and W at least 16 pixels and at least `window`.
    method : {"lucas_kanade", "dis", "farneback", "tvl1"}
        ``lucas_kanade`` is the paper's, on floats. The others are for comparison. ``dis`` (OpenCV,
        medium preset) and ``farneback`` (OpenCV, window `window`, `levels` levels) get the frames
        clipped to [0, 1] and rounded to 8 bits, and take no other setting. ``tvl1`` (ours, on
        floats) takes `levels` and `local_mean_sigma`, see :mod:`astsvm.features.tvl1`.
    reference : {"adjacent", "onset"}
        Field i leads from frame i to frame i + 1, or from frame 0 to frame i + 1.
    zero_first : bool
        Put a field of zeros first, so that n frames give n fields (ours).
    window : int
        Side of the window in pixels, odd, 3 to 63.
    levels, iterations : int
        Levels of the pyramid (1 to 6; those smaller than the window are left out) and warps per
        level (1 to 10).
    regularisation : float
        Tikhonov term in units of the mean squared gradient of the level, 0 to 1. It damps each
        step where the patch has less texture than the rest of the frame.
    local_mean_sigma : float
        Sigma in pixels of the local mean that is subtracted first, 0 to 64; 0 leaves it out.

    Returns
    -------
    ndarray of shape (n - 1, H, W, 2), float32
        (u, v) in pixels per step, u rightwards, v downwards; (n, H, W, 2) with `zero_first`.
        Identical frames give exactly 0, and so does a flat image.

    Raises
    ------
    InvalidInputError
        If `frames` is no stack of at least two finite grey frames of sufficient size, or a
        setting is unknown or out of range.

    Notes
    -----
    :mod:`astsvm.features.lucas_kanade` says what is ours and what was measured.
    """
    settings = _checked_settings(window, levels, iterations, regularisation, local_mean_sigma)
    stack = as_grey_stack(frames, minimum_frames=2, minimum_side=max(SMALLEST_SIDE, window))
    if reference not in ("adjacent", "onset"):
        raise InvalidInputError(
            f"reference: expected 'adjacent' or 'onset', received {reference!r}."
        )
    count, height, width = stack.shape
    offset = 1 if zero_first else 0
    fields = np.zeros((count - 1 + offset, height, width, 2), np.float32)
    if method == "lucas_kanade":
        _fill(fields[offset:], stack, settings.pyramid, settings.flow, reference)
    elif method == "dis":
        _fill(fields[offset:], stack, _as_bytes, _dis_flow, reference)
    elif method == "farneback":
        _fill(fields[offset:], stack, _as_bytes, _farneback(window, levels), reference)
    elif method == "tvl1":
        smooth = _total_variation(settings)
        _fill(fields[offset:], stack, smooth.pyramid, smooth.flow, reference)
    else:
        raise InvalidInputError(
            f"method: expected 'lucas_kanade', 'dis', 'farneback' or 'tvl1', received {method!r}."
        )
    return fields


def _fill(
    fields: FloatArray,
    stack: FloatArray,
    prepare: Callable[[FloatArray], Prepared],
    flow: Callable[[Prepared, Prepared], FloatArray],
    reference: FlowReference,
) -> None:
    """Write the flow of every pair; each frame is prepared once."""
    first = prepare(stack[0])
    for index, frame in enumerate(stack[1:]):
        second = prepare(frame)
        fields[index] = flow(first, second)
        if reference == "adjacent":
            first = second


def _checked_settings(
    window: int, levels: int, iterations: int, regularisation: float, local_mean_sigma: float
) -> LucasKanade:
    from astsvm.features.lucas_kanade import LucasKanade

    for name, value, low, high in (
        ("window", window, 3, 63),
        ("levels", levels, 1, 6),
        ("iterations", iterations, 1, 10),
    ):
        require_number(value, name, low=low, high=high)
        if value != int(value):
            raise InvalidInputError(f"{name}: expected a whole number, received {value!r}.")
    if window % 2 == 0:
        raise InvalidInputError(
            f"window: expected an odd number, so that it has a middle, received {window!r}."
        )
    return LucasKanade(
        int(window),
        int(levels),
        int(iterations),
        require_number(regularisation, "regularisation", low=0, high=1),
        require_number(local_mean_sigma, "local_mean_sigma", low=0, high=64),
    )


def _total_variation(settings: LucasKanade) -> TotalVariationFlow:
    from astsvm.features.tvl1 import TotalVariationFlow

    return TotalVariationFlow(settings.levels, settings.local_mean_sigma)


def _as_bytes(frame: FloatArray) -> Bytes:
    return np.rint(np.clip(frame, 0, 1) * 255).astype(np.uint8)


def _dis_flow(first: Bytes, second: Bytes) -> FloatArray:
    import cv2

    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(engine.calc(first, second, None), dtype=np.float32)


def _farneback(window: int, levels: int) -> Callable[[Bytes, Bytes], FloatArray]:
    import cv2

    def flow(first: Bytes, second: Bytes) -> FloatArray:
        field = cv2.calcOpticalFlowFarneback(first, second, None, 0.5, levels, window, 3, 5, 1.2, 0)
        return np.asarray(field, dtype=np.float32)

    return flow
