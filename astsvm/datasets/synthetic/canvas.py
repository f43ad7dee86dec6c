"""Painting primitives of the synthetic face: curves, masks, bumps and noise on a canvas.

Every length is given in interocular distances (IOD), so a face looks the same at every size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from astsvm.datasets.synthetic.template import Points

__all__ = ["Canvas", "Image", "blend", "curve", "full_canvas", "moved"]

Image = npt.NDArray[np.float32]

_SUBPIXEL_BITS = 4


def curve(points: npt.ArrayLike, *, closed: bool = False, steps: int = 12) -> Points:
    """Draw a Catmull-Rom curve through points.

    Parameters
    ----------
    points : array_like of shape (P, 2)
    closed : bool
        Return to the first point.
    steps : int
        Points per segment.

    Returns
    -------
    ndarray of shape (S * steps (+ 1 when open), 2), S segments
    """
    given = np.asarray(points, dtype=np.float64)
    if closed:
        knots = np.vstack([given[-1:], given, given[:2]])
    else:
        knots = np.vstack([2 * given[0] - given[1], given, 2 * given[-1] - given[-2]])
    before, start, end, after = knots[:-3], knots[1:-2], knots[2:-1], knots[3:]
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[None, :, None]
    a, b, c, d = (side[:, None] for side in (before, start, end, after))
    path = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    flat = path.reshape(-1, 2)
    return flat if closed else np.vstack([flat, given[-1]])


def moved(points: npt.ArrayLike, right: float, down: float) -> Points:
    """Return one point (2,) or several (P, 2), shifted."""
    return np.asarray(np.asarray(points, dtype=np.float64) + np.array([right, down]))


def blend(under: Image, over: Image | npt.ArrayLike, mask: Image) -> None:
    """Lay `over` on the colour image `under` in place where `mask` (H, W) in [0, 1] says so."""
    under += (np.asarray(over, dtype=np.float32) - under) * mask[..., None]


@dataclass(frozen=True)
class Canvas:
    """A rectangle of the texture and its coordinates in the face's own units.

    Parameters
    ----------
    x : ndarray of shape (1, W), float32
        Column positions in IOD.
    y : ndarray of shape (H, 1), float32
        Row positions in IOD.
    unit : float
        Texture pixels in one IOD.
    left, top : int
        Where the rectangle begins within the whole texture.
    """

    x: Image
    y: Image
    unit: float
    left: int = 0
    top: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in texture pixels."""
        return self.y.shape[0], self.x.shape[1]

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns of the whole texture that this canvas covers."""
        height, width = self.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def crop(self, x0: float, x1: float, y0: float, y1: float) -> Canvas:
        """Return the part of the canvas between the given bounds in IOD, at least one pixel."""
        columns = np.searchsorted(self.x[0], [x0, x1])
        rows = np.searchsorted(self.y[:, 0], [y0, y1])
        left = min(int(columns[0]), self.x.shape[1] - 1)
        top = min(int(rows[0]), self.y.shape[0] - 1)
        return Canvas(
            self.x[:, left : max(int(columns[1]), left + 1)],
            self.y[top : max(int(rows[1]), top + 1)],
            self.unit,
            self.left + left,
            self.top + top,
        )

    def within(self, inner: Canvas) -> tuple[slice, slice]:
        """Rows and columns of this canvas that `inner`, a crop of it, covers."""
        rows, columns = inner.place
        return (
            slice(rows.start - self.top, rows.stop - self.top),
            slice(columns.start - self.left, columns.stop - self.left),
        )

    def blank(self) -> Image:
        """Return a zero image of this canvas's shape."""
        return np.zeros(self.shape, dtype=np.float32)

    def bump(self, centre: Sequence[float] | Points, sigma_x: float, sigma_y: float) -> Image:
        """Return an axis-aligned Gaussian of height 1 (an outer product, so it is cheap)."""
        column = np.exp(np.float32(-0.5) * np.square((self.y - np.float32(centre[1])) / sigma_y))
        row = np.exp(np.float32(-0.5) * np.square((self.x - np.float32(centre[0])) / sigma_x))
        return np.asarray(column * row, dtype=np.float32)

    def pixels(self, points: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """Turn IOD positions into OpenCV's fixed-point pixel positions on this canvas."""
        origin = np.array([self.x[0, 0], self.y[0, 0]], dtype=np.float64)
        pixel = (np.asarray(points, dtype=np.float64) - origin) * self.unit
        return np.round(pixel * (1 << _SUBPIXEL_BITS)).astype(np.int32)

    def soften(self, image: Image, sigma: float) -> Image:
        """Blur with a Gaussian of `sigma` IOD (left alone below a tenth of a pixel)."""
        pixels = sigma * self.unit
        if pixels < 0.1:
            return image
        return np.asarray(cv2.GaussianBlur(image, (0, 0), pixels), dtype=np.float32)

    def fill(self, outline: npt.ArrayLike, edge: float) -> Image:
        """Return the mask in [0, 1] of a polygon whose edge is blurred by `edge` IOD."""
        mask = np.zeros(self.shape, dtype=np.uint8)
        cv2.fillPoly(mask, [self.pixels(outline)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        return self.soften(mask.astype(np.float32) / np.float32(255), edge)

    def stroke(self, path: npt.ArrayLike, width: float, edge: float) -> Image:
        """Return the mask in [0, 1] of a line of `width` IOD whose edge is blurred by `edge`."""
        mask = np.zeros(self.shape, dtype=np.uint8)
        thickness = width * self.unit
        whole = max(1, round(thickness))
        # A line thinner than a pixel is drawn one pixel wide and fainter.
        level = round(255 * min(1.0, thickness / whole))
        cv2.polylines(mask, [self.pixels(path)], False, level, whole, cv2.LINE_AA, _SUBPIXEL_BITS)
        return self.soften(mask.astype(np.float32) / np.float32(255), edge)

    def noise(
        self, rng: np.random.Generator, grains: Sequence[float], weights: Sequence[float]
    ) -> Image:
        """Return smooth noise: for each grain size in IOD, Gaussian noise of the given weight."""
        height, width = self.shape
        total = self.blank()
        for grain, weight in zip(grains, weights, strict=True):
            pixels = max(1.0, grain * self.unit)
            coarse = (int(height / pixels) + 3, int(width / pixels) + 3)
            grid = rng.standard_normal(coarse, dtype=np.float32)
            fine = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
            total += np.float32(weight) * fine
        return total


def full_canvas(
    size: tuple[int, int], origin: tuple[float, float], iod: float, oversampling: int
) -> Canvas:
    """Return the canvas of a whole texture.

    Parameters
    ----------
    size : (width, height) of the frame in pixels
    origin : (x, y) of the point between the eyes, in frame pixels (pixel centres are whole)
    iod : interocular distance in frame pixels
    oversampling : texture pixels per frame pixel and axis
    """
    width, height = size
    x = ((np.arange(width * oversampling) + 0.5) / oversampling - 0.5 - origin[0]) / iod
    y = ((np.arange(height * oversampling) + 0.5) / oversampling - 0.5 - origin[1]) / iod
    return Canvas(x.astype(np.float32)[None, :], y.astype(np.float32)[:, None], iod * oversampling)
