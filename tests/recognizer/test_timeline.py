"""The timeline of a model: what the search finds, and what the model says of each piece."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from astsvm.config import PreprocessingSettings
from astsvm.errors import InvalidInputError, SettingsError
from astsvm.recognizer import Recognizer
from astsvm.recognizer.timeline import search_settings, timeline_notices
from astsvm.reporting.prediction_output import (
    TimelineAnswer,
    prediction_lines,
    predictions_csv,
)
from astsvm.spotting import RELIABILITY, RELIABILITY_OF_VIDEO, ShortVideoError, SpottingSettings

SETTINGS = SpottingSettings(alignment="none", size=96)


@pytest.fixture(scope="module")
def recognizer(bundle):
    return Recognizer(bundle)


def test_each_candidate_is_recognised_as_the_clip_it_is(recognizer, long_take):
    timeline = recognizer.predict_timeline(long_take.frames, long_take.fps, settings=SETTINGS)
    spans = [(t.candidate.onset, t.candidate.offset) for t in timeline.expressions]
    assert len(spans) == len(long_take.events)
    for timed, (onset, apex, offset) in zip(timeline.expressions, long_take.events, strict=True):
        own = timed.candidate
        assert (own.onset, own.apex, own.offset) == pytest.approx((onset, apex, offset), abs=2)
        clip = long_take.frames[own.onset : own.offset + 1]
        alone = recognizer.predict(clip, long_take.fps, maps=False)
        assert timed.recognition.label == alone.label
        np.testing.assert_array_equal(timed.recognition.scores, alone.scores)
        assert (timed.recognition.onset, timed.recognition.offset) == (own.onset, own.offset)


def test_a_file_gives_what_its_frames_give(recognizer, long_take, long_folder):
    ours = recognizer.predict_timeline(long_take.frames, long_take.fps, settings=SETTINGS)
    told = recognizer.predict_timeline(long_folder, long_take.fps, settings=SETTINGS)
    assert told.as_dict() == ours.as_dict()


def test_of_a_video_file_is_said_what_compression_does(recognizer, long_take, tmp_path):
    path = str(tmp_path / "take.avi")
    height, width = long_take.frames[0].shape
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"FFV1"), long_take.fps, (width, height))
    for frame in long_take.frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    timeline = recognizer.predict_timeline(path, settings=SETTINGS)
    assert RELIABILITY_OF_VIDEO in timeline.notices
    assert RELIABILITY not in timeline.notices
    assert "without a false alarm" not in " ".join(timeline.notices)


def test_what_is_said_of_it(recognizer, long_take):
    counted = []
    timeline = recognizer.predict_timeline(
        long_take.frames, long_take.fps, settings=SETTINGS, progress=counted.append
    )
    assert counted == list(range(1, len(long_take.frames) + 1))
    assert timeline.notices[0].startswith("SYNTHETIC")
    assert RELIABILITY in timeline.notices
    said = timeline.as_dict()
    assert said["synthetic"] is True
    assert said["frames"] == len(long_take.frames)
    for clip in said["clips"]:
        assert clip["probabilities"] is None
        assert set(clip["scores"]) == set(recognizer.class_names)
        assert clip["onset"] < clip["apex"] < clip["offset"]
        assert clip["strength"] >= 1


def test_a_cut_candidate_is_told_in_every_form(recognizer, long_take):
    timeline = recognizer.predict_timeline(long_take.frames, long_take.fps, settings=SETTINGS)
    first, *others = timeline.expressions
    assert first.candidate.cut == ()
    source = long_take.frames
    assert timeline_notices(source, timeline.spotting, timeline.expressions, ()) == (RELIABILITY,)
    cut = replace(first, candidate=replace(first.candidate, cut=("onset", "offset")))
    notice = timeline_notices(source, timeline.spotting, (cut, *others), ())[-1]
    assert notice.startswith("1 candidate(s) did not come to rest at one end, told as cut")
    answer = TimelineAnswer(Path("a"), replace(timeline, expressions=(cut, *others)))
    told = [clip["cut"] for clip in answer.as_dict()["clips"]]
    assert told == [["onset", "offset"]] + [[]] * len(others)
    rows = csv.DictReader(io.StringIO(predictions_csv([answer], recognizer.class_names)))
    assert [row["cut"] for row in rows] == ["onset offset"] + [""] * len(others)
    lines = [line for line in prediction_lines([answer]) if "(onset and offset cut)" in line]
    assert len(lines) == 1
    assert f"{first.candidate.onset:6}-" in lines[0]


def test_a_still_video_has_an_empty_timeline(recognizer, long_take):
    still = np.repeat(long_take.frames[:1], 40, axis=0)
    timeline = recognizer.predict_timeline(still, long_take.fps, settings=SETTINGS)
    assert timeline.expressions == ()
    assert timeline.as_dict()["clips"] == []


def test_short_or_rateless_input_is_refused(recognizer, long_take, long_folder):
    with pytest.raises(ShortVideoError, match="predict it as a whole"):
        recognizer.predict_timeline(long_take.frames[:9], long_take.fps, settings=SETTINGS)
    with pytest.raises(InvalidInputError, match=r"frame rate is unknown.*--fps"):
        recognizer.predict_timeline(long_folder, settings=SETTINGS)
    broken = long_take.frames.astype(np.float32) / 255
    broken[5, 3, 3] = np.nan
    with pytest.raises(InvalidInputError):
        recognizer.predict_timeline(broken, long_take.fps, settings=SETTINGS)


def test_the_search_finds_faces_as_the_training_clips_did():
    assert search_settings(PreprocessingSettings(alignment="none")).alignment == "none"
    piecewise = PreprocessingSettings(alignment="piecewise")
    assert search_settings(piecewise).alignment == "similarity"
    assert search_settings(PreprocessingSettings(), stride=0.1).stride == 0.1
    with pytest.raises(SettingsError, match="window"):
        search_settings(PreprocessingSettings(), window=0.0)


def test_videos_longer_than_a_clip_may_be_are_searched(
    recognizer, long_take, long_folder, monkeypatch
):
    from astsvm.preprocessing import frames

    monkeypatch.setattr(frames, "MOST_FRAMES", 10)
    timeline = recognizer.predict_timeline(long_folder, long_take.fps, settings=SETTINGS)
    assert timeline.spotting.length == len(long_take.frames)


def test_a_video_file_tells_its_own_rate(recognizer, long_take, tmp_path):
    path = tmp_path / "take.avi"
    height, width = long_take.frames.shape[1:]
    fourcc = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), fourcc, long_take.fps, (width, height))
    for frame in long_take.frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    timeline = recognizer.predict_timeline(path, settings=SETTINGS)
    assert timeline.spotting.fps == long_take.fps
    assert len(timeline.expressions) == len(long_take.events)
