"""One synthetic subject: a rendered face and the way it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from astsvm.datasets.synthetic.action_units import ACTION_UNITS
from astsvm.datasets.synthetic.canvas import Image
from astsvm.datasets.synthetic.face import FaceTexture, check_size, render_face
from astsvm.datasets.synthetic.identity import Identity, draw_identity
from astsvm.datasets.synthetic.naming import check_integer, check_seed, subject_name

__all__ = ["SyntheticSubject", "draw_manner", "draw_subject"]

_IDENTITY_TAG = 11
_MANNER_TAG = 12


@dataclass(frozen=True)
class SyntheticSubject:
    """A face that does not exist. Made by :func:`draw_subject`.

    Parameters
    ----------
    seed : int
        Seed of the corpus.
    number : int
        1-based number within the corpus.
    identity : Identity
    face : FaceTexture
        The face at rest, in colour.
    grey : ndarray of shape (2 H, 2 W), float32
        The same in grey, 0..255.
    strength : mapping of int to float
        How strongly the subject shows each action unit, around 1.
    imbalance : mapping of int to float
        How much stronger the right half of the picture shows it, -.5 to .5.
    """

    seed: int
    number: int
    identity: Identity
    face: FaceTexture
    grey: Image
    strength: Mapping[int, float]
    imbalance: Mapping[int, float]

    @property
    def name(self) -> str:
        """``s01`` for the first."""
        return subject_name(self.number)


def draw_subject(
    number: int, *, seed: int = 1, size: tuple[int, int] = (640, 480)
) -> SyntheticSubject:
    """Draw and render a subject.

    Parameters
    ----------
    number : int
        1-based number of the subject within its corpus.
    seed : int
        Of the corpus, 0 to 2**32 - 1.
    size : (int, int)
        Frame width and height, 320 x 240 to 640 x 480.

    Raises
    ------
    SettingsError
        If an argument is out of range.
    """
    number, seed, size = check_integer("subject", number), check_seed(seed), check_size(size)
    identity = draw_identity(np.random.default_rng([seed, number, _IDENTITY_TAG]))
    face = render_face(identity, size)
    strength, imbalance = draw_manner(number, seed)
    return SyntheticSubject(
        seed,
        number,
        identity,
        face,
        cv2.cvtColor(face.colour, cv2.COLOR_BGR2GRAY),
        strength,
        imbalance,
    )


def draw_manner(number: int, seed: int) -> tuple[dict[int, float], dict[int, float]]:
    """Draw how strongly, and how unevenly, a subject shows each action unit.

    Returns
    -------
    strength, imbalance : dict of int to float
        As in :class:`SyntheticSubject`.
    """
    manner = np.random.default_rng([seed, number, _MANNER_TAG])
    strength = {
        unit: float(np.exp(0.30 * np.clip(manner.normal(), -2, 2))) for unit in ACTION_UNITS
    }
    imbalance = {unit: float(np.clip(0.22 * manner.normal(), -0.5, 0.5)) for unit in ACTION_UNITS}
    return strength, imbalance
