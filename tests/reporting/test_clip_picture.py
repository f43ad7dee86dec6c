"""The picture of a clip: what stands where, odd names, and places that cannot be written to."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from astsvm.errors import StorageError
from astsvm.reporting.clip_picture import draw_clip, flow_colours
from astsvm.storage.entry import ClipRecord


def collection(clip="EP01", label="positive", frames=3):
    """Stand in for an open collection of one clip: white frames, flow to the right."""
    flow = np.zeros((1, 2, 16, 16, 2), np.float16)
    flow[..., 0] = 1
    record = ClipRecord("folder", "s1", clip, label, 0, None, 99, 29.97002997, "0" * 64)
    return SimpleNamespace(
        records=(record,),
        streams={"flow": flow.shape[1:]},
        synthetic=True,
        frames=lambda index: np.full((frames, 16, 16), 255, np.uint8) if frames else None,
        read_batch=lambda stream, indices: flow,
    )


def red_columns(path):
    image = cv2.imread(str(path))
    red = (image[..., 2] > 200) & (image[..., 1] < 60) & (image[..., 0] < 60)
    return np.flatnonzero(red.any(axis=0)) / image.shape[1]


def test_a_field_stands_below_the_frame_it_leads_to(tmp_path):
    draw_clip(collection(), 0, tmp_path / "with.png")
    draw_clip(collection(frames=0), 0, tmp_path / "without.png")
    assert red_columns(tmp_path / "with.png").min() > 1 / 3
    assert red_columns(tmp_path / "without.png").min() < 1 / 3


@pytest.mark.parametrize(
    ("clip", "label"), [("co$t_$5^{", "a$b$c"), ("顔", "幸せ"), ("c", "L" * 31_000)]
)
def test_any_name_a_clip_may_have_is_drawn_in_silence(tmp_path, capfd, clip, label):
    draw_clip(collection(clip, label), 0, tmp_path / "a.png")
    assert cv2.imread(str(tmp_path / "a.png")) is not None
    assert capfd.readouterr().err == ""


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    with pytest.raises(StorageError, match=r"missing.*cannot be written.*check that the folder"):
        draw_clip(collection(), 0, tmp_path / "missing" / "a.png")


@pytest.mark.parametrize(
    ("motion", "strongest"), [((1, 0), 0), ((0, 1), 1), ((-1, 0), 2), ((0, -1), 2)]
)
def test_the_hue_is_the_direction(motion, strongest):
    painted = flow_colours(np.full((2, 2, 2), motion, np.float32), 1.0)[0, 0]
    assert painted[strongest] == 255
    assert not flow_colours(np.zeros((2, 2, 2), np.float32), 1.0).any()
