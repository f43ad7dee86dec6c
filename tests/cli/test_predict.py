"""`astsvm predict`: what it prints, writes and answers."""

import csv
import io
import json

import numpy as np
import pytest

from astsvm.cli import main
from astsvm.recognizer import Recognizer
from astsvm.recognizer.manifest import CalibrationRecord

CLASSES = ("negative", "positive", "surprise")


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


@pytest.fixture(scope="module")
def calibrated(make_bundle, tmp_path_factory):
    record = CalibrationRecord(
        scale=1.5,
        bias=(0.0, 0.0, 0.0),
        clips=9,
        seeds=1,
        log_loss=0.9,
        base_rate_log_loss=1.1,
        predictions_sha256="0" * 64,
    )
    path = tmp_path_factory.mktemp("model") / "calibrated.astsvm"
    make_bundle(calibration=record).write(path)
    return path


def test_people_read_the_label_scores_and_what_is_odd(command, model, frame_folders):
    folder = frame_folders / "s0_positive"
    code, out, err = command("predict", folder, "--model", model, "--fps", 100)
    assert (code, err) == (0, "")
    found = Recognizer.load(model).predict_source(folder, fps=100, maps=False)
    lines = out.splitlines()
    assert lines[0] == f"{folder}, frames 0 to 7, 100 frames per second: {found.label}"
    assert lines[1].strip().startswith("SYNTHETIC")
    assert "no onset and offset were given" in lines[2]
    # The model was trained on noise.
    assert "like none of the training" in lines[3]
    assert lines[4].split() == ["score", "(decides)", "softmax,", "uncalibrated"]
    for line, name, score in zip(lines[5:], CLASSES, found.scores, strict=True):
        assert line.split()[0] == name
        assert float(line.split()[1]) == pytest.approx(score, abs=2e-3)


