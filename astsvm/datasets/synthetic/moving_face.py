"""A synthetic face that moves: frames to look at and the exact motion they show."""

from __future__ import annotations

import math
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from astsvm.datasets.synthetic.camera import SensorNoise, expose, relative_light
from astsvm.datasets.synthetic.canvas import Image
from astsvm.datasets.synthetic.face import OVERSAMPLING
from astsvm.datasets.synthetic.motion import MotionField
from astsvm.datasets.synthetic.scene import Scene
from astsvm.datasets.synthetic.subject import SyntheticSubject
from astsvm.datasets.synthetic.template import Points
from astsvm.errors import InvalidInputError

__all__ = ["MovingFace"]


class MovingFace:
    """A subject's face, moved, lit and seen by a camera. Frames are rendered when asked for.

    Parameters
    ----------
    subject : SyntheticSubject
    name : str
        What messages call it.
    scene : Scene
        Head motion and light that were drawn for it.
    motion : MotionField
        The displacement of every point in every frame.
    noise_stream : tuple of int
        Seeds of the sensor noise.
    noise : float
        Sensor noise in grey levels at a grey of 110.
    """

    def __init__(
        self,
        subject: SyntheticSubject,
        name: str,
        scene: Scene,
        motion: MotionField,
        noise_stream: tuple[int, ...],
        noise: float,
    ) -> None:
        self.subject = subject
        self.name = name
        self.scene = scene
        self.motion = motion
        self._noise_stream = noise_stream
        self._noise_strength = noise

    def __len__(self) -> int:
        return self.scene.length

    @property
    def landmarks(self) -> Points:
        """The 68 landmarks of the face at rest, (68, 2) float64 in pixels."""
        return self.subject.face.landmarks.copy()

    def frames(self, *, colour: bool = False) -> npt.NDArray[np.uint8]:
        """Return all frames, (n, H, W) uint8 grey, or (n, H, W, 3) BGR."""
        return np.stack([self.frame(index, colour=colour) for index in range(len(self))])

    def frame(self, index: int, *, colour: bool = False) -> npt.NDArray[np.uint8]:
        """Return a frame as the camera sees it: moved, lit, with sensor noise.

        Parameters
        ----------
        index : int
            0-based frame.
        colour : bool
            BGR instead of grey.

        Returns
        -------
        ndarray of shape (H, W) or (H, W, 3), uint8

        Raises
        ------
        InvalidInputError
            If there is no such frame.
        """
        picture = self.clean_frame(index, colour=colour)
        light = relative_light(self.scene, self.subject.face, index)
        return expose(picture, light, self._noise.frame(index))

    def clean_frame(self, index: int, *, colour: bool = False) -> Image:
        """Return a frame moved but under constant light, without noise, unrounded.

        Returns
        -------
        ndarray of shape (H, W) or (H, W, 3), float32
            0..255.

        Raises
        ------
        InvalidInputError
            If there is no such frame.
        """
        index = self._check_frame("frame", index)
        texture = self.subject.face.colour if colour else self.subject.grey
        width, height = self.subject.face.size
        picture = cv2.resize(texture, (width, height), interpolation=cv2.INTER_AREA)
        rows, columns, field_rows, field_columns = self._moving
        weights = self.motion.weights(index)
        maps = []
        for axis, first in ((0, columns.start), (1, rows.start)):
            moved = field_rows @ (field_columns * weights[:, axis]).T
            here = np.arange(first, first + moved.shape[1 - axis])
            place = (here[None, :] if axis == 0 else here[:, None]) - moved
            maps.append((OVERSAMPLING * (place + 0.5) - 0.5).astype(np.float32))
        picture[rows, columns] = cv2.remap(
            texture, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(picture, dtype=np.float32)

    def true_flow(
        self,
        start: int,
        end: int,
        points: npt.ArrayLike | None = None,
        *,
        facial_only: bool = False,
    ) -> npt.NDArray[np.float64]:
        """Return the exact motion between two frames.

        Parameters
        ----------
        start, end : int
            0-based frames; `end` may lie before `start`.
        points : array_like of shape (..., 2), optional
            Where (x, y) in pixels of frame `start`; every pixel when left out.
        facial_only : bool
            Only the expression, without head motion and tremor.

        Returns
        -------
        ndarray of shape (H, W, 2) or (..., 2), float64
            Displacement in pixels (u right, v down) of the material point seen at each place of
            frame `start`; float64 because it is exact to 1e-9 px.

        Raises
        ------
        InvalidInputError
            If there is no such frame or a point is not a finite pair.
        """
        start, end = self._check_frame("start", start), self._check_frame("end", end)
        if points is None:
            return self._dense_flow(start, end, facial_only)
        given = np.asarray(points, dtype=np.float64)
        if given.ndim == 0 or given.shape[-1] != 2 or not np.isfinite(given).all():
            raise InvalidInputError(
                f"points: expected finite (x, y) pairs of shape (..., 2), received shape "
                f"{given.shape}{'' if np.isfinite(given).all() else ' with NaN or infinity'}."
            )
        flow = self.motion.flow(start, end, given.reshape(-1, 2), facial_only=facial_only)
        return flow.reshape(given.shape)

    def _dense_flow(self, start: int, end: int, facial_only: bool) -> npt.NDArray[np.float64]:
        width, height = self.subject.face.size
        flow = np.zeros((height, width, 2))
        rows, columns = self._moving[:2]
        grid = np.stack(
            np.meshgrid(
                np.arange(columns.start, columns.stop, dtype=np.float64),
                np.arange(rows.start, rows.stop, dtype=np.float64),
            ),
            axis=-1,
        )
        inside = self.motion.flow(start, end, grid.reshape(-1, 2), facial_only=facial_only)
        flow[rows, columns] = inside.reshape(grid.shape)
        return flow

    @cached_property
    def _noise(self) -> SensorNoise:
        return SensorNoise(self._noise_stream, self.subject.face.size, self._noise_strength)

    @cached_property
    def _moving(
        self,
    ) -> tuple[slice, slice, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Rows and columns of the frame that can move, and the field's parts along each."""
        left, right, top, bottom = self.motion.reach
        width, height = self.subject.face.size
        columns = slice(max(0, math.floor(left)), min(width, math.ceil(right) + 1))
        rows = slice(max(0, math.floor(top)), min(height, math.ceil(bottom) + 1))
        x = np.arange(columns.start, columns.stop, dtype=np.float64)
        y = np.arange(rows.start, rows.stop, dtype=np.float64)
        field_columns = self.motion.columns_and_rows(x, np.zeros_like(x))[0]
        field_rows = self.motion.columns_and_rows(np.zeros_like(y), y)[1]
        return rows, columns, field_rows, field_columns

    def _check_frame(self, name: str, index: int) -> int:
        whole = isinstance(index, int | np.integer) and not isinstance(index, bool)
        if not whole or not 0 <= index < len(self):
            raise InvalidInputError(
                f"{name}: expected a frame from 0 to {len(self) - 1} of {self.name}, "
                f"received {index!r}."
            )
        return int(index)
