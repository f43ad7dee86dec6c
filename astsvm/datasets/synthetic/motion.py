"""Planted motion with a known truth: an analytic displacement field and its exact flow.

Frame t shows the face at rest, displaced backwards: ``frame_t(p) = rest(p - E_t(p))``. Every part
of ``E_t`` is a function of x times a function of y times a number per frame, so a dense field is
one small matrix product, and it is known in closed form at every point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from astsvm.datasets.synthetic.action_units import Gaussian, place_pulls
from astsvm.datasets.synthetic.difficulty import PX192
from astsvm.datasets.synthetic.scene import Scene
from astsvm.datasets.synthetic.script import Script
from astsvm.datasets.synthetic.subject import SyntheticSubject
from astsvm.datasets.synthetic.template import Points
from astsvm.errors import InvalidInputError

__all__ = ["HEAD_MOTIONS", "MotionField", "place_expression", "place_scene", "place_script"]

Array = npt.NDArray[np.float64]

HEAD_MOTIONS = ("shift_x", "shift_y", "scale", "roll", "yaw", "pitch")
"""Columns of the head's motion: px, px, relative, radians, and per px of depth twice."""

_REACH_X = (-2.0, -1.45, 1.45, 2.0)
_REACH_Y = (-1.55, -0.95, 2.0, 2.6)
# The head turns about a point on the nose, this far below the eyes (IOD).
_PIVOT = 0.28
# Depth of the head towards the camera, in IOD: centre, sigma, height; a skull and a nose.
_DEPTH = (((0.0, 0.35), (0.85, 1.0), 0.9), ((0.0, 0.58), (0.16, 0.2), 0.22))

_TOLERANCE = 1e-10
_MOST_ITERATIONS = 200
# Points solved at once; keeps the working set in the cache.
_CHUNK = 8192


def _window(offset: Array, reach: tuple[float, float, float, float], iod: float) -> Array:
    """Rise from 0 to 1 and fall back, twice continuously differentiable; exactly 1 inside."""
    low, in_low, in_high, high = (bound * iod for bound in reach)
    rising = np.clip((offset - low) / (in_low - low), 0, 1)
    falling = np.clip((high - offset) / (high - in_high), 0, 1)
    edge = np.minimum(rising, falling)
    return np.asarray(edge**3 * (10 + edge * (6 * edge - 15)))


