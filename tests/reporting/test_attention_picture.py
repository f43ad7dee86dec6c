"""A map is drawn where it belongs, on a scale that clips share."""

from __future__ import annotations

import base64
import re

import cv2
import numpy as np
import pytest

from astsvm.reporting.attention_picture import attention_limit, attention_picture
from astsvm.reporting.fold_readings import MapsOfClip


def maps_of(attention: dict | None = None, **motion) -> MapsOfClip:
    motion = motion or {"flow": np.eye(6)}
    return MapsOfClip(
        {name: np.asarray(values, np.float16) for name, values in (attention or {}).items()},
        {name: np.asarray(values, np.float16) for name, values in motion.items()},
    )


def images_of(svg: str) -> list[np.ndarray]:
    """Pictures in the SVG but for the colour scale, which is a single row."""
    found = [base64.b64decode(data) for data in re.findall(r'base64,([^"]+)"', svg)]
    images = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) for data in found]
    return [image for image in images if image.shape[0] == 6]


def test_motion_is_dark_and_attention_red_where_they_are():
    attention = np.ones((6, 6))
    attention[1, 4], attention[5, 0] = 1.5, 0.6
    motion, under, over = images_of(
        attention_picture(maps_of({"flow": attention}), 2.0, "t", "n").svg
    )
    np.testing.assert_array_equal(motion[..., :3].sum(axis=2) < 300, np.eye(6, dtype=bool))
    np.testing.assert_array_equal(motion, under)
    blue, red = over[..., 0].astype(int), over[..., 2].astype(int)
    assert np.unravel_index((red - blue).argmax(), (6, 6)) == (1, 4)
    assert np.unravel_index((blue - red).argmax(), (6, 6)) == (5, 0)


def test_what_the_network_does_not_weigh_is_called_so():
    flow = np.ones((6, 6))
    whole = attention_picture(maps_of({"flow": flow, "flow_frames": np.ones(4)}), 2.0, "t", "n")
    assert "not weighed" not in whole.svg
    for attention in ({"flow": flow}, {"flow_frames": np.ones(4)}):
        assert attention_picture(maps_of(attention), 2.0, "t", "n").svg.count("not weighed") == 1


def test_every_stream_has_its_row():
    picture = attention_picture(
        maps_of({"flow": np.ones((6, 6))}, flow=np.eye(6), idsf=np.eye(6)), 2.0, "t", "n"
    )
    assert "image difference" in picture.svg
    # Motion, motion and attention over each other; motion alone where nothing is weighed.
    assert len(images_of(picture.svg)) == 3 + 1


@pytest.mark.parametrize(
    ("attention", "expected"),
    [
        (np.full((6, 6), 1.5), 1.5),
        (np.full((6, 6), 0.5), 2.0),
        (np.ones((6, 6)), 1.1),
        (np.zeros((6, 6)), 16.0),
        (np.full((6, 6), 100), 16.0),
    ],
)
def test_the_scale_reaches_as_far_above_the_average_as_below(attention, expected):
    assert attention_limit([maps_of({"flow": attention})]) == pytest.approx(expected)


def test_frames_do_not_stretch_the_scale_of_the_places():
    assert attention_limit([maps_of({"flow_frames": np.full(5, 3.0)})]) == pytest.approx(1.1)


def test_motionless_clips_and_extreme_attention_are_drawn():
    attention = {"flow": np.zeros((6, 6)), "flow_frames": np.zeros(3)}
    assert attention_picture(maps_of(attention, flow=np.zeros((6, 6))), 16.0, "t", "n").png
    # A flow image has but one frame.
    assert attention_picture(maps_of({"flow_frames": np.ones(1)}), 2.0, "t", "n").png
