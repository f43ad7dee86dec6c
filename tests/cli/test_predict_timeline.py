"""`astsvm predict` without onset and offset: the search of a long input."""

import csv
import io
import json

import cv2
import numpy as np
import pytest

from astsvm.cli import main
from astsvm.preprocessing import webcam
from astsvm.spotting import RELIABILITY


@pytest.fixture
def command(capsys):
    """Run a command line; return exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ending:
            main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return ending.value.code, output.out, output.err

    return run


@pytest.fixture(scope="module")
def model(bundle, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.astsvm"
    bundle.write(path)
    return path


def test_people_read_the_timeline_and_how_reliable_it_is(command, model, long_take, long_folder):
    code, out, err = command("predict", long_folder, "--model", model, "--fps", 25)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith(f"{long_folder}, 4.0 s at 25 frames per second: 2 candidate(s)")
    assert lines[1].strip().startswith("SYNTHETIC")
    assert lines[2].strip() == RELIABILITY
    assert len(lines) == 4 + len(long_take.events)
    assert [line.split()[-1] in ("negative", "positive", "surprise") for line in lines[4:]]


def test_json_csv_picture_and_overlay_say_the_same(
    command, model, long_take, long_folder, tmp_path
):
    table, picture, movie = (tmp_path / name for name in ("a.csv", "a.png", "a.mp4"))
    options = ("--json", "--csv", table, "--picture", picture, "--overlay", movie)
    code, out, err = command("predict", long_folder, "--model", model, "--fps", 25, *options)
    assert (code, err) == (0, "")
    (told,) = json.loads(out)["inputs"]
    assert told["source"] == str(long_folder)
    assert told["timeline"]["synthetic"] is True
    assert RELIABILITY in told["timeline"]["notices"]
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert len(rows) == len(told["clips"]) == len(long_take.events)
    for row, clip in zip(rows, told["clips"], strict=True):
        assert row["source"] == str(long_folder)
        assert [int(row[key]) for key in ("onset", "apex", "offset")] == [
            clip[key] for key in ("onset", "apex", "offset")
        ]
        assert (row["label"], row["region"]) == (clip["label"], clip["region"])
        assert float(row["strength"]) == clip["strength"]
        assert (row["cut"], clip["cut"]) == ("", [])
        assert row["synthetic"] == "SYNTHETIC"
        assert clip["most_probable"] is None
        # Of the search it is said in text and JSON, not in every row.
        assert RELIABILITY not in row["notices"]
        assert "SYNTHETIC" not in row["notices"]
        assert float(row[f"score_{clip['label']}"]) == max(clip["scores"].values())
    assert cv2.imread(str(picture)).shape[1] > 1000
    capture = cv2.VideoCapture(str(movie))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == len(long_take.frames)


def test_whole_takes_it_as_one_clip(command, model, long_folder):
    arguments = ("predict", long_folder, "--model", model, "--fps", 25, "--json")
    code, out, _ = command(*arguments, "--whole")
    assert code == 0
    (told,) = json.loads(out)["inputs"]
    assert "timeline" not in told
    (clip,) = told["clips"]
    assert (clip["onset"], clip["offset"]) == (0, 99)


def test_window_and_stride_reach_the_search(command, model, long_folder):
    arguments = ("predict", long_folder, "--model", model, "--fps", 25, "--json")
    code, out, _ = command(*arguments, "--window", 1.0, "--stride", 0.08)
    assert code == 0
    (told,) = json.loads(out)["inputs"]
    assert all(clip["apex"] % 2 == 0 for clip in told["clips"])
    code, out, err = command(*arguments, "--window", 0)
    assert code == 1
    assert "window" in err


class FakeWebcam:
    def __init__(self, frames):
        self.frames = iter(frames)

    def isOpened(self):
        return True

    def read(self):
        frame = next(self.frames, None)
        return frame is not None, frame

    def release(self):
        pass


def test_a_webcam_is_searched(command, model, long_take, monkeypatch, tmp_path):
    frames = [cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR) for frame in long_take.frames]
    times = iter(np.arange(200) / 25)
    monkeypatch.setattr(webcam, "_open", lambda number: FakeWebcam(frames))
    monkeypatch.setattr(webcam.record_webcam, "__kwdefaults__",
                        {"open_device": None, "clock": lambda: float(next(times))})  # fmt: skip
    movie = tmp_path / "seen.mp4"
    code, out, err = command(
        "predict", "--webcam", 0, "--seconds", 3.9, "--model", model, "--overlay", movie
    )
    assert (code, err) == (0, "")
    assert out.startswith("webcam 0, 3.9 s at 25 frames per second: 2 candidate(s)")
    assert movie.is_file()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "INPUTS or --webcam"),
        (("folder", "--webcam", "0"), "INPUTS or --webcam"),
        (("--webcam", "0", "--whole"), "for a search"),
        (("folder", "--whole", "--overlay", "x.mp4"), "for a search"),
        (("folder", "--whole", "--onset", "1", "--offset", "2"), "not both"),
        (("folder", "other", "--overlay", "x.mp4"), "for one input"),
        (("--webcam", "-1"), "not in the range"),
        (("folder", "--whole", "--window", "99"), "--window has no meaning with --whole"),
        (("folder", "--whole", "--stride", "77"), "--stride has no meaning with --whole"),
        (("folder", "--whole", "--seconds", "3"), "--seconds has no meaning with --whole"),
        (("folder", "--onset", "1", "--offset", "9", "--window", "1"), "no meaning with --onset"),
        (("folder", "--seconds", "3"), "--seconds has no meaning with INPUTS"),
        (("--webcam", "0", "--landmarks", __file__), "--landmarks has no meaning with --webcam"),
        (("--webcam", "0", "--seconds", "601"), "not in the range"),
    ],
)
def test_usage_errors_are_answered_with_2(command, options, says):
    code, out, err = command("predict", *options)
    assert (code, out) == (2, "")
    assert says in err


def test_a_most_probable_class_stands_beside_its_label():
    from astsvm.reporting.prediction_output import _named

    clip = {"label": "a", "most_probable": "b", "probabilities": {"a": 0.3, "b": 0.7}}
    assert _named(clip) == "a (most probable: b, 0.700)"
    assert _named(clip | {"most_probable": "a"}) == "a"
    assert _named(clip | {"most_probable": None}) == "a"
    assert _named(clip | {"label": None}) == "no face in its first frame"
