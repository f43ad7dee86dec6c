"""What all descriptors have in common."""

import subprocess
import sys

import numpy as np
import pytest

from astsvm.baselines.bi_woof import bi_woof
from astsvm.baselines.flow_histograms import fhoof, hoof
from astsvm.baselines.image_blocks import adjacent_difference_blocks, idsf_blocks
from astsvm.baselines.lbp_sip import lbp_sip
from astsvm.baselines.lbp_top import lbp_top
from astsvm.baselines.mdmo import mdmo
from astsvm.baselines.strain_features import osf, osw
from astsvm.errors import InvalidInputError

TAKES = {
    lbp_top: ("frames",),
    lbp_sip: ("frames",),
    idsf_blocks: ("frames",),
    adjacent_difference_blocks: ("frames",),
    hoof: ("flow",),
    fhoof: ("flow",),
    mdmo: ("flow", "landmarks"),
    bi_woof: ("motion", "strain_map"),
    osf: ("strain",),
    osw: ("frames", "strain"),
}


@pytest.fixture
def clip(chip_landmarks):
    """Everything a clip of 11 frames of 64 x 64 pixels offers, stored as a clip file stores it."""
    generator = np.random.default_rng(5)
    flow = generator.normal(size=(10, 64, 64, 2)).astype(np.float16)
    strain = generator.random((10, 64, 64)).astype(np.float16)
    return {
        "frames": generator.random((11, 64, 64)).astype(np.float16),
        "flow": flow,
        "motion": flow[3],
        "strain": strain,
        "strain_map": strain[3],
        "landmarks": chip_landmarks(64),
    }


@pytest.mark.parametrize("describe", TAKES, ids=lambda describe: describe.__name__)
def test_a_descriptor_is_a_pure_function_to_a_vector(describe, clip):
    taken = [clip[name] for name in TAKES[describe]]
    before = [array.copy() for array in taken]
    vector = describe(*taken)
    assert vector.ndim == 1
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()
    assert np.ptp(vector) > 0
    np.testing.assert_array_equal(describe(*taken), vector)
    for array, old in zip(taken, before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize("describe", TAKES, ids=lambda describe: describe.__name__)
def test_ragged_input_is_refused(describe, clip):
    taken = [clip[name] for name in TAKES[describe]]
    with pytest.raises(InvalidInputError, match="expected an array"):
        describe([[[1.0], [2.0, 3.0]]], *taken[1:])


def test_importing_them_loads_nothing_heavy():
    modules = ", ".join(sorted({describe.__module__ for describe in TAKES}))
    heavy = ("cv2", "keras", "scipy", "skimage", "sklearn", "tensorflow")
    code = f"import {modules}, sys; print(*(n for n in {heavy} if n in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []
