"""A small subject and clip, rendered once for all tests of the generator."""

from __future__ import annotations

import pytest

from astsvm.datasets.synthetic import SyntheticClip, SyntheticSubject, draw_subject

SMALL = (320, 240)


@pytest.fixture(scope="session")
def subject() -> SyntheticSubject:
    return draw_subject(1, seed=1, size=SMALL)


@pytest.fixture(scope="session")
def hard_clip(subject: SyntheticSubject) -> SyntheticClip:
    return SyntheticClip(subject, 1, "positive", difficulty="hard", fps=100)


@pytest.fixture(scope="session")
def easy_clip(subject: SyntheticSubject) -> SyntheticClip:
    return SyntheticClip(subject, 2, "positive", difficulty="easy", fps=100)