@dataclass(frozen=True)
class MotionField:
    """The displacement of every point of a face in every frame of a clip.

    The field is exactly 0 outside :attr:`reach`, and within the face crop nothing fades it.

    Parameters
    ----------
    origin : (float, float)
        The point between the eyes, in pixels; the head turns about the nose below it.
    iod : float
        Interocular distance in pixels.
    expression : sequence of Gaussian
        Displacements of the expression at its apex, in pixels.
    profile : ndarray of shape (n,), or (n, number of displacements in `expression`)
        Share of the expression shown in each frame, 0 to 1; where several expressions follow each
        other, of each displacement on its own.
    head : ndarray of shape (n, 6)
        Head motion per frame, columns as in :data:`HEAD_MOTIONS`.
    tremor : sequence of Gaussian
        Local motion without meaning; vectors of length 1.
    tremor_course : ndarray of shape (n, number of tremors)
        Their displacement per frame in pixels.
    """

    origin: tuple[float, float]
    iod: float
    expression: Sequence[Gaussian]
    profile: Array
    head: Array
    tremor: Sequence[Gaussian]
    tremor_course: Array

    def __len__(self) -> int:
        return len(self.profile)

    @property
    def reach(self) -> tuple[float, float, float, float]:
        """Left, right, top and bottom of the region that can move, in pixels."""
        x, y = self.origin
        return (
            x + _REACH_X[0] * self.iod,
            x + _REACH_X[3] * self.iod,
            y + _REACH_Y[0] * self.iod,
            y + _REACH_Y[3] * self.iod,
        )

    def columns_and_rows(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return every part of the field as a function of x and one of y.

        Parts in order: expression, tremor, then 1, x, y and the depths, each windowed.

        Parameters
        ----------
        x, y : ndarray of shape (...)
            Positions in pixels.

        Returns
        -------
        columns, rows : ndarray of shape (..., parts)
            The field's parts are ``columns * rows``.
        """
        gaussians = [*self.expression, *self.tremor]
        centre = np.array([g.centre for g in gaussians]).reshape(-1, 2)
        sigma = np.array([g.sigma for g in gaussians]).reshape(-1, 2)
        depth_centre = np.array(self.origin) + self.iod * np.array([d[0] for d in _DEPTH])
        centre = np.vstack([centre, depth_centre])
        sigma = np.vstack([sigma, self.iod * np.array([d[1] for d in _DEPTH])])
        sides = []
        for axis, (place, reach) in enumerate(((x, _REACH_X), (y, _REACH_Y))):
            bumps = np.exp(-0.5 * np.square((place[..., None] - centre[:, axis]) / sigma[:, axis]))
            offset = place - self.origin[axis]
            one = np.ones_like(offset)
            lever = offset - (_PIVOT * self.iod if axis == 1 else 0.0)
            affine = np.stack([one, lever, one] if axis == 0 else [one, one, lever], axis=-1)
            parts = np.concatenate(
                [bumps[..., : len(gaussians)], affine, bumps[..., len(gaussians) :]], axis=-1
            )
            sides.append(parts * _window(offset, reach, self.iod)[..., None])
        return sides[0], sides[1]

    def weights(self, frame: int, *, facial_only: bool = False) -> Array:
        """Return what each part of the field moves in a frame, (parts, 2) in pixels x and y."""
        expression = np.array([g.vector for g in self.expression]).reshape(-1, 2)
        tremor = np.array([g.vector for g in self.tremor]).reshape(-1, 2)
        shift_x, shift_y, scale, roll, yaw, pitch = self.head[frame]
        depth = self.iod * np.array([d[2] for d in _DEPTH])
        rigid = np.vstack(
            [
                (shift_x, shift_y),
                (scale, roll),
                (-roll, scale),
                depth[:, None] * (yaw, pitch),
            ]
        )
        shown = 0.0 if facial_only else 1.0
        return np.vstack(
            [
                np.reshape(self.profile[frame], (-1, 1)) * expression,
                shown * self.tremor_course[frame][:, None] * tremor,
                shown * rigid,
            ]
        )

    def displacement(self, frame: int, points: Points, *, facial_only: bool = False) -> Points:
        """Return ``E_t`` at points (P, 2) in pixels, as (P, 2) pixels."""
        columns, rows = self.columns_and_rows(points[:, 0], points[:, 1])
        return np.asarray((columns * rows) @ self.weights(frame, facial_only=facial_only))

    def flow(self, start: int, end: int, points: Points, *, facial_only: bool = False) -> Points:
        """Return how far the material points seen at `points` in frame `start` have moved by `end`.

        Solves ``x = X + E_end(x)`` for the material point ``X = p - E_start(p)`` by iteration; the
        field is a contraction at every amplitude the generator draws.

        Parameters
        ----------
        start, end : int
            Frames.
        points : ndarray of shape (P, 2), float64
            Positions in frame `start` in pixels.
        facial_only : bool
            Leave out head motion and tremor.

        Returns
        -------
        ndarray of shape (P, 2), float64
            Displacement in pixels, u right and v down, exact to 1e-9 px.

        Raises
        ------
        InvalidInputError
            If the field folds over itself, so that the flow is not unique.
        """
        moved = np.zeros_like(points)
        if start == end:
            return moved
        for first in range(0, len(points), _CHUNK):
            part = slice(first, first + _CHUNK)
            moved[part] = self._flow(start, end, points[part], facial_only)
        return moved

    def _flow(self, start: int, end: int, points: Points, facial_only: bool) -> Points:
        material = points - self.displacement(start, points, facial_only=facial_only)
        moved = material + self.displacement(end, points, facial_only=facial_only)
        active = np.arange(len(points))
        for _ in range(_MOST_ITERATIONS):
            here = moved[active]
            step = self.displacement(end, here, facial_only=facial_only)
            better = material[active] + step
            moved[active] = better
            active = active[np.abs(better - here).max(axis=1) > _TOLERANCE]
            if not active.size:
                return np.asarray(moved - points)
        raise InvalidInputError(
            f"flow from frame {start} to {end}: the motion folds over itself at "
            f"{active.size} points; expected a smaller amplitude."
        )


def place_script(script: Script, subject: SyntheticSubject) -> MotionField:
    """Turn a script, which is free of size and face, into the pixels of a subject's frames."""
    expression = place_expression(script.action_units, script.amplitude, subject)
    return place_scene(script, expression, script.profile, subject)


def place_expression(
    action_units: Mapping[int, float], amplitude: float, subject: SyntheticSubject
) -> list[Gaussian]:
    """Put action units on a subject, the way the subject shows them.

    Parameters
    ----------
    action_units : mapping of int to float
        Action unit -> relative strength.
    amplitude : float
        Peak displacement in pixels of the 192-pixel crop for a unit of strength 1.
    subject : SyntheticSubject
    """
    face = subject.face
    strength = amplitude * PX192 * face.iod
    return [
        gaussian
        for unit, weight in action_units.items()
        for gaussian in place_pulls(
            unit,
            face.landmarks,
            face.iod,
            strength * weight * subject.strength[unit],
            subject.imbalance[unit],
        )
    ]


def place_scene(
    scene: Scene, expression: Sequence[Gaussian], profile: Array, subject: SyntheticSubject
) -> MotionField:
    """Add head motion and tremor of a scene to expressions that are placed already."""
    face = subject.face
    tremor = []
    for local in scene.tremors:
        x, y = face.landmarks[local.landmark] + np.multiply(local.offset, face.iod)
        sigma = local.sigma * face.iod
        direction = (math.cos(local.angle), math.sin(local.angle))
        tremor.append(Gaussian((float(x), float(y)), (sigma, sigma), direction))
    course = [local.course * face.iod for local in scene.tremors]
    return MotionField(
        origin=face.origin,
        iod=face.iod,
        expression=expression,
        profile=profile,
        head=scene.head * np.array([face.iod, face.iod, 1, 1, 1, 1]),
        tremor=tremor,
        tremor_course=np.stack(course, axis=1) if course else np.zeros((scene.length, 0)),
    )
