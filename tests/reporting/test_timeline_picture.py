"""The picture and the overlay of a timeline: what they show, and that names stay names."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from astsvm.errors import InvalidInputError, StorageError
from astsvm.recognizer.recognition import Recognition
from astsvm.recognizer.timeline import TimedExpression, Timeline
from astsvm.reporting.overlay_video import write_overlay
from astsvm.reporting.timeline_picture import score_text, timeline_picture
from astsvm.spotting import Candidate, Spotting

HOSTILE = "<script>alert(1)</script> $\\frac$ \x1b[31m"


def recognition(names=("negative", "positive"), probabilities=None):
    return Recognition(
        label=names[1],
        class_names=names,
        scores=np.array([-0.5, 0.75]),
        probabilities=probabilities,
        softmax=np.array([0.4, 0.6], np.float32),
        synthetic=True,
        streams={},
    )


def timeline(names=("negative", "positive"), **changes):
    middles = np.arange(6, 54)
    signal = np.zeros((len(middles), 3), np.float32)
    signal[14] = (0.1, 0.1, 1.2)
    candidate = Candidate(16, 20, 25, "mouth", 1.2, 6.0)
    spotting = Spotting(
        candidates=(candidate,),
        blinks=(Candidate(40, 43, 47, "eyes", 4.0, 9.0),),
        frames=middles,
        signal=signal,
        thresholds=(0.2, 0.2, 0.2),
        seen=np.ones(len(middles), bool),
        fps=25.0,
        length=60,
    )
    fields = {
        "expressions": (TimedExpression(candidate, recognition(names)),),
        "spotting": spotting,
        "class_names": names,
        "synthetic": True,
        "notices": ("SYNTHETIC: drawn faces.", "How reliable it is."),
    }
    return Timeline(**{**fields, **changes})


def texts(picture):
    root = ElementTree.fromstring(picture.svg)
    return ["".join(element.itertext()) for element in root.iter("text")]


def test_candidates_scores_and_notices_stand_in_the_picture():
    said = " ".join(texts(timeline_picture(timeline(), "take.mp4")))
    for part in ("take.mp4", "positive, score 0.75", "SYNTHETIC", "How reliable it is.", "brows"):
        assert part in said
    image = cv2.imdecode(np.frombuffer(timeline_picture(timeline(), "a").png, np.uint8), 1)
    assert image.shape[1] > 1000


def crowded(count):
    """As many candidates, one close after the other."""
    candidates = tuple(
        Candidate(12 * i + 6, 12 * i + 10, 12 * i + 16, "mouth", 1.2, 6.0) for i in range(count)
    )
    plain = timeline().spotting
    middles = np.arange(6, 12 * count + 20)
    signal = np.full((len(middles), 3), 0.1, np.float32)
    signal[9, 1] = 9.0
    found = replace(
        plain,
        candidates=candidates,
        blinks=(),
        frames=middles,
        signal=signal,
        seen=np.ones(len(middles), bool),
        length=12 * count + 26,
    )
    expressions = tuple(TimedExpression(one, recognition()) for one in candidates)
    return timeline(spotting=found, expressions=expressions)


def test_every_candidate_has_a_number_and_a_line_below():
    said = texts(timeline_picture(crowded(7), "take"))
    lines = [line for line in said if "positive, score" in line]
    assert [line.split(":")[0] for line in lines] == [str(n) for n in range(1, 8)]
    assert lines[1] == "2:  0.72 to 1.12 s, mouth: positive, score 0.75"
    for number in range(1, 8):
        assert str(number) in said
    many = texts(timeline_picture(crowded(41), "take"))
    assert not any("positive, score" in line for line in many)


def test_a_curve_that_is_cut_off_says_how_high_it_goes():
    said = texts(timeline_picture(crowded(2), "take"))
    assert [text for text in said if text.startswith("\u25b2")] == ["\u25b29.0"]
    assert any("\u25b2: cut off" in text for text in said)


def test_the_most_probable_class_stands_beside_a_label_that_is_another():
    candidate = timeline().spotting.candidates[0]
    other = recognition(probabilities=np.array([0.7, 0.3]))
    assert score_text(TimedExpression(candidate, other)) == (
        "positive, probability 0.30 (most probable: negative, 0.70)"
    )


def test_equal_timelines_give_equal_bytes():
    one, other = (timeline_picture(timeline(), "take") for _ in range(2))
    assert (one.svg, one.png) == (other.svg, other.png)


def test_hostile_names_stay_text():
    picture = timeline_picture(timeline(names=("a", HOSTILE[:18])), HOSTILE)
    assert "<script" not in picture.svg
    assert "\x1b" not in picture.svg
    assert "<script>alert" in " ".join(texts(picture))


def test_a_score_and_a_probability_are_called_what_they_are():
    candidate = timeline().spotting.candidates[0]
    calibrated = recognition(probabilities=np.array([0.2, 0.8]))
    assert score_text(TimedExpression(candidate, calibrated)) == "positive, probability 0.80"
    assert score_text(TimedExpression(candidate, recognition())) == "positive, score 0.75"
    assert score_text(TimedExpression(candidate, None)) == "no face"


def read_back(path):
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        got, frame = capture.read()
        if not got:
            return frames, capture.get(cv2.CAP_PROP_FPS)
        frames.append(frame.astype(float))


def test_the_overlay_shows_label_while_it_lasts_and_the_mark_always(tmp_path):
    frames = np.full((60, 121, 161), 90, np.uint8)
    write_overlay(frames, timeline(names=("a", HOSTILE[:18])), tmp_path / "out.mp4")
    shown, fps = read_back(tmp_path / "out.mp4")
    assert (len(shown), fps) == (60, 25.0)
    band = [frame[120:] for frame in shown]
    assert shown[0].shape == (120 + len(band[0]), 160, 3)
    np.testing.assert_allclose(shown[0][:110], 90, atol=6)
    half = len(band[0]) // 2
    changed = [np.abs(own[half:] - band[0][half:]).max() > 60 for own in band]
    assert changed == [16 <= index <= 25 for index in range(60)]
    red = [(own[:half, :, 2] - own[:half, :, 1]).max() for own in band]
    assert min(red) > 60  # the mark of drawn faces
    write_overlay(frames[:5], timeline(synthetic=False), tmp_path / "real.mp4")
    unmarked, _ = read_back(tmp_path / "real.mp4")
    assert all((frame[120:, :, 2] - frame[120:, :, 1]).max() < 30 for frame in unmarked)


def test_an_overlay_is_written_whole_or_not_at_all(tmp_path):
    def breaking():
        yield np.zeros((96, 96), np.uint8)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="broke"):
        write_overlay(breaking(), timeline(), tmp_path / "out.mp4")
    with pytest.raises(InvalidInputError, match="received none"):
        write_overlay([], timeline(), tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InvalidInputError, match=r"ends in .mp4"):
        write_overlay([np.zeros((96, 96))], timeline(), tmp_path / "out.avi")
    with pytest.raises(StorageError):
        write_overlay([np.zeros((96, 96))], timeline(), tmp_path / "nowhere" / "out.mp4")
