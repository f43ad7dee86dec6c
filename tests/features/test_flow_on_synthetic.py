"""The flow against the exact motion of the generator's default preset, seen through the chip.

SYNTHETIC data: it says how well motion is measured, nothing about real expressions.
"""

import cv2
import numpy as np
import pytest

from astsvm.datasets.synthetic import CLASSES, SyntheticClip, draw_subject
from astsvm.features import optical_flow
from astsvm.preprocessing import FaceAligner

SIZE = 192
SUBJECTS = (1, 2, 3)


@pytest.fixture(scope="module")
def seen():
    """Onset and apex chip, exact flow in chip pixels, and the face region, for each clip."""
    return [
        chips_and_truth(SyntheticClip(subject, number, label))
        for subject in map(draw_subject, SUBJECTS)
        for number, label in enumerate(CLASSES, start=1)
    ]


def chips_and_truth(clip):
    frames = [clip.frame(clip.onset), clip.frame(clip.apex)]
    aligned = FaceAligner(SIZE).align(frames, landmarks=clip.landmarks)
    turn, place = aligned.transform[:, :2], aligned.transform[:, 2]
    rows, columns = np.mgrid[:SIZE, :SIZE]
    pixels = np.stack([columns, rows], axis=-1).astype(np.float64)
    source = (pixels - place) @ np.linalg.inv(turn).T
    truth = clip.true_flow(clip.onset, clip.apex, source) @ turn.T
    outline = cv2.convexHull((clip.landmarks @ turn.T + place).astype(np.float32))
    face = cv2.fillConvexPoly(np.zeros((SIZE, SIZE), np.uint8), outline.astype(np.int32), 1)
    return aligned.frames, truth, face.astype(bool)


def endpoint_error(seen, method, **settings):
    errors = []
    for chips, truth, face in seen:
        flow = optical_flow(chips, method, **settings)[0]
        errors.append(np.hypot(*np.moveaxis(flow - truth, -1, 0))[face].mean())
    return np.mean(errors)


def test_error_is_small_and_below_dis_and_farneback(seen):
    ours = endpoint_error(seen, "lucas_kanade")
    assert ours <= 0.12
    assert ours < endpoint_error(seen, "dis")
    assert ours < endpoint_error(seen, "farneback")
    assert ours < endpoint_error(seen, "farneback", window=21)


def test_tvl1_is_as_exact_and_loses_it_without_the_local_mean(seen):
    total_variation = endpoint_error(seen, "tvl1")
    assert total_variation <= 0.12
    assert total_variation < endpoint_error(seen, "dis")
    assert total_variation < 0.6 * endpoint_error(seen, "tvl1", local_mean_sigma=0.0)


def test_motion_is_neither_lost_nor_invented(seen):
    """The measured flow, regressed on the exact one over the face, has slope one."""
    products, squares = 0.0, 0.0
    for chips, truth, face in seen:
        flow = optical_flow(chips)[0]
        products += np.sum(flow[face] * truth[face])
        squares += np.sum(truth[face] ** 2)
    assert products / squares == pytest.approx(1, abs=0.08)


def test_the_local_mean_is_what_survives_the_change_of_light(seen):
    plain = endpoint_error(seen, "lucas_kanade", local_mean_sigma=0.0)
    assert endpoint_error(seen, "lucas_kanade") < 0.6 * plain
