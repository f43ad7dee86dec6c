"""A face chip that is nothing but texture, moved by known amounts."""

from __future__ import annotations

import numpy as np
import pytest

from astsvm.preprocessing.canonical_face import canonical_landmarks
from astsvm.preprocessing.warping import CHIP_SIDE, EYE_LINE

SIDE = 96


@pytest.fixture(scope="session")
def moved_texture():
    """Draw frames (n, 96, 96) of an analytic texture in [0, 1], moved by (n, 96, 96, 2) pixels.

    `shift` (n, 2) moves all of it; `courses` maps landmarks to displacements (n, 2), each of a
    Gaussian of 8 pixels about its place on the mean face.
    """
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(float)
    generator = np.random.default_rng(7)
    waves = generator.normal(0, 0.45, (14, 2))
    phases = generator.uniform(0, 2 * np.pi, 14)
    places = canonical_landmarks() * SIDE / CHIP_SIDE + (SIDE / 2 - 0.5, EYE_LINE * SIDE - 0.5)

    def draw(count, shift=None, courses=None):
        frames = np.empty((count, SIDE, SIDE), np.float32)
        for index in range(count):
            moved = np.zeros((SIDE, SIDE, 2))
            if shift is not None:
                moved += shift[index]
            for landmark, course in (courses or {}).items():
                x, y = places[landmark]
                near = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 8.0**2))
                moved += near[..., None] * course[index]
            x, y = columns - moved[..., 0], rows - moved[..., 1]
            value = sum(
                np.sin(wave[0] * x + wave[1] * y + phase)
                for wave, phase in zip(waves, phases, strict=True)
            )
            frames[index] = 0.5 + value / 30
        return frames

    return draw


@pytest.fixture(scope="session")
def bump():
    """Give a course (n, 2): up from `onset` to `apex` and back by `offset`, `size` pixels high."""

    def make(count, onset, apex, offset, size, direction=(0.0, -1.0)):
        frame = np.arange(count)
        share = np.interp(frame, [onset, apex, offset], [0, 1, 0])
        smooth = share * share * (3 - 2 * share)
        return size * smooth[:, None] * np.array(direction)

    return make
