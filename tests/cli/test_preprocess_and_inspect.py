"""`preprocess` and `inspect` as a person uses them, on a small synthetic corpus."""

import json
import shutil

import cv2
import pytest

from astsvm.cli import main


def run(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return left.value.code


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    from astsvm.datasets.synthetic import write_corpus

    root = tmp_path_factory.mktemp("commands") / "corpus"
    write_corpus(root, subjects=1, clips=3, difficulty="easy", seed=5, size=(320, 240))
    return root


@pytest.fixture(scope="module")
def clips(corpus, tmp_path_factory):
    output = tmp_path_factory.mktemp("clips") / "clips.h5"
    code = run("preprocess", corpus, "-o", output, "--preset", "demo", "--workers", 1, "--quiet")
    assert code == 0
    return output


def test_a_skipped_clip_is_told_on_stderr_with_exit_code_3(corpus, tmp_path, capsys):
    root = tmp_path / "corpus"
    shutil.copytree(corpus, root)
    with (root / "clips.csv").open("a", encoding="utf-8") as sheet:
        sheet.write("lost,s01,positive,nowhere.mp4,synthetic,,,,100\n")
    output = tmp_path / "out.h5"
    assert run("preprocess", root, "-o", output, "--preset", "demo", "--quiet", "--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["stored"], len(told["skipped"])) == (3, 1)
    assert "nowhere.mp4" in told["skipped"][0]["reason"]
    assert run("inspect", output) == 0
    assert "nowhere.mp4" in capsys.readouterr().out


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "-1"])
def test_a_clip_timeout_that_is_no_time_is_wrong_use(corpus, tmp_path, capsys, seconds):
    output = tmp_path / "out.h5"
    assert run("preprocess", corpus, "-o", output, f"--clip-timeout={seconds}") == 2
    assert "--clip-timeout" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_whoever_resumes_is_told_that_finished_clips_are_checked(
    corpus, clips, tmp_path, capsys, monkeypatch
):
    from astsvm.storage import writer

    def killed(*_, **__):
        raise KeyboardInterrupt

    output = tmp_path / "out.h5"
    arguments = ("preprocess", corpus, "-o", output, "--preset", "demo", "--workers", 1)
    with monkeypatch.context() as patch:
        patch.setattr(writer, "write_clip_file", killed)
        assert run(*arguments) == 130
    assert "checking" not in capsys.readouterr().err
    assert run(*arguments, "--resume") == 0
    assert "checking 3 finished clips" in capsys.readouterr().err
    assert output.read_bytes() == clips.read_bytes()


def test_the_landmarks_of_a_file_are_used(corpus, clips, tmp_path, capsys):
    import numpy as np

    from astsvm.storage import open_clips

    with open_clips(clips) as stored:
        shifted = {r.key: stored.landmarks(i) + 3 for i, r in enumerate(stored.records)}
        names = [f"{axis}{i}" for i in range(68) for axis in "xy"]
        lines = [",".join(["key", *names])]
        for key, points in shifted.items():
            lines.append(",".join([key, *(f"{value:.3f}" for value in points.ravel())]))
    file = tmp_path / "landmarks.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    output = tmp_path / "shifted.h5"
    options = ["--preset", "demo", "--landmarks", file, "--quiet"]
    assert run("preprocess", corpus, "-o", output, *options) == 0
    assert "landmarks given for 3 clips" in capsys.readouterr().out
    with open_clips(output) as stored:
        for index, record in enumerate(stored.records):
            np.testing.assert_allclose(stored.landmarks(index), shifted[record.key], atol=0.01)


def test_a_folder_of_openface_tables_is_used(corpus, clips, tmp_path, capsys):
    """With dlib's own landmarks in them, the clip file is the same to the byte."""
    from astsvm.storage import open_clips

    header = ["frame", "success", *(f"{axis}_{i}" for axis in "xyXYZ" for i in range(68))]
    folder = tmp_path / "tables"
    folder.mkdir()
    with open_clips(clips) as stored:
        for index, record in enumerate(stored.records):
            points, onset = stored.landmarks(index), record.onset
            lines = [", ".join(header)]
            for frame, shift in ((onset, 50), (onset + 1, 0), (onset + 2, 50)):
                shifted = (points + shift).T.ravel()
                lines.append(", ".join([str(frame), "1", *map(str, shifted), *["-9"] * 204]))
            (folder / f"{record.clip}.csv").write_text("\n".join(lines))
    output = tmp_path / "same.h5"
    options = ["--preset", "demo", "--landmarks", folder, "--quiet", "--workers", 1]
    assert run("preprocess", corpus, "-o", output, *options) == 0
    given, stored = capsys.readouterr().out.splitlines()
    assert given == "landmarks given for 3 clips, dlib's elsewhere"
    assert stored == f"{output}: SYNTHETIC, 3 clips, 0 skipped"
    assert output.read_bytes() == clips.read_bytes()


def test_settings_come_from_a_preset_or_a_file_not_from_both(corpus, tmp_path, capsys):
    from astsvm.config import Settings

    file = tmp_path / "settings.json"
    file.write_text(Settings.from_preset("demo").to_json(), encoding="utf-8")
    both = ["--preset", "demo", "--settings", file]
    assert run("preprocess", corpus, "-o", tmp_path / "a.h5", *both) == 2
    assert "not both" in capsys.readouterr().err
    assert run("preprocess", corpus, "-o", tmp_path / "a.h5", "--settings", file, "--quiet") == 0


def test_inspect_describes_the_file_and_says_synthetic(clips, capsys):
    assert run("inspect", clips, "--json", "--deep") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["synthetic"] is True
    assert (found["clips"], found["subjects"]) == (3, 1)
    assert found["streams"] == {"flow": [10, 96, 96, 2], "idsf": [10, 96, 96, 1]}
    assert found["settings"]["size"] == 96


def test_inspect_draws_a_clip(clips, tmp_path, capsys):
    picture = tmp_path / "clip.png"
    assert run("inspect", clips, "--clip", "s01_c02", "--picture", picture) == 0
    assert "synthetic/s01/s01_c02" in capsys.readouterr().out
    image = cv2.imread(str(picture))
    assert image.shape[1] > 3000  # 200 dots an inch of a page's width and more
    assert image.std() > 20


def test_an_unknown_clip_and_a_picture_of_nothing(clips, tmp_path, capsys):
    assert run("inspect", clips, "--clip", "s09_c02") == 1
    assert "s09_c02" in capsys.readouterr().err
    assert run("inspect", clips, "--picture", tmp_path / "a.png") == 2


@pytest.mark.parametrize("damage", ["foreign", "truncated", "flipped"])
def test_a_file_that_is_not_whole_is_named_in_one_line(clips, tmp_path, capsys, damage):
    content = bytearray(clips.read_bytes())
    if damage == "foreign":
        content = bytearray(b"not hdf5 at all")
    elif damage == "truncated":
        content = content[: len(content) // 2]
    else:
        content[len(content) // 2] ^= 8
    file = tmp_path / "damaged.h5"
    file.write_bytes(content)
    assert run("inspect", file, "--deep") == 1
    said = capsys.readouterr().err
    assert said.startswith("astsvm: error: ")
    assert "damaged.h5" in said
    assert said.count("\n") == 1
