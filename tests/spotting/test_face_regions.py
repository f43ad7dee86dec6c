import numpy as np
import pytest

from astsvm.errors import InvalidInputError
from astsvm.preprocessing.canonical_face import canonical_landmarks
from astsvm.spotting.face_regions import (
    REGION_OF_BLOCK,
    REGIONS,
    face_regions,
    head_motion,
)


def chip_landmarks(size=192):
    return canonical_landmarks() * size / 2.75 + (size / 2 - 0.5, 0.3 * size - 0.5)


def test_blocks_lie_on_brows_eyes_and_mouth():
    points = chip_landmarks()
    regions = face_regions(points, 192)
    assert len(regions.blocks) == len(REGION_OF_BLOCK)
    spans = {"brows": points[17:27], "eyes": points[36:48], "mouth": points[48:68]}
    for (rows, columns), region in zip(regions.blocks, REGION_OF_BLOCK, strict=True):
        own = spans[REGIONS[region]]
        x, y = (columns.start + columns.stop - 1) / 2, (rows.start + rows.stop - 1) / 2
        assert (own.min(axis=0) - 1 <= (x, y)).all()
        assert ((x, y) <= own.max(axis=0) + 1).all()


def test_five_landmarks_and_none_give_the_mean_face():
    ours = [face_regions(given, 128) for given in (None, np.zeros((5, 2)), chip_landmarks(128))]
    for regions in ours[1:]:
        assert regions.blocks == ours[0].blocks
        np.testing.assert_array_equal(regions.face, ours[0].face)


def test_a_turn_with_shift_and_growth_is_found_though_a_third_does_not_follow():
    generator = np.random.default_rng(3)
    points = generator.uniform(20, 170, (900, 2))
    matrix = np.array([[0.01, -0.02], [0.02, 0.01]])
    flow = points @ matrix.T + (0.7, -1.3)
    truth = flow.copy()
    flow[:300] += generator.uniform(1, 4, (300, 2))
    motion = head_motion(points, flow)
    np.testing.assert_allclose(motion(points), truth, atol=0.05)
    # The median alone is a shift, and misses the turn.
    assert np.abs(truth - np.median(flow, axis=0)).max() > 1


def test_no_flow_gives_exactly_no_motion():
    flow = np.zeros((192, 192, 2), np.float32)
    np.testing.assert_array_equal(face_regions(None, 192).motion(flow), 0)


def test_motion_of_a_block_is_what_it_moves_beyond_the_head():
    regions = face_regions(None, 192)
    flow = np.full((192, 192, 2), (0.5, -0.25), np.float32)
    rows, columns = regions.blocks[10]
    flow[rows, columns] += (0.0, 1.5)
    motion = regions.motion(flow)
    np.testing.assert_allclose(motion[10], (0, 1.5), atol=0.02)
    np.testing.assert_allclose(np.delete(motion, 10, axis=0), 0, atol=0.02)


def test_a_face_beyond_the_chip_is_refused():
    with pytest.raises(InvalidInputError, match=r"expected brows within the 192 x 192 chip"):
        face_regions(chip_landmarks() - (0, 400), 192)