def test_json_keeps_scores_and_probabilities_apart(command, model, calibrated, frame_folders):
    arguments = ("predict", frame_folders / "s0_positive", "--fps", 100, "--json")
    span = ("--onset", 1, "--offset", 6)
    code, out, err = command(*arguments, "--model", model, *span)
    assert (code, err) == (0, "")
    plain = json.loads(out)
    assert plain["format"] == "astsvm-predictions"
    assert plain["synthetic"] is True
    assert plain["model"]["calibrated"] is False
    (clip,) = plain["inputs"][0]["clips"]
    assert (clip["onset"], clip["offset"], clip["fps"]) == (1, 6, 100.0)
    assert clip["probabilities"] is None
    assert set(clip["scores"]) == set(CLASSES)
    assert not any("whole input" in notice for notice in clip["notices"])
    assert any("SYNTHETIC" in notice for notice in clip["notices"])
    code, out, _ = command(*arguments, "--model", calibrated, *span)
    (told,) = json.loads(out)["inputs"][0]["clips"]
    assert told["scores"] == pytest.approx(clip["scores"], abs=1e-4)
    assert sum(told["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    values = np.exp(1.5 * np.array(list(told["scores"].values())))
    np.testing.assert_allclose(list(told["probabilities"].values()), values / values.sum(), 1e-3)


@pytest.fixture
def biased(make_bundle, tmp_path):
    """Write a model by which one class is the most probable, whatever the scores say."""

    def write(favoured):
        record = CalibrationRecord(
            scale=0.0,
            bias=tuple(2.0 if name == favoured else -1.0 for name in CLASSES),
            clips=9,
            seeds=1,
            log_loss=0.9,
            base_rate_log_loss=1.1,
            predictions_sha256="0" * 64,
        )
        path = tmp_path / f"{favoured}.astsvm"
        make_bundle(calibration=record).write(path)
        return path

    return write


def test_a_most_probable_class_that_is_not_the_label_is_told(
    command, model, biased, frame_folders, tmp_path
):
    table, folder = tmp_path / "table.csv", frame_folders / "s0_positive"
    label = Recognizer.load(model).predict_source(folder, fps=100, maps=False).label
    other = next(name for name in CLASSES if name != label)
    for favoured in (label, other):
        arguments = ("--fps", 100, "--whole", "--csv", table, "--json", "--model", biased(favoured))
        _, out, _ = command("predict", folder, *arguments)
        (clip,) = json.loads(out)["inputs"][0]["clips"]
        (row,) = csv.DictReader(io.StringIO(table.read_text()))
        assert clip["label"] == row["label"] == label
        assert clip["most_probable"] == row["most_probable"] == favoured
        said = [text for text in clip["notices"] if "most probable class" in text]
        assert len(said) == (favoured == other)
        assert all(f"is {other} (0.91), not the label, {label}" in text for text in said)
        assert ("most probable class" in row["notices"]) == (favoured == other)
        # What a column says of every row is not said again.
        assert "SYNTHETIC" not in row["notices"]
        assert "taken as one expression" in row["notices"]


def test_several_inputs_some_of_them_unreadable(command, model, frame_folders, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    inputs = (
        frame_folders / "s0_positive",
        tmp_path / "empty",
        frame_folders / "s1_negative",
        tmp_path / "broken.mp4",
        tmp_path / "nothing",
    )
    table = tmp_path / "table.csv"
    options = ("--model", model, "--fps", 100, "--quiet", "--csv", table)
    code, out, err = command("predict", *inputs, *options)
    assert code == 3
    assert [str(frame_folders / name) in out for name in ("s0_positive", "s1_negative")] == [1, 1]
    lines = err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("skipped: ") for line in lines)
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [row["source"] for row in rows] == [str(inputs[0]), str(inputs[2])]
    for row in rows:
        scores = {name: float(row[f"score_{name}"]) for name in CLASSES}
        assert row["label"] == max(scores, key=scores.get)
        assert all(row[f"probability_{name}"] == "" for name in CLASSES)
        assert row["synthetic"] == "SYNTHETIC"
        assert (row["onset"], row["offset"]) == ("0", "7")
    code, out, _ = command("predict", *inputs, *options, "--json")
    assert code == 3
    skipped = json.loads(out)["skipped"]
    assert [entry["source"] for entry in skipped] == [str(inputs[n]) for n in (1, 3, 4)]


def test_nothing_readable_is_1(command, model, tmp_path):
    code, out, err = command("predict", tmp_path / "nothing", "--model", model, "--fps", 100)
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1


def test_a_folder_of_frames_needs_its_frame_rate(command, model, frame_folders):
    code, out, err = command("predict", frame_folders / "s0_positive", "--model", model)
    assert (code, out) == (1, "")
    assert "--fps" in err
    assert len(err.splitlines()) == 1


def test_a_picture_is_written(command, model, frame_folders, tmp_path):
    import cv2

    picture = tmp_path / "out.png"
    arguments = ("--model", model, "--fps", 100, "--picture", picture)
    code, _, err = command("predict", frame_folders / "s0_positive", *arguments)
    assert (code, err) == (0, "")
    image = cv2.imread(str(picture))
    assert image.shape[1] > 800
    assert image.std() > 10


def test_landmarks_are_looked_up_by_the_input_and_never_passed_over(
    command, model, frame_folders, tmp_path
):
    folder = frame_folders / "s0_positive"
    names = ["clip", *(f"{axis}{i}" for i in range(5) for axis in "xy")]
    points = [30, 15, 26, 15, 14, 15, 18, 15, 22, 25]
    file = tmp_path / "landmarks.csv"
    file.write_text(",".join(names) + f"\n{folder}," + ",".join(map(str, points)))
    arguments = ("--model", model, "--fps", 100, "--landmarks", file, "--json")
    code, _, err = command("predict", folder, *arguments)
    assert (code, err) == (0, "")
    code, out, err = command("predict", frame_folders / "s1_positive", *arguments)
    assert (code, out) == (1, "")
    assert "expected landmarks of" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--onset", "1"), "--onset and --offset, or neither"),
        (("--offset", "4"), "--onset and --offset, or neither"),
        (("--onset", "4", "--offset", "4"), "must lie after"),
        (("--onset", "-1", "--offset", "4"), "not in the range"),
        (("--fps", "0"), "not in the range"),
        (("other", "--picture", "x.png"), "for one input"),
        (("other", "--onset", "1", "--offset", "2"), "for one input"),
        (("folder",), "named twice"),
        (("--model", "nothing.astsvm"), "does not exist"),
    ],
)
def test_usage_errors_are_answered_with_2(command, options, says):
    code, out, err = command("predict", "folder", *options)
    assert (code, out) == (2, "")
    assert says in err


