"""What the layouts of real databases draw for a clip besides its movement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["draw_emotion", "real_number", "subject_stream"]

_LAYOUT_TAG = 41


def subject_stream(seed: int, subject: int) -> np.random.Generator:
    """Return the source of a subject's names, emotions and frame numbers."""
    return np.random.default_rng([seed, subject, _LAYOUT_TAG])


def draw_emotion(counts: Mapping[str, int], rng: np.random.Generator) -> str:
    """Draw an emotion as often, in proportion, as the database holds it."""
    total = sum(counts.values())
    shares = [count / total for count in counts.values()]
    return tuple(counts)[int(rng.choice(len(counts), p=shares))]


def real_number(subject: int, numbers: Sequence[int]) -> int:
    """Return the number of a 1-based subject: the database's own, or more of them behind."""
    surplus = subject - len(numbers)
    return numbers[subject - 1] if surplus <= 0 else numbers[-1] + surplus
