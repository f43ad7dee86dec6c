"""Small clips whose descriptors can be told by hand."""

import numpy as np
import pytest

from astsvm.preprocessing.canonical_face import canonical_landmarks


@pytest.fixture
def grey_levels():
    """Make noise of whole grey levels 0 to 255, (n, H, W), as integers."""

    def make(shape, seed=0):
        return np.random.default_rng(seed).integers(0, 256, shape)

    return make


@pytest.fixture
def chip_landmarks():
    """Make the 68 landmarks of a mean face on a chip of that side."""

    def make(size=96):
        return canonical_landmarks() * size / 2.75 + (size / 2 - 0.5, 0.3 * size - 0.5)

    return make
