import json

import cv2
import numpy as np
import pytest

from astsvm.datasets.synthetic import Difficulty, LongVideo, draw_subject, write_long_videos
from astsvm.datasets.synthetic.motion import place_expression
from astsvm.datasets.synthetic.plan import plan_labels
from astsvm.errors import SettingsError, StorageError
from astsvm.preprocessing import iter_frames

CALM = Difficulty(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def calm_video(subject):
    return LongVideo(subject, 1, ["positive", "negative"], difficulty=CALM, fps=50)


def test_equal_arguments_give_equal_bytes_in_any_order(subject):
    one, other = (LongVideo(subject, 2, ["surprise"], fps=30) for _ in range(2))
    assert one.name == "s01_v02"
    for index in (len(one) - 1, 3, 40):
        np.testing.assert_array_equal(one.frame(index), other.frame(index))
    assert not np.array_equal(one.frame(3), one.frame(4))


def test_at_the_apex_the_face_shows_the_expression_and_between_events_none(calm_video):
    event = calm_video.expressions[0]
    own = place_expression(event.action_units, event.amplitude, calm_video.subject)
    points = np.array([gaussian.centre for gaussian in own])
    shown = calm_video.motion.displacement(event.apex, points)
    expected = sum(
        np.exp(
            -0.5 * np.square((points - gaussian.centre) / gaussian.sigma).sum(axis=1, keepdims=True)
        )
        * gaussian.vector
        for gaussian in own
    )
    np.testing.assert_allclose(shown, expected, atol=1e-9)
    rest = calm_video.frame(0)
    for planted in calm_video.events:
        np.testing.assert_array_equal(calm_video.frame(planted.onset), rest)
        if planted.kind != "head":
            assert not np.array_equal(calm_video.frame(planted.apex), rest)


def test_a_blink_brings_the_upper_lids_down(calm_video):
    blink = next(event for event in calm_video.events if event.kind == "blink")
    lids = calm_video.landmarks[[37, 38, 43, 44]]
    flow = calm_video.true_flow(blink.onset, blink.apex, lids)
    iod = calm_video.subject.face.iod
    assert (flow[:, 1] > 0.06 * iod).all()
    assert np.abs(flow[:, 0]).max() < 0.01 * iod
    mouth = calm_video.true_flow(blink.onset, blink.apex, calm_video.landmarks[48:55])
    np.testing.assert_allclose(mouth, 0, atol=1e-3)


@pytest.mark.parametrize(
    ("labels", "says"),
    [([], "1 to 99 classes"), ("negative", "1 to 99 classes"), (["angry"], "label: expected")],
)
def test_impossible_labels_are_refused(subject, labels, says):
    with pytest.raises(SettingsError, match=says):
        LongVideo(subject, 1, labels)


def test_frames_and_truth_are_written(tmp_path):
    summary = write_long_videos(
        tmp_path / "long", subjects=1, expressions=1, seed=4, size=(320, 240), fps=25
    )
    folder = tmp_path / "long" / "s01_v01"
    mark = json.loads((tmp_path / "long" / "SYNTHETIC.json").read_text())
    assert mark["synthetic"] is True
    assert mark["statement"].startswith("SYNTHETIC")
    assert mark["layout"] == "long"
    truth = mark["planted"]["s01_v01"]
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == truth["frames"] == summary.frames
    (label,) = plan_labels(1, 1, 4)[0]
    assert summary.labels == {label: 1}
    (micro,) = (event for event in truth["events"] if event["kind"] == "micro")
    assert micro["label"] == label
    assert cv2.imread(str(folder / names[-1]), cv2.IMREAD_GRAYSCALE).shape == (240, 320)
    with pytest.raises(StorageError, match="expected a new or empty folder"):
        write_long_videos(tmp_path / "long", subjects=1, expressions=1)


@pytest.mark.parametrize(
    "wrong", [{"subjects": 0}, {"expressions": 0}, {"expressions": 100}, {"fps": 10}, {"seed": -1}]
)
def test_impossible_arguments_are_refused(tmp_path, wrong):
    with pytest.raises(SettingsError):
        write_long_videos(tmp_path / "none", **wrong)
    assert not (tmp_path / "none").exists()


def test_a_video_file_holds_the_drawn_frames_without_loss(tmp_path):
    small = {"subjects": 1, "expressions": 1, "seed": 4, "size": (320, 240), "fps": 25}
    summary = write_long_videos(tmp_path / "long", **small, as_videos=True)
    assert sorted(path.name for path in (tmp_path / "long").iterdir()) == [
        "SYNTHETIC.json",
        "s01_v01.avi",
    ]
    stream = iter_frames(tmp_path / "long" / "s01_v01.avi")
    (label,) = summary.labels
    video = LongVideo(draw_subject(1, seed=4, size=(320, 240)), 1, [label], fps=25)
    frames = list(stream)
    assert (len(frames), stream.fps) == (summary.frames, 25.0)
    for index in (0, 7, len(frames) - 1):
        np.testing.assert_array_equal(frames[index], video.frame(index))
