"""Optical strain: how much the skin is stretched or sheared, whatever way the head moves.

References
----------
M. Shreve et al., "Macro- and micro-expression spotting in long videos using spatio-temporal
strain", FG 2011, doi:10.1109/FG.2011.5771451.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, to_unit_floats
from astsvm.errors import InvalidInputError

__all__ = ["optical_strain"]


def optical_strain(flow: npt.ArrayLike) -> FloatArray:
    """Return the magnitude of the infinitesimal strain of a flow field.

    With exx = du/dx, eyy = dv/dy and exy = (du/dy + dv/dx) / 2 it is
    ``sqrt(exx^2 + eyy^2 + 2 exy^2)``. Derivatives are central differences, one-sided at the rim,
    so it is exact for affine flow and 0 for a translation or an infinitesimal rotation.

    Parameters
    ----------
    flow : array_like of shape (..., H, W, 2), float
        (u, v) in pixels, u rightwards, v downwards; H and W at least 2.

    Returns
    -------
    ndarray of shape (..., H, W), float32
        Dimensionless, 0 or more.

    Raises
    ------
    InvalidInputError
        If the shape or type is wrong or a value is not finite.
    """
    array = np.asarray(flow)
    if array.ndim < 3 or array.shape[-1] != 2 or min(array.shape[-3:-1]) < 2 or array.size == 0:
        raise InvalidInputError(
            "flow: expected shape (..., H, W, 2) with H and W of at least 2, received "
            f"{array.shape}. Put u and v last."
        )
    if array.dtype.kind != "f":
        raise InvalidInputError(f"flow: expected floats in pixels, received {array.dtype}.")
    field = to_unit_floats(array, "flow")
    u_down, u_right = np.gradient(field[..., 0], axis=(-2, -1))
    v_down, v_right = np.gradient(field[..., 1], axis=(-2, -1))
    shear = 0.5 * (u_down + v_right)
    return np.asarray(np.sqrt(u_right**2 + v_down**2 + 2 * shear**2), dtype=np.float32)
