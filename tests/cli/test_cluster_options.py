"""`--cluster`: what the commands hand to the library, and what they refuse."""

import pytest

from astsvm.cli import main


def run(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return left.value.code


@pytest.fixture
def handed(monkeypatch):
    """Put functions in the library's place that only tell what they were given."""
    given = {}

    def note(*_, **options):
        given.update(options)
        raise KeyboardInterrupt

    monkeypatch.setattr("astsvm.run_loso", note)
    monkeypatch.setattr("astsvm.pipeline.preprocess_dataset", note)
    return given


@pytest.fixture
def commands(tmp_path, clip_writer):
    clips = clip_writer(tmp_path, "clips")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.png").write_bytes(b"")
    sheet = "clip,subject,label,path,fps\na,s1,positive,a.png,100\n"
    (tmp_path / "own" / "clips.csv").write_text(sheet)
    return {
        "train": ("train", clips, "--loso", "--streams", "flow", "-o", tmp_path / "run"),
        "preprocess": ("preprocess", tmp_path / "own", "-o", tmp_path / "new.h5"),
    }


@pytest.mark.parametrize("command", ["train", "preprocess"])
def test_a_cluster_is_used_wholly_unless_workers_are_named(commands, handed, command):
    assert run(*commands[command], "--cluster", "head:6379") == 130
    assert (handed["cluster"], handed["workers"]) == ("head:6379", None)
    assert run(*commands[command], "--cluster", "auto", "--workers", 3) == 130
    assert (handed["cluster"], handed["workers"]) == ("auto", 3)


@pytest.mark.parametrize("command", ["train", "preprocess"])
def test_without_a_cluster_all_cores_of_this_machine_work(commands, handed, command, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 5)
    assert run(*commands[command]) == 130
    assert (handed["cluster"], handed["workers"]) == (None, 5)


def test_folds_may_share_a_gpu(commands, handed):
    assert run(*commands["train"], "--cluster", "auto", "--gpus-per-fold", 0.25) == 130
    assert handed["gpus_per_fold"] == 0.25
    assert run(*commands["train"], "--precision", "mixed_bfloat16") == 130
    assert handed["gpus_per_fold"] is None


@pytest.mark.parametrize("command", ["train", "preprocess"])
def test_a_cluster_that_does_not_answer_is_told_in_one_line(commands, command, capsys):
    assert run(*commands[command], "--quiet", "--cluster", "127.0.0.1:1") == 1
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("astsvm: error: no Ray cluster answers at 127.0.0.1:1: ")
