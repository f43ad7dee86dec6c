"""Tasks that raise, die or hang fail alone; the rest are done."""

import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from astsvm.errors import DatasetError, InvalidInputError
from astsvm.execution import run_tasks
from astsvm.execution.local import WorkerLostError


def act(task):
    kind, value = task
    if kind == "raise":
        raise DatasetError(f"clip {value} is bad")
    if kind == "die":
        os.kill(os.getpid(), value or signal.SIGKILL)
    if kind == "hang":
        time.sleep(60)
    if kind == "die once":
        if not value.exists():
            value.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return "alive"
    if kind == "raise and count":
        value.write_text(f"{value.read_text()}x")
        raise DatasetError("again")
    if kind == "time out":
        value.write_text(f"{value.read_text()}x")
        raise TimeoutError(110, "Connection timed out")
    if kind == "threads":
        return os.environ["OMP_NUM_THREADS"]
    if kind == "place":
        time.sleep(value)
        return os.environ["PLACE"], os.getpid()
    if kind == "blocked":
        return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    return value * value


def outcomes(tasks, **options):
    found = sorted(run_tasks(act, tasks, **options), key=lambda outcome: outcome.index)
    assert [outcome.index for outcome in found] == list(range(len(tasks)))
    return found


def test_a_disk_that_does_not_answer_is_no_task_that_hung(tmp_path):
    count = tmp_path / "count"
    count.write_text("")
    (found,) = outcomes([("time out", count)], attempts=3)
    assert isinstance(found.error, TimeoutError)
    assert "Connection timed out" in str(found.error)
    assert count.read_text() == "x"


def test_every_task_is_answered_under_its_own_index():
    tasks = [("square", value) for value in range(12)]
    assert [o.result for o in outcomes(tasks, workers=2)] == [v * v for v in range(12)]


def test_an_exception_keeps_its_type_and_message():
    found = outcomes([("raise", 7), ("square", 3)])
    assert isinstance(found[0].error, DatasetError)
    assert str(found[0].error) == "clip 7 is bad"
    assert (found[1].result, found[1].error) == (9, None)


def test_a_killed_process_fails_its_own_task_only():
    found = outcomes([("square", 1), ("die", 0), ("square", 2), ("square", 3)], workers=2)
    assert isinstance(found[1].error, WorkerLostError)
    assert "SIGKILL" in str(found[1].error)
    assert [o.result for o in found] == [1, None, 4, 9]


def test_a_process_that_a_nameless_signal_ends_fails_its_own_task_only():
    nameless = signal.SIGRTMIN + 6
    found = outcomes([("die", nameless), ("square", 3)])
    assert str(found[0].error) == f"its process died: ended by signal {nameless}"
    assert found[1].result == 9


def test_a_hanging_task_is_ended_at_its_time_limit():
    found = outcomes([("hang", 0), ("square", 5)], timeout=3)
    assert isinstance(found[0].error, WorkerLostError)
    assert "3 seconds" in str(found[0].error)
    assert found[1].result == 25


def test_a_task_whose_process_was_lost_is_tried_again(tmp_path):
    tasks = [("square", 2), ("die once", tmp_path / "died"), ("die", 0), ("square", 3)]
    found = outcomes(tasks, workers=2, attempts=3)
    assert [o.result for o in found] == [4, "alive", None, 9]
    assert str(found[2].error).endswith("(attempt 3)")


def test_what_a_task_raises_is_not_tried_again(tmp_path):
    count = tmp_path / "count"
    count.touch()
    (found,) = outcomes([("raise and count", count)], attempts=3)
    assert isinstance(found.error, DatasetError)
    assert count.read_text() == "x"


def test_the_time_limit_may_follow_from_what_was_seen():
    limits = iter([60, 60, 3, 60])
    found = outcomes(
        [("square", 1), ("square", 2), ("hang", 0), ("square", 3)], timeout=lambda: next(limits)
    )
    assert "3 seconds" in str(found[2].error)
    assert [o.result for o in found] == [1, 4, None, 9]


def test_workers_compute_with_one_thread_and_the_driver_is_left_alone(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert outcomes([("threads", 0)])[0].result == "1"
    assert os.environ["OMP_NUM_THREADS"] == "2"


def test_an_abandoned_iteration_leaves_no_process_behind():
    running = run_tasks(act, [("square", 2), ("hang", 0), ("hang", 0)], workers=2)
    assert next(running).result == 4
    started = time.monotonic()
    running.close()
    assert time.monotonic() - started < 30
    assert multiprocessing.active_children() == []


def test_workers_are_started_deaf_to_an_interrupt_and_the_driver_is_not():
    found = outcomes([("blocked", 0)] * 3, tasks_per_process=1)
    assert [o.result for o in found] == [True] * 3
    assert act(("blocked", 0)) is False


@pytest.mark.parametrize("timeout", [0, -1.0, math.nan, math.inf])
def test_a_time_limit_that_is_none_is_refused(timeout):
    with pytest.raises(InvalidInputError, match=f"received {timeout!r}"):
        next(run_tasks(act, [("square", 1)], timeout=timeout))


def test_no_tasks_start_no_process_and_no_workers_are_refused():
    assert list(run_tasks(act, [])) == []
    with pytest.raises(InvalidInputError, match="received 0"):
        list(run_tasks(act, [("square", 1)], workers=0))
    with pytest.raises(InvalidInputError, match="attempts must be 1 or more"):
        list(run_tasks(act, [("square", 1)], attempts=0))


UNGUARDED = """
from astsvm.execution import refuse_unguarded_script, run_tasks
refuse_unguarded_script()
print("the work began", flush=True)
print(sorted(outcome.result for outcome in run_tasks(abs, [-1, -2], workers=2)))
"""


@pytest.mark.parametrize("guarded", [False, True])
def test_a_script_without_a_guard_is_told_so(tmp_path, guarded):
    script = tmp_path / "script.py"
    script.write_text(
        f"if __name__ == '__main__':{UNGUARDED.replace(chr(10), chr(10) + '    ')}"
        if guarded
        else UNGUARDED
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    # The script's workers import it, and must not begin the work a second time.
    assert done.stdout.count("the work began") == 1
    if guarded:
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[1, 2]")
    else:
        assert done.returncode == 1
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("astsvm.execution.local.WorkerLostError: worker processes end as")
        assert "if __name__ == '__main__'" in last


def test_no_two_living_processes_share_a_place():
    places = [{"PLACE": "first"}, {"PLACE": "second"}]
    tasks = [("place", 0.2)] * 4 + [("die", None)] + [("place", 0.2)] * 4
    found = [one.result for one in outcomes(tasks, workers=5, places=places) if not one.error]
    assert len(found) == 8
    by_process = {}
    for place, process in found:
        by_process.setdefault(process, set()).add(place)
    # Two at a time, and a third after one of them has died, in the place of that one.
    assert sorted(len(taken) for taken in by_process.values()) == [1, 1, 1]
    assert {place for place, _ in found} == {"first", "second"}


def test_a_process_killed_before_it_has_a_task_costs_nothing(tmp_path, monkeypatch):
    died = tmp_path / "died"
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if '--multiprocessing-fork' in sys.orig_argv:\n"
        "    try:\n"
        f"        os.close(os.open({str(died)!r}, os.O_CREAT | os.O_EXCL))\n"
        "        os.kill(os.getpid(), 9)\n"
        "    except FileExistsError:\n"
        "        pass\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = outcomes([("square", number) for number in range(5)])
    assert died.exists()
    assert sorted(outcome.result for outcome in found) == [0, 1, 4, 9, 16]
    assert all(outcome.error is None for outcome in found)
