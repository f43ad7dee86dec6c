"""The app says what `astsvm predict` says, to the byte."""

import shutil

import numpy as np
import pytest

from astsvm.app.answering import Question, UnusableClipError, answer_clip, answer_example
from astsvm.app.examples import Example
from astsvm.app.limits import Limits
from astsvm.cli import main
from astsvm.errors import FaceNotFoundError, InvalidInputError
from astsvm.recognizer import Recognizer


@pytest.fixture
def predicted(tmp_path, monkeypatch, capsys):
    """Run `astsvm predict` on a video; return what --json, --csv and --picture give."""

    def predict(recognizer: Recognizer, video, *options):
        monkeypatch.chdir(tmp_path)
        recognizer.save("model.astsvm")
        shutil.copy(video, tmp_path)
        files = ["--json", "--csv", "out.csv", "--picture", "out.png"]
        with pytest.raises(SystemExit) as ended:
            main(["predict", video.name, "--model", "model.astsvm", *files, *options])
        assert ended.value.code == 0
        table = (tmp_path / "out.csv").read_text("utf-8")
        return capsys.readouterr().out, table, (tmp_path / "out.png").read_bytes()

    return predict


def answer(recognizer, path, question=None, limits=None, **more):
    return answer_clip(
        recognizer, path, path.name, question or Question(), limits or Limits(), **more
    )


@pytest.mark.parametrize(
    ("name", "question", "options"),
    [
        ("down.avi", Question(onset=1, offset=6), ["--onset", "1", "--offset", "6"]),
        ("down.avi", Question(fps=100), ["--fps", "100"]),
        ("long.avi", Question(), []),
        ("long.avi", Question(whole=True), ["--whole"]),
    ],
)
def test_downloads_are_what_predict_writes(recognizer, videos, predicted, name, question, options):
    found = answer(recognizer, videos / name, question)
    record, table, picture = predicted(recognizer, videos / name, *options)
    assert found.record == record
    assert found.table == table
    assert found.picture == picture


def test_so_it_is_with_probabilities(calibrated, videos, predicted):
    found = answer(calibrated, videos / "up.avi")
    assert (found.record, found.table, found.picture) == predicted(calibrated, videos / "up.avi")
    assert '"probabilities": {' in found.record


def test_a_long_video_is_searched_and_candidates_are_shown(recognizer, videos, long_take):
    steps = []
    found = answer(recognizer, videos / "long.avi", progress=lambda *step: steps.append(step))
    assert steps == [(done, 100) for done in range(1, 101)]
    spans = [(shown.recognition.onset, shown.recognition.offset) for shown in found.shown]
    assert len(spans) == len(long_take.events)
    for span, (onset, _, offset) in zip(spans, long_take.events, strict=True):
        assert span == pytest.approx((onset, offset), abs=2)
    for shown in found.shown:
        first = long_take.frames[shown.recognition.onset]
        np.testing.assert_allclose(shown.first_frame.astype(int), first, atol=2)
        assert shown.recognition.attention


def test_of_many_candidates_the_strongest_are_shown(recognizer, videos, monkeypatch):
    monkeypatch.setattr("astsvm.app.answering.MOST_SHOWN", 1)
    found = answer(recognizer, videos / "long.avi")
    candidates = [one.candidate for one in found.answer.timeline.expressions]
    strongest = max(candidates, key=lambda one: one.strength)
    assert [shown.recognition.onset for shown in found.shown] == [strongest.onset]
    assert len(candidates) == 2


def test_the_first_frame_shown_is_that_of_the_onset(recognizer, videos, moving_dots):
    found = answer(recognizer, videos / "down.avi", Question(onset=3, offset=6))
    frame = found.shown[0].first_frame.astype(int)
    np.testing.assert_allclose(frame, moving_dots(0)[3], atol=2)


def test_what_is_too_long_is_refused(recognizer, videos):
    for limits in (Limits(seconds=2), Limits(frames=50)):
        with pytest.raises(UnusableClipError, match="too long: expected at most 50 frames"):
            answer(recognizer, videos / "long.avi", limits=limits)


