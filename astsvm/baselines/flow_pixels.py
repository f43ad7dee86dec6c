"""The pixels of onset-to-apex flow as they are: the bar that a network has to clear."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, require_number
from astsvm.baselines.motion_input import motion_image

__all__ = ["flow_pixels"]

SIDE = 28


def flow_pixels(
    motion: npt.ArrayLike, strain: npt.ArrayLike, *, blur: float = 0.0, side: int = SIDE
) -> FloatArray:
    """Put u, v and strain of a clip into a small image of three channels.

    Parameters
    ----------
    motion : array_like of shape (H, W, 2)
        Flow from onset to apex.
    strain : array_like of shape (H, W)
        Its optical strain.
    blur : float
        Sigma in pixels of a Gaussian blur, 0 or more; 0 leaves the image as it is.
    side : int
        Rows and columns of the image; larger fields are averaged down to it, smaller ones kept.

    Returns
    -------
    ndarray of shape (h, w, 3), float32
        u, v and strain, each with its median over the image subtracted, which most of a face
        lies at.

    Raises
    ------
    InvalidInputError
        If shapes do not fit together or a value is not finite.

    Notes
    -----
    Ours: no paper's method, but what a paper's method should beat. The layout is that of STSTNet
    (Liong et al., FG 2019, doi:10.1109/FG.2019.8756567), whose images are 28 x 28.
    """
    sigma = require_number(blur, "blur", low=0, high=64)
    image = motion_image(motion, strain, side)[0]
    image -= np.median(image, axis=(0, 1))
    if sigma:
        from scipy.ndimage import gaussian_filter

        # Mirrored at the rim, as OpenCV does it.
        image = gaussian_filter(image, (sigma, sigma, 0), mode="mirror")
    return np.ascontiguousarray(image, dtype=np.float32)
