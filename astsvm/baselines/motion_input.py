"""What the small networks are given: one image of a clip's motion, or a short sequence.

Plain functions of one clip's arrays; nothing is fitted, so they may run before the folds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray, as_grey_stack, require_finite
from astsvm.errors import InvalidInputError
from astsvm.features import optical_strain

__all__ = [
    "area_average",
    "enriched_sequence",
    "magnitude_image",
    "motion_image",
    "motion_sequence",
    "stretched",
]

_ROUNDING = 1e-3


def motion_image(
    motion: npt.ArrayLike, strain: npt.ArrayLike, size: int = 28, *, stretch: bool = False
) -> FloatArray:
    """Return u, v and strain of a clip as one small image.

    Parameters
    ----------
    motion : array_like of shape (H, W, 2), float
        Flow from onset to apex: u rightwards, v downwards; or u, v of a precomputed flow image.
    strain : array_like of shape (H, W), float
        Its optical strain, or the flow image's third channel.
    size : int
        Rows and columns, at most: a larger image is averaged down, a smaller one is left alone.
    stretch : bool
        Divide every channel by its range, see :func:`stretched`. Otherwise units are kept.

    Returns
    -------
    ndarray of shape (1, min(H, size), min(W, size), 3), float32
        A 28 x 28 flow image comes back as it was, stretched or not.

    Raises
    ------
    InvalidInputError
        If a shape or type is wrong, sizes disagree, or a value is not finite.
    """
    field = _flow("motion", motion, 3)
    third = np.asarray(strain)
    if third.shape != field.shape[:2] or third.dtype.kind != "f":
        raise InvalidInputError(
            f"strain: expected floats of shape {field.shape[:2]}, as the motion has, received "
            f"{third.dtype} of shape {third.shape}. Take both from the same clip."
        )
    require_finite(third, "strain")
    image = np.concatenate([field, third[..., None].astype(np.float32)], axis=-1)
    return _small(image[None], size, stretch)


def magnitude_image(
    motion: npt.ArrayLike, strain: npt.ArrayLike, size: int = 28, *, stretch: bool = False
) -> FloatArray:
    """Return the magnitude of the flow and the strain of a clip as one small image.

    Parameters and errors are those of :func:`motion_image`. The magnitude is taken at full size.

    Returns
    -------
    ndarray of shape (1, min(H, size), min(W, size), 2), float32
        ``sqrt(u^2 + v^2)`` and the strain.
    """
    field = np.asarray(motion)
    whole = motion_image(field, strain, size=max(1, *field.shape[:2]) if field.ndim == 3 else 1)
    length = np.hypot(whole[..., 0], whole[..., 1])
    return _small(np.stack([length, whole[..., 2]], axis=-1), size, stretch)


def motion_sequence(flow: npt.ArrayLike, size: int = 28, *, stretch: bool = False) -> FloatArray:
    """Return u, v and strain of every step of a clip.

    Parameters
    ----------
    flow : array_like of shape (T, H, W, 2), float
        Flow from frame to frame; H and W at least 2.
    size, stretch : int, bool
        As in :func:`motion_image`.

    Returns
    -------
    ndarray of shape (T, min(H, size), min(W, size), 3), float32

    Raises
    ------
    InvalidInputError
        If the shape or type is wrong or a value is not finite.
    """
    fields = _flow("flow", flow, 4)
    strain = optical_strain(fields)
    return _small(np.concatenate([fields, strain[..., None]], axis=-1), size, stretch)


def enriched_sequence(
    frames: npt.ArrayLike, flow: npt.ArrayLike, size: int = 48, *, stretch: bool = False
) -> FloatArray:
    """Return what happens in every step of a clip, and the frame that the step ends with.

    Parameters
    ----------
    frames : array_like of shape (n, H, W), float in [0, 1] or uint8
        Grey frames, at least as many as steps; the last T are taken.
    flow : array_like of shape (T, H, W, 2), float
        Flow from frame to frame; H and W at least 2.
    size, stretch : int, bool
        As in :func:`motion_image`.

    Returns
    -------
    ndarray of shape (T, min(H, size), min(W, size), 5), float32
        u, v, ``sqrt(u^2 + v^2)``, strain, grey.

    Raises
    ------
    InvalidInputError
        If a shape or type is wrong, sizes disagree, or a value is not finite.
    """
    fields = _flow("flow", flow, 4)
    grey = as_grey_stack(frames)
    if len(grey) < len(fields) or grey.shape[1:] != fields.shape[1:3]:
        raise InvalidInputError(
            f"frames: expected at least {len(fields)} frames of {fields.shape[1]} x "
            f"{fields.shape[2]} pixels, as the flow has steps, received {grey.shape}. Take both "
            "from the same clip."
        )
    parts = [
        fields,
        np.hypot(fields[..., 0], fields[..., 1])[..., None],
        optical_strain(fields)[..., None],
        grey[-len(fields) :, ..., None],
    ]
    return _small(np.concatenate(parts, axis=-1), size, stretch)


def stretched(images: npt.ArrayLike) -> FloatArray:
    """Divide every channel by its range, so that strain weighs as much as u and v.

    The sources stretch every channel of a clip's image to 0..255. Here zero motion stays zero. A
    channel without any range is left alone, and so is one whose range is 1 but for the rounding of
    float16: flow images are stretched already.

    Parameters
    ----------
    images : array_like of shape (T, H, W, C), float
        The range is that of all steps together.

    Returns
    -------
    ndarray of the same shape, float32
        Largest minus smallest value of a channel is about 1, or 0.

    Raises
    ------
    InvalidInputError
        If the shape or type is wrong or a value is not finite.
    """
    values = _images(images)
    span = values.max(axis=(0, 1, 2)) - values.min(axis=(0, 1, 2))
    left_alone = (span == 0) | (np.abs(span - 1) < _ROUNDING)
    return np.asarray(values / np.where(left_alone, 1, span), dtype=np.float32)


def area_average(images: npt.ArrayLike, size: int) -> FloatArray:
    """Average images down to at most `size` rows and columns.

    Each new pixel is the mean of the area it covers; pixels on its border count with the part that
    lies in it. The mean of the image is kept.

    Parameters
    ----------
    images : array_like of shape (T, H, W, C), float
    size : int
        At least 1.

    Returns
    -------
    ndarray of shape (T, min(H, size), min(W, size), C), float32
        A copy where nothing is averaged.

    Raises
    ------
    InvalidInputError
        If the shape, type or size is wrong or a value is not finite.
    """
    values = _images(images)
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise InvalidInputError(f"size must be a whole number of at least 1, received {size!r}.")
    _, height, width, _ = values.shape
    if height > size:
        values = np.einsum("ry,tyxc->trxc", _shares(height, size), values)
    if width > size:
        values = np.einsum("sx,tyxc->tysc", _shares(width, size), values)
    return np.array(values, dtype=np.float32)


def _small(images: FloatArray, size: int, stretch: bool) -> FloatArray:
    averaged = area_average(images, size)
    return stretched(averaged) if stretch else averaged


def _shares(length: int, size: int) -> npt.NDArray[np.float64]:
    """Return the share (size, length) of every pixel in every mean along an axis."""
    edges = np.arange(size + 1) * length / size
    pixel = np.arange(length)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    shares: npt.NDArray[np.float64] = np.clip(overlap, 0, None) * size / length
    return shares


def _images(images: npt.ArrayLike) -> npt.NDArray[np.floating]:
    values = np.asarray(images)
    if values.ndim != 4 or values.size == 0 or values.dtype.kind != "f":
        raise InvalidInputError(
            f"images: expected floats of shape (T, H, W, C), received {values.dtype} of shape "
            f"{values.shape}."
        )
    require_finite(values, "images")
    return values


def _flow(name: str, flow: npt.ArrayLike, axes: int) -> FloatArray:
    array = np.asarray(flow)
    if array.ndim != axes or array.shape[-1] != 2 or array.size == 0 or array.dtype.kind != "f":
        expected = "(H, W, 2)" if axes == 3 else "(T, H, W, 2)"
        raise InvalidInputError(
            f"{name}: expected floats of shape {expected}, u and v last, received {array.dtype} "
            f"of shape {array.shape}."
        )
    require_finite(array, name)
    return np.asarray(array, dtype=np.float32)
