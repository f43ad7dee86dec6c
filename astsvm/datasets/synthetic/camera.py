"""What light and sensor add to a synthetic frame."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from astsvm.datasets.synthetic.canvas import Image
from astsvm.datasets.synthetic.face import FaceTexture
from astsvm.datasets.synthetic.scene import Scene

__all__ = ["SensorNoise", "expose", "relative_light"]

_NOISE_TAG = 22
_MARGIN = 64
_REFERENCE_GREY = 110
_DARK_SHARE = 0.35


def relative_light(scene: Scene, face: FaceTexture, index: int) -> Image:
    """Return the light of frame `index` relative to the face at rest, (H, W) float32 around 1."""
    width, height = face.size
    x = ((np.arange(width) - face.origin[0]) / face.iod).astype(np.float32)[None, :]
    y = ((np.arange(height) - face.origin[1]) / face.iod).astype(np.float32)[:, None]
    overall, rightwards, downwards, spot = scene.light[index].astype(np.float32)
    spot_x, spot_y, sigma = (np.float32(value) for value in scene.spot)
    column = np.exp(np.float32(-0.5) * np.square((y - spot_y) / sigma))
    row = np.exp(np.float32(-0.5) * np.square((x - spot_x) / sigma))
    light = (1 + overall + rightwards * x) + downwards * y
    light += (spot * column) * row
    return np.asarray(light, dtype=np.float32)


class SensorNoise:
    """Gaussian noise of a clip: one field per clip, placed anew in every frame.

    Parameters
    ----------
    stream : tuple of int
        Seeds: of the corpus, then what names the recording within it.
    size : (int, int)
        Frame width and height.
    strength : float
        Standard deviation in grey levels at a grey of 110.
    """

    def __init__(self, stream: tuple[int, ...], size: tuple[int, int], strength: float):
        width, height = size
        self._stream = (*stream, _NOISE_TAG)
        self._size = size
        shape = (height + _MARGIN, width + _MARGIN)
        field = np.random.default_rng(self._stream).standard_normal(shape, dtype=np.float32)
        self._field = field * np.float32(strength)

    def frame(self, index: int) -> Image:
        """Return the noise of a frame, (H, W) float32; any frame, in any order."""
        width, height = self._size
        rng = np.random.default_rng([*self._stream, index + 1])
        top, left = (int(start) for start in rng.integers(0, _MARGIN, 2))
        step_y, step_x = (1 - 2 * int(flip) for flip in rng.integers(0, 2, 2))
        window = self._field[top : top + height, left : left + width]
        return window[::step_y, ::step_x]


def expose(picture: Image, light: Image, noise: Image) -> npt.NDArray[np.uint8]:
    """Turn a clean picture into what the camera stores.

    Parameters
    ----------
    picture : ndarray of shape (H, W) or (H, W, 3), float32
        0..255; overwritten.
    light : ndarray of shape (H, W), float32
        Factor per pixel.
    noise : ndarray of shape (H, W), float32
        Grey levels at a grey of 110; it grows with the root of the light as photon noise does.

    Returns
    -------
    ndarray of the shape of `picture`, uint8
    """
    colour = picture.ndim == 3
    picture *= light[..., None] if colour else light
    np.maximum(picture, 0, out=picture)
    brightness = np.ascontiguousarray(picture[..., 1]) if colour else picture
    slope = np.float32((1 - _DARK_SHARE) / _REFERENCE_GREY)
    grain = noise * cv2.sqrt(brightness * slope + np.float32(_DARK_SHARE))
    picture += grain[..., None] if colour else grain
    return np.rint(np.clip(picture, 0, 255, out=picture), out=picture).astype(np.uint8)
