"""What the descriptors are given of a clip, where that is not one of its arrays as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray
from astsvm.baselines import image_blocks, strain_features
from astsvm.baselines.bi_woof import bi_woof
from astsvm.baselines.flow_histograms import fhoof, hoof
from astsvm.features import optical_strain

__all__ = [
    "apex_fhoof",
    "apex_hoof",
    "apex_osf",
    "difference_maps",
    "idsf_maps",
    "lifted_bi_woof",
    "stepwise_osw",
]


def apex_hoof(motion: npt.ArrayLike, **options: Any) -> FloatArray:
    """Return HOOF of the motion from onset to apex (H, W, 2), taken as the only field."""
    return hoof(np.asarray(motion)[None], **options)


def apex_fhoof(motion: npt.ArrayLike, **options: Any) -> FloatArray:
    """Return FHOOF of the motion from onset to apex (H, W, 2), taken as the only field."""
    return fhoof(np.asarray(motion)[None], **options)


def lifted_bi_woof(motion: npt.ArrayLike, strain: npt.ArrayLike, **options: Any) -> FloatArray:
    """Return Bi-WOOF; strain (H, W) whose zero was moved is lifted to a minimum of 0 first."""
    return bi_woof(motion, _lifted(strain), **options)


def apex_osf(strain: npt.ArrayLike, side: int = 50) -> FloatArray:
    """Return OSF of the strain from onset to apex (H, W) as a map (side, side, 1)."""
    return strain_features.osf(_lifted(strain)[None], side).reshape(side, side, 1)


def stepwise_osw(frames: npt.ArrayLike, flow: npt.ArrayLike, **options: Any) -> FloatArray:
    """Return OSW of frames (n, H, W), weighted by the strain of every step of the flow."""
    return strain_features.osw(frames, optical_strain(flow), **options)


def idsf_maps(frames: npt.ArrayLike, blocks: tuple[int, int] = (16, 16)) -> FloatArray:
    """Return blocks of the differences to the onset as maps (n - 1, rows, columns, 1)."""
    return image_blocks.idsf_blocks(frames, blocks).reshape(-1, *blocks, 1)


def difference_maps(frames: npt.ArrayLike, blocks: tuple[int, int] = (16, 16)) -> FloatArray:
    """Return blocks of the differences of neighbouring frames as maps (n - 1, rows, columns, 1)."""
    return image_blocks.adjacent_difference_blocks(frames, blocks).reshape(-1, *blocks, 1)


def _lifted(strain: npt.ArrayLike) -> FloatArray:
    """Bring the smallest value to 0 if it is below: that of a flow image has lost its zero."""
    values = np.asarray(strain)
    lowest = values.min() if values.size else 0
    lifted: FloatArray = values - lowest if lowest < 0 else values
    return lifted