def test_the_rate_that_is_asked_for_counts(recognizer, videos):
    with pytest.raises(UnusableClipError, match="at most 20 frames at 10 frames per second"):
        answer(recognizer, videos / "long.avi", Question(fps=10), Limits(seconds=2))


def test_no_face_is_told_as_such(face_recognizer, videos):
    for question in (Question(), Question(whole=True)):
        with pytest.raises(UnusableClipError) as caught:
            answer(face_recognizer, videos / "noise.avi", question)
        assert isinstance(caught.value.__cause__, FaceNotFoundError)


@pytest.mark.parametrize("content", [b"", b"no video", b"#EXTM3U\nfile:///etc/passwd"])
def test_messages_name_the_clip_and_not_where_it_lies(recognizer, tmp_path, content):
    path = tmp_path / "secret-place.avi"
    path.write_bytes(content)
    with pytest.raises(UnusableClipError) as caught:
        answer_clip(recognizer, path, "anna.avi", Question(), Limits())
    assert "anna.avi" in str(caught.value)
    assert "secret-place" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_an_offset_behind_the_end_is_told(recognizer, videos):
    with pytest.raises(UnusableClipError, match="holds 8 frame"):
        answer(recognizer, videos / "up.avi", Question(onset=2, offset=40))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (("1", "", "", False), "give both, or neither"),
        (("", "4", "", False), "give both, or neither"),
        (("4", "4", "", False), "offset after onset"),
        (("-1", "4", "", False), "counted from 0"),
        (("1.5", "4", "", False), "onset: expected a whole number, received '1.5'"),
        (("one", "4", "", False), "onset: expected a whole number, received 'one'"),
        (("nan", "4", "", False), "onset: expected a whole number"),
        (("0", "inf", "", False), "offset: expected a whole number"),
        (("0", "9" * 400, "", False), "offset: expected a whole number"),
        ((0, 10**400, "", False), "offset: expected a whole number"),
        (({}, "4", "", False), "onset: expected a whole number"),
        (("", "", "0", False), "frames per second: expected a number from 1 to 2000"),
        (("", "", "nan", False), "frames per second"),
        (("", "", "fast", False), "frames per second"),
        (("0", "4", "", True), "not both"),
    ],
)
def test_fields_may_hold_anything(fields, told):
    with pytest.raises(InvalidInputError, match=told):
        Question.of_fields(*fields)


def test_fields_of_the_page_are_text():
    assert Question.of_fields(" 3", "9", "25", False) == Question(3, 9, 25.0)
    assert Question.of_fields(3, 9, "29.97", False) == Question(3, 9, 29.97)
    assert Question.of_fields("", None, " ", True) == Question(whole=True)
    assert Question.of_fields(None, None, None, "yes") == Question()


def test_an_example_is_answered_as_its_frames(recognizer, moving_dots, long_take):
    clip = Example("SYNTHETIC dots", moving_dots(1), 50, "Planted: dots.", long=False)
    found = answer_example(recognizer, clip)
    alone = recognizer.predict(moving_dots(1), 50)
    assert found.answer.recognition.as_dict() == alone.as_dict()
    assert found.planted == "Planted: dots."
    np.testing.assert_array_equal(found.shown[0].first_frame, moving_dots(1)[0])

    video = Example("SYNTHETIC long", long_take.frames, long_take.fps, "", long=True)
    found = answer_example(recognizer, video)
    assert len(found.answer.timeline.expressions) == 2
    for shown in found.shown:
        first = long_take.frames[shown.recognition.onset]
        np.testing.assert_array_equal(shown.first_frame, first)


def test_an_example_without_a_face_is_told(face_recognizer):
    noise = np.random.default_rng(0).integers(0, 255, (8, 96, 96), dtype=np.uint8)
    with pytest.raises(UnusableClipError, match="SYNTHETIC noise") as caught:
        answer_example(face_recognizer, Example("SYNTHETIC noise", noise, 50, "", long=False))
    assert isinstance(caught.value.__cause__, FaceNotFoundError)
