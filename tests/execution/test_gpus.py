"""GPUs are found without being kept, and shared out among the processes."""

import pytest

from astsvm.errors import InvalidInputError, MissingResourceError
from astsvm.execution import TaskOutcome, gpus
from astsvm.execution.environment import VISIBLE_GPUS
from astsvm.execution.gpus import find_gpus, places_of_processes


def seen(*arguments):
    return [place[VISIBLE_GPUS] for place in places_of_processes(*arguments)]


def test_without_gpus_every_process_computes_on_the_processor():
    assert seen(0, None, 3) == ["", "", ""]
    assert seen(0, 0, 2) == ["", ""]
    assert seen(4, 0, 2) == ["", ""]


def test_workers_share_the_gpus_evenly(monkeypatch):
    monkeypatch.delenv(VISIBLE_GPUS, raising=False)
    assert seen(1, None, 2) == ["0", "0"]
    assert seen(2, None, 3) == ["0", "1", "0"]
    assert seen(4, None, 2) == ["0", "1"]


def test_a_fraction_says_how_many_processes_a_gpu_takes(monkeypatch):
    monkeypatch.delenv(VISIBLE_GPUS, raising=False)
    assert seen(2, 0.5, 8) == ["0", "1", "0", "1"]
    assert seen(1, 1, 8) == ["0"]
    assert seen(1, 0.1, 20) == ["0"] * 10
    assert seen(2, 0.25, 3) == ["0", "1", "0"]


def test_only_gpus_one_is_allowed_to_see_are_used(monkeypatch):
    monkeypatch.setenv(VISIBLE_GPUS, "3, GPU-5a")
    assert seen(2, None, 2) == ["3", "GPU-5a"]
    assert all(place["TF_FORCE_GPU_ALLOW_GROWTH"] for place in places_of_processes(2, None, 2))


def test_what_cannot_be_had_is_refused():
    for share in (1.5, -0.1, float("nan")):
        with pytest.raises(InvalidInputError, match="0 to 1 GPU"):
            places_of_processes(1, share, 1)
    with pytest.raises(MissingResourceError, match="finds none"):
        places_of_processes(0, 0.5, 1)


def test_tensorflow_is_asked_only_where_there_is_a_driver(monkeypatch, tmp_path):
    asked = []

    def run_tasks(function, tasks):
        asked.append(function)
        yield TaskOutcome(0, ("NVIDIA A100",), None)

    monkeypatch.setattr(gpus, "run_tasks", run_tasks)
    monkeypatch.setattr(gpus, "_DRIVERS", (str(tmp_path / "driver"),))
    assert find_gpus() == ()
    assert not asked
    (tmp_path / "driver").touch()
    assert find_gpus() == ("NVIDIA A100",)
    assert len(asked) == 1


def test_tensorflow_names_what_it_finds(monkeypatch, tmp_path):
    # On a machine without GPUs: the question and its answer travel all the same.
    monkeypatch.setenv(VISIBLE_GPUS, "")
    monkeypatch.setattr(gpus, "_DRIVERS", (str(tmp_path),))
    assert find_gpus() == ()
