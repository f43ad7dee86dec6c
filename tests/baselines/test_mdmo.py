"""MDMO of flow that moves known regions, and the regions themselves."""

import math

import cv2
import numpy as np
import pytest

from astsvm.baselines.mdmo import mdmo, without_affine_motion
from astsvm.baselines.mdmo_regions import REGION_COUNT, mdmo_regions, region_outlines
from astsvm.errors import InvalidInputError

SIZE = 96


def still_flow(fields=1):
    return np.zeros((fields, SIZE, SIZE, 2), np.float32)


def core(outline):
    """Pixels well within a region, which no neighbour shares."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
    return cv2.erode(mask, np.ones((3, 3), np.uint8)).astype(bool)


@pytest.fixture
def cheeks(chip_landmarks):
    """Pixels of the inner cheek on the left and on the right, away from all steady points."""
    outlines = region_outlines(chip_landmarks(SIZE))
    return core(outlines[11]), core(outlines[18 + 11])


def test_each_region_has_two_values(chip_landmarks):
    flow = np.random.default_rng(0).normal(size=(3, SIZE, SIZE, 2)).astype(np.float32)
    vector = mdmo(flow, chip_landmarks(SIZE))
    assert vector.shape == (36 * 2,)
    assert vector.dtype == np.float32
    lengths, angles = vector.reshape(36, 2).T
    assert lengths.max() == 1
    assert lengths.min() >= 0
    assert np.abs(angles).max() <= np.float32(math.pi)


@pytest.mark.parametrize("fields", [1, 4])
def test_a_shift_of_the_head_is_removed(chip_landmarks, fields):
    flow = still_flow(fields) + np.array([0.7, -3.3], np.float32)
    np.testing.assert_array_equal(mdmo(flow, chip_landmarks(SIZE)), np.zeros(72))


def test_a_turning_growing_head_is_removed(chip_landmarks):
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    flow = np.stack([0.01 * x - 0.02 * y + 1, 0.02 * x + 0.015 * y - 2], axis=-1)[None]
    left = without_affine_motion(flow.astype(float), chip_landmarks(SIZE))
    np.testing.assert_allclose(left, 0, atol=1e-6)
    np.testing.assert_array_equal(mdmo(flow, chip_landmarks(SIZE)), np.zeros(72))


def test_what_a_region_does_beyond_the_head_stays(chip_landmarks, cheeks):
    """The left cheek moves 2 px right and the right one 1 px up, on a head that drifts."""
    flow = still_flow() + np.array([5, 4], np.float32)
    flow[0, cheeks[0]] += (2, 0)
    flow[0, cheeks[1]] += (0, -1)
    vectors = mdmo(flow, chip_landmarks(SIZE)).reshape(36, 2)
    np.testing.assert_allclose(vectors[11], [1, 0], atol=1e-5)
    np.testing.assert_allclose(vectors[29], [0.5, -math.pi / 2], atol=1e-5)
    np.testing.assert_array_equal(np.delete(vectors, [11, 29], axis=0), 0)


def test_the_fullest_direction_wins_over_the_longest_vectors(chip_landmarks, cheeks):
    """Most pixels of the region go right by 1 or 3; a few leap upwards."""
    flow = still_flow()
    rows, columns = np.nonzero(cheeks[0])
    flow[0, rows, columns] = (1, 0.01)
    flow[0, rows[::2], columns[::2]] = (3, 0.01)
    flow[0, rows[:5], columns[:5]] = (0, -50)
    flow[0, cheeks[1]] = (0, 4)
    kept = np.arange(len(rows)) >= 5
    speeds = np.where(np.arange(len(rows)) % 2 == 0, 3, 1)[kept]
    length, angle = mdmo(flow, chip_landmarks(SIZE)).reshape(36, 2)[11]
    assert length == pytest.approx(math.hypot(speeds.mean(), 0.01) / 4, abs=1e-5)
    assert angle == pytest.approx(math.atan2(0.01, speeds.mean()), abs=1e-5)


def test_steps_add_up_from_the_first_frame(chip_landmarks, cheeks):
    """Forth by 2 and back by 2: on the way 2, then 0, so 1 on average; steady 1, 2: 1.5."""
    flow = still_flow(2)
    flow[0, cheeks[0]], flow[1, cheeks[0]] = (2, 0.1), (-2, -0.1)
    flow[:, cheeks[1]] = (1, 0.1)
    vectors = mdmo(flow, chip_landmarks(SIZE)).reshape(36, 2)
    assert vectors[11, 0] == pytest.approx(math.hypot(2, 0.1) / 2 / (1.5 * math.hypot(1, 0.1)))
    assert vectors[29, 0] == 1
    assert vectors[29, 1] == pytest.approx(math.atan2(0.1, 1))


def test_scale_does_not_matter(chip_landmarks):
    flow = np.random.default_rng(0).normal(size=(2, SIZE, SIZE, 2)).astype(np.float32)
    landmarks = chip_landmarks(SIZE)
    np.testing.assert_allclose(mdmo(4 * flow, landmarks), mdmo(flow, landmarks), atol=1e-5)


def test_regions_are_mirror_images(chip_landmarks):
    """Of a symmetric face, region 18 + i is region i seen in a mirror."""
    outlines = region_outlines(chip_landmarks(SIZE))
    assert len(outlines) == REGION_COUNT
    for left, right in zip(outlines[:18], outlines[18:], strict=True):
        np.testing.assert_allclose(right[:, 0], SIZE - 1 - left[:, 0], atol=1e-9)
        np.testing.assert_allclose(right[:, 1], left[:, 1], atol=1e-9)
        assert left[:, 0].max() <= SIZE / 2


def test_regions_cover_the_face_once_and_no_eye(chip_landmarks):
    landmarks = chip_landmarks(192)
    count = np.zeros((192, 192), int)
    for outline in region_outlines(landmarks):
        mask = np.zeros((192, 192), np.uint8)
        cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
        count += cv2.erode(mask, np.ones((3, 3), np.uint8))
    assert count.max() == 1
    for eye in (landmarks[36:42], landmarks[42:48]):
        x, y = np.rint(eye.mean(axis=0)).astype(int)
        assert count[y, x] == 0
    for place in (48, 54, 8, 51, 30):
        x, y = np.rint(landmarks[place]).astype(int)
        assert count[y - 6 : y + 7, x - 6 : x + 7].any()


@pytest.mark.parametrize("size", [28, 96, 192])
def test_every_region_has_pixels_on_a_chip_of_any_size(chip_landmarks, size):
    regions = mdmo_regions(chip_landmarks(size), (size, size))
    assert len(regions) == 36
    assert min(len(pixels) for pixels in regions) > 0


@pytest.mark.parametrize(
    ("flow", "landmarks", "message"),
    [
        (np.zeros((SIZE, SIZE, 2)), None, "flow: expected fields"),
        (np.full((1, SIZE, SIZE, 2), np.nan), None, "flow: expected finite values"),
        (still_flow(), np.zeros((5, 2)), r"landmarks: expected shape \(68, 2\)"),
        (still_flow(), np.full((68, 2), np.nan), "landmarks: expected finite"),
        (still_flow(), [["a", "b"]] * 68, "landmarks: expected numbers"),
        (still_flow(), np.full((68, 2), -50.0), "landmarks: expected region 0 of the face within"),
    ],
)
def test_unfit_input_is_refused(chip_landmarks, flow, landmarks, message):
    with pytest.raises(InvalidInputError, match=message):
        mdmo(flow, chip_landmarks(SIZE) if landmarks is None else landmarks)
