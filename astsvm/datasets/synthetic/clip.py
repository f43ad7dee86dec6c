"""One synthetic clip: frames to look at and the exact motion they show."""

from __future__ import annotations

import math
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from astsvm.datasets.synthetic.action_units import check_label
from astsvm.datasets.synthetic.camera import SensorNoise, expose, relative_light
from astsvm.datasets.synthetic.canvas import Image
from astsvm.datasets.synthetic.difficulty import Difficulty, find_difficulty
from astsvm.datasets.synthetic.face import OVERSAMPLING
from astsvm.datasets.synthetic.motion import place_script
from astsvm.datasets.synthetic.naming import check_integer, clip_name
from astsvm.datasets.synthetic.script import check_fps, draw_script
from astsvm.datasets.synthetic.subject import SyntheticSubject
from astsvm.datasets.synthetic.template import Points
from astsvm.errors import InvalidInputError

__all__ = ["SyntheticClip"]


class SyntheticClip:
    """A micro-expression planted on a synthetic subject.

    Equal arguments give equal bytes. Frames are rendered when asked for.

    Parameters
    ----------
    subject : SyntheticSubject
    number : int
        1-based number of the clip within its subject.
    label : str
        ``"negative"``, ``"positive"`` or ``"surprise"``.
    difficulty : str or Difficulty
    fps : float
        Frames per second.

    Attributes
    ----------
    script : Script
        What was drawn for this clip.
    motion : MotionField
        The displacement of every point in every frame.

    Raises
    ------
    SettingsError
        If an argument is out of range.
    """

    def __init__(
        self,
        subject: SyntheticSubject,
        number: int,
        label: str,
        *,
        difficulty: str | Difficulty = "hard",
        fps: float = 100,
    ) -> None:
        self.subject = subject
        self.number = check_integer("clip", number)
        self.label = check_label(label)
        self.difficulty = find_difficulty(difficulty)
        self.fps = check_fps(fps)
        self.script = draw_script(
            subject.seed, subject.number, self.number, self.label, self.difficulty, self.fps
        )
        self.motion = place_script(self.script, subject)

    def __len__(self) -> int:
        return self.script.length

    @property
    def name(self) -> str:
        """``s01_c03``: unique within the corpus."""
        return clip_name(self.subject.number, self.number)

    @property
    def onset(self) -> int:
        """0-based frame before the expression begins."""
        return self.script.onset

    @property
    def apex(self) -> int:
        """0-based frame of the full expression."""
        return self.script.apex

    @property
    def offset(self) -> int:
        """0-based frame in which the expression is gone."""
        return self.script.offset

    @property
    def action_units(self) -> dict[int, float]:
        """Planted action units and their relative strength."""
        return dict(self.script.action_units)

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
        light = relative_light(self.script, self.subject.face, index)
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
        stream = (self.subject.seed, self.subject.number, self.number)
        return SensorNoise(stream, self.subject.face.size, self.difficulty.noise)

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
                f"{name}: expected a frame from 0 to {len(self) - 1} of clip {self.name}, "
                f"received {index!r}."
            )
        return int(index)
