"""Main directional mean optical flow (MDMO): one vector for each of 36 regions of the face."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray
from astsvm.baselines.descriptor_input import as_flow_fields
from astsvm.baselines.descriptor_svm import DescriptorSvm
from astsvm.baselines.mdmo_regions import REGION_COUNT, checked_landmarks, mdmo_regions

__all__ = ["MDMO_SVM", "mdmo", "without_affine_motion"]

MDMO_SVM: Final = DescriptorSvm(
    kernel="polynomial",
    c=1.0,
    degree=2,
    standardise=True,
    note="The source's kernel is reported to be polynomial; its text was not at hand. Degree 2 and "
    "C = 1 are ours.",
)

BINS: Final = 8
"""Directions among which a region's main one is chosen."""

STILL: Final = 1e-4
"""Pixels; shorter vectors have no direction: far above rounding, far below any motion."""

_STEADY: Final = (*range(1, 16), 27, 28, 29, 30)
"""Landmarks that an expression moves least: the jaw's line and the bridge of the nose."""

Fields = npt.NDArray[np.float64]


def mdmo(flow: npt.ArrayLike, landmarks: npt.ArrayLike) -> FloatArray:
    """Return how far, and which way, most of each region moves.

    For each field counted from the first frame the head's motion is taken off. In each region the
    vectors are sorted into eight directions, and those of the fullest are averaged. The mean over
    all fields is the region's vector.

    Parameters
    ----------
    flow : array_like of shape (T, H, W, 2), float
        (u, v) of each step, in pixels, u rightwards, v downwards. Fields are added up from the
        first; T = 1 may be the motion from onset to apex.
    landmarks : array_like of shape (68, 2)
        (x, y) in chip pixels, in dlib's order.

    Returns
    -------
    ndarray of shape (72,), float32
        Region by region (:mod:`astsvm.baselines.mdmo_regions`), the length of its vector divided by
        that of the longest, and its angle from -pi to pi, 0 being rightwards and pi/2 downwards.
        All 0 where nothing moves but the head.

    Raises
    ------
    InvalidInputError
        If flow or landmarks have another shape or are not finite, or a region lies outside the
        chip.

    Notes
    -----
    Differs from the source: its frames are warped by an affine transform that flow at steady
    points of the face gives, and flow is computed anew; here that transform's own flow is
    subtracted (:func:`without_affine_motion`), which is the same to first order. Flow from the
    first frame is the sum of the steps at a fixed pixel. The regions' outlines, and that vectors
    below 1e-4 px count as none, are ours. The source weighs lengths against angles by a factor that
    it chooses by accuracy; there is none here.

    References
    ----------
    Y.-J. Liu, J.-K. Zhang, W.-J. Yan, S.-J. Wang, G. Zhao, X. Fu, "A main directional mean optical
    flow feature for spontaneous micro-expression recognition", IEEE Transactions on Affective
    Computing 7(4), 2016, doi:10.1109/TAFFC.2015.2485205.
    """
    fields = as_flow_fields(flow)
    points = checked_landmarks(landmarks)
    regions = mdmo_regions(points, (fields.shape[1], fields.shape[2]))
    from_first = without_affine_motion(np.cumsum(fields, axis=0, dtype=np.float64), points)
    vectors = from_first.reshape(len(fields), -1, 2)
    means = np.zeros((REGION_COUNT, 2))
    for region, pixels in enumerate(regions):
        means[region] = np.mean([_main_vector(field[pixels]) for field in vectors], axis=0)
    lengths = np.hypot(*means.T)
    longest = lengths.max() or 1.0
    angles = np.arctan2(means[:, 1], means[:, 0])
    return np.stack([lengths / longest, angles], axis=1).astype(np.float32).ravel()


def without_affine_motion(fields: Fields, landmarks: Fields) -> Fields:
    """Subtract from each field the affine motion that steady points of the face follow.

    Parameters
    ----------
    fields : ndarray of shape (T, H, W, 2), float64
        Pixels.
    landmarks : ndarray of shape (68, 2), float64
        Those of the jaw and of the bridge of the nose are used, moved into the chip where they lie
        outside, at their nearest pixels.

    Returns
    -------
    ndarray of the same shape, float64
        0 up to rounding where the whole field is a shift, a turn, a growth or a shear.
    """
    height, width = fields.shape[1:3]
    places = np.rint(landmarks[list(_STEADY)]).astype(int)
    columns, rows = np.clip(places, 0, (width - 1, height - 1)).T
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    seen = np.stack([columns - middle[0], rows - middle[1], np.ones(len(rows))], axis=1)
    y, x = np.mgrid[:height, :width]
    everywhere = np.stack([x - middle[0], y - middle[1], np.ones((height, width))], axis=-1)
    still = np.empty_like(fields)
    for index, field in enumerate(fields):
        transform = np.linalg.lstsq(seen, field[rows, columns], rcond=None)[0]
        still[index] = field - everywhere @ transform
    return still


def _main_vector(vectors: Fields) -> Fields:
    """Return the mean (2,) of the vectors (pixels, 2) in the fullest of eight directions."""
    moving = vectors[np.hypot(*vectors.T) >= STILL]
    if len(moving) == 0:
        return np.zeros(2)
    turn = np.arctan2(moving[:, 1], moving[:, 0]) / (2 * np.pi)
    directions = np.floor(turn % 1 * BINS).astype(int) % BINS
    fullest = np.bincount(directions, minlength=BINS).argmax()
    return np.asarray(moving[directions == fullest].mean(axis=0))
