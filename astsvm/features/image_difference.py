"""Image difference with the starting frame (IDSF): the paper's appearance feature.

The paper writes IDSF and ISDF for the same thing. Its equations (6) and (7) chain differences of
neighbours and refer to themselves; here, as its text says, every frame is compared with the onset.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, as_grey_stack
from astsvm.errors import InvalidInputError

__all__ = ["Illumination", "idsf"]

Illumination = Literal["none", "median"]


def idsf(
    frames: npt.ArrayLike, illumination: Illumination = "none", *, zero_first: bool = False
) -> FloatArray:
    """Return D_i = I_i - I_0 for every frame after the first.

    Parameters
    ----------
    frames : array_like of shape (n, H, W)
        Grey frames in [0, 1], n >= 2; frame 0 is the onset. 8- and 16-bit frames are scaled to
        [0, 1] first, so nothing wraps around.
    illumination : {"none", "median"}
        ``median`` subtracts from each difference its median over the image, which takes away a
        change of light common to the whole face (ours).
    zero_first : bool
        Keep the first difference, which is 0, so that n frames give n images (ours); goes with
        the same option of :func:`astsvm.features.optical_flow`.

    Returns
    -------
    ndarray of shape (n - 1, H, W, 1), float32
        Signed, in grey with white = 1; (n, H, W, 1) with `zero_first`.

    Raises
    ------
    InvalidInputError
        If `frames` is no stack of at least two finite grey frames, or `illumination` is unknown.
    """
    if illumination not in ("none", "median"):
        raise InvalidInputError(
            f"illumination: expected 'none' or 'median', received {illumination!r}."
        )
    stack = as_grey_stack(frames, minimum_frames=2)
    difference: FloatArray = stack[0 if zero_first else 1 :] - stack[0]
    if illumination == "median":
        difference -= np.median(difference, axis=(1, 2), keepdims=True)
    return difference[..., None]