def test_a_file_that_is_no_model_is_one_line_and_1(command, frame_folders, tmp_path):
    (tmp_path / "no.astsvm").write_bytes(b"PK no model")
    folder = frame_folders / "s0_positive"
    code, out, err = command("predict", folder, "--model", tmp_path / "no.astsvm", "--fps", 100)
    assert (code, out) == (1, "")
    assert "expected a model that `astsvm train --final` wrote" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("option", ["--csv", "--picture"])
def test_an_input_is_never_written_over(command, model, frame_folders, tmp_path, option):
    video = tmp_path / "v.avi"
    video.write_bytes(b"somebody's only copy")
    (tmp_path / "link").symlink_to(video)
    folder = frame_folders / "s0_positive"
    frame = next(folder.iterdir())
    before = frame.read_bytes()
    for source, output in ((video, video), (video, tmp_path / "link"), (folder, frame)):
        code, out, err = command("predict", source, "--whole", "--fps", 9, option, output)
        assert (code, out) == (2, "")
        assert "the input" in err
    code, _, err = command("predict", folder, "--model", model, option, model)
    assert code == 2
    assert "would overwrite the input" in err
    assert video.read_bytes() == b"somebody's only copy"
    assert frame.read_bytes() == before


def test_two_outputs_are_two_files(command, frame_folders, tmp_path):
    outputs = ("--csv", tmp_path / "a.png", "--picture", tmp_path / "a.png")
    code, _, err = command("predict", frame_folders / "s0_positive", "--fps", 9, *outputs)
    assert code == 2
    assert "name one file" in err


@pytest.mark.parametrize("form", ["./{}", "{}/", "{}/../{}", "./{}/."])
def test_landmarks_find_their_input_however_the_path_is_written(
    command, model, frame_folders, tmp_path, monkeypatch, form
):
    monkeypatch.chdir(frame_folders)
    names = ["clip", *(f"{axis}{i}" for i in range(5) for axis in "xy")]
    points = ",".join(map(str, [30, 15, 26, 15, 14, 15, 18, 15, 22, 25]))
    file = tmp_path / "landmarks.csv"
    name = "s0_positive"
    written = form.format(name, name)
    arguments = ("--model", model, "--fps", 100, "--landmarks", file, "--whole", "--quiet")
    for row, source in ((written, name), (name, written)):
        file.write_text(",".join(names) + f"\n{row},{points}\n")
        code, _, err = command("predict", source, *arguments)
        assert (code, err) == (0, "")
    file.write_text(",".join(names) + f"\n{name},{points}\n{written},{points}\n")
    code, _, err = command("predict", name, *arguments)
    assert code == 1
    assert "are one input" in err


def test_a_missing_frame_rate_is_told_before_the_model_is_loaded(
    command, model, frame_folders, monkeypatch
):
    def load(path):
        raise AssertionError("loaded")

    monkeypatch.setattr(Recognizer, "load", load)
    for options in ((), ("--whole",), ("--onset", 0, "--offset", 5)):
        code, out, err = command(
            "predict", frame_folders / "s0_positive", "--model", model, *options
        )
        assert (code, out) == (1, "")
        assert "--fps" in err


def test_a_path_that_is_not_there_speaks_of_no_sheet(command, model, tmp_path):
    code, _, err = command("predict", tmp_path / "no.mp4", "--model", model)
    assert code == 1
    assert "Check the path." in err
    assert "sheet" not in err
