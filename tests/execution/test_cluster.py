"""Tasks on a real cluster of two nodes: the outcomes of local ones, whatever is lost on the way."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from astsvm.errors import DatasetError, InvalidInputError, MissingResourceError
from astsvm.execution import ray_connection
from astsvm.execution.cluster import ClusterError, run_cluster_tasks
from astsvm.execution.local import WorkerLostError

SOFTWARE_MARK = "ASTSVM_TEST_SOFTWARE"


class OddError(Exception):
    """An error that cannot be made again from its message alone."""

    def __init__(self, number, reason):
        super().__init__(f"{reason} {number}")


def act(task, shared):
    kind, value = task
    if kind == "raise":
        raise DatasetError(f"clip {value} is bad")
    if kind == "odd":
        raise OddError(value, "strange")
    if kind == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "die once" and not begun(value):
        begin(value)
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "hang":
        begin(value)
        time.sleep(60)
    if kind == "environment":
        return {name: os.environ.get(name) for name in value}
    if kind == "shared":
        return shared.flags.writeable, float(shared[value])
    if kind == "pid":
        return os.getpid()
    if kind == "together":
        begin(value)
        wait_until(lambda: len(begun(value)) == 2)
    if kind == "slow":
        begin(value)
        time.sleep(1)
    return task


def begin(log):
    """Note which process has begun a task, and on which node."""
    import ray

    with log.open("a") as file:
        file.write(f"{os.getpid()} {ray.get_runtime_context().get_node_id()}\n")


def begun(log):
    lines = log.read_text().splitlines() if log.exists() else []
    return [(int(pid), node) for pid, node in map(str.split, lines)]


def wait_until(true, seconds=30):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def is_alive(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def software():
    return {"numpy": np.__version__, "mark": os.environ.get(SOFTWARE_MARK, "none")}


def running(cluster, tasks, shared=None, **options):
    return run_cluster_tasks(
        act, tasks, address=cluster.address, shared=shared, software=software, **options
    )


def outcomes(cluster, tasks, **options):
    found = sorted(running(cluster, tasks, **options), key=lambda outcome: outcome.index)
    assert [outcome.index for outcome in found] == list(range(len(tasks)))
    return found


def test_every_task_is_answered_and_one_that_raises_fails_alone(ray_cluster):
    tasks = [("echo", value) for value in range(8)]
    tasks[3], tasks[5] = ("raise", 3), ("odd", 5)
    found = outcomes(ray_cluster, tasks)
    assert [o.result for o in found] == [None if i in (3, 5) else t for i, t in enumerate(tasks)]
    assert type(found[3].error) is DatasetError
    assert str(found[3].error) == "clip 3 is bad"
    assert str(found[5].error) == "OddError: strange 5"
    assert all(o.error is None for i, o in enumerate(found) if i not in (3, 5))


def test_what_is_shared_is_read_from_the_memory_of_the_node(ray_cluster):
    shared = np.arange(2.0**17)
    found = outcomes(ray_cluster, [("shared", 7), ("shared", 99_999)], shared=shared)
    assert [o.result for o in found] == [(False, 7.0), (False, 99_999.0)]


def test_a_process_computes_with_one_thread_and_sees_no_gpu(ray_cluster, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    there = {
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_ENABLE_ONEDNN_OPTS": "0",
    }
    (found,) = outcomes(ray_cluster, [("environment", tuple(there))])
    assert found.result == there
    assert os.environ["OMP_NUM_THREADS"] == "2"


def test_two_tasks_share_a_gpu_at_the_same_time(ray_cluster, tmp_path):
    names = ("CUDA_VISIBLE_DEVICES", "TF_FORCE_GPU_ALLOW_GROWTH")
    tasks = [("together", tmp_path / "log")] * 2 + [("environment", names)]
    found = outcomes(ray_cluster, tasks, cpus_per_task=0.5, gpus_per_task=0.5)
    assert [o.error for o in found] == [None] * 3
    assert len({node for _, node in begun(tmp_path / "log")}) == 1
    assert found[2].result == dict(zip(names, ("0", "true"), strict=True))


def test_a_process_serves_as_many_tasks_as_it_is_told(ray_cluster):
    found = outcomes(ray_cluster, [("pid", 0)] * 4, workers=1, tasks_per_process=2)
    pids = [o.result for o in found]
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_tasks_are_taken_only_when_they_are_about_to_start(ray_cluster):
    taken = []
    tasks = (taken.append(value) or ("echo", value) for value in range(5))
    found = running(ray_cluster, tasks, workers=1)
    for number in range(1, 6):
        assert next(found).result == ("echo", number - 1)
        assert len(taken) == number
    assert list(found) == []


def test_a_lost_process_is_replaced_and_its_task_begun_again(ray_cluster, tmp_path):
    task = ("die once", tmp_path / "log")
    assert [o.result for o in outcomes(ray_cluster, [task, ("echo", 1)])] == [task, ("echo", 1)]


def test_a_task_that_always_loses_its_process_fails_alone(ray_cluster):
    found = outcomes(ray_cluster, [("die", 0), ("echo", 1)], retries=1)
    assert isinstance(found[0].error, WorkerLostError)
    assert str(found[0].error).startswith("its process was lost 2 times")
    assert found[1].result == ("echo", 1)


@pytest.mark.slow
def test_tasks_of_a_lost_node_are_begun_again_elsewhere(
    ray_cluster, lose_a_node, tmp_path, caplog, capfd
):
    tasks = [("slow", tmp_path / f"log{number}") for number in range(8)]
    lose_a_node(lambda _: [node for _, log in tasks for _, node in begun(log)])
    assert [o.result for o in outcomes(ray_cluster, tasks)] == tasks
    assert "Ray: " in caplog.text  # of the lost node; which of its messages comes first is chance
    assert capfd.readouterr().out == ""
    assert sorted(len(begun(log)) for _, log in tasks) == [1] * 7 + [2]


def test_a_hanging_task_is_ended_at_its_time_limit(ray_cluster, tmp_path):
    found = outcomes(ray_cluster, [("hang", tmp_path / "log"), ("echo", 5)], timeout=2, retries=1)
    assert isinstance(found[0].error, WorkerLostError)
    assert "after 2 seconds" in str(found[0].error)
    assert found[1].result == ("echo", 5)


def test_an_abandoned_iteration_ends_its_tasks(ray_cluster, tmp_path):
    found = running(ray_cluster, [("echo", 2), ("hang", tmp_path / "log")], workers=2)
    assert next(found).result == ("echo", 2)
    wait_until(lambda: begun(tmp_path / "log"))
    found.close()
    ((pid, _),) = begun(tmp_path / "log")
    wait_until(lambda: not is_alive(pid))


DRIVER = """
import signal, sys
from pathlib import Path
# Whoever runs the tests in the background of a shell has SIGINT ignored, which is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
from tests.execution.test_cluster import act, software
from astsvm.execution.cluster import run_cluster_tasks
tasks = [("hang", Path(sys.argv[2]))]
print(list(run_cluster_tasks(act, tasks, address=sys.argv[1], shared=None, software=software)))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_task_outlives_its_driver(ray_cluster, tmp_path, number):
    log = tmp_path / "log"
    arguments = [sys.executable, "-c", DRIVER, ray_cluster.address, str(log)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as driver:
        wait_until(lambda: begun(log))
        driver.send_signal(number)
        output, _ = driver.communicate(timeout=90)
    assert driver.returncode not in (0, None)
    assert output == b""
    ((pid, _),) = begun(log)
    wait_until(lambda: not is_alive(pid))


def test_a_node_with_other_software_is_refused_by_name(ray_cluster, monkeypatch):
    monkeypatch.setenv(SOFTWARE_MARK, "newer")
    with pytest.raises(ClusterError, match="mark: none there, newer here") as refused:
        outcomes(ray_cluster, [("echo", 1)])
    assert os.uname().nodename in str(refused.value)
    assert "numpy" not in str(refused.value)


def test_a_node_that_lacks_the_function_is_told_of(ray_cluster, monkeypatch):
    monkeypatch.setattr(act, "__module__", "a_module_of_the_driver_alone")
    monkeypatch.setitem(sys.modules, "a_module_of_the_driver_alone", sys.modules[__name__])
    with pytest.raises(ClusterError, match="No module named 'a_module_of_the_driver_alone'"):
        outcomes(ray_cluster, [("echo", 1)])


def test_a_task_that_no_node_has_room_for_is_refused(ray_cluster):
    with pytest.raises(ClusterError, match=r"needs 1 CPUs and 2 GPUs.*1 and 0; 1 and 1"):
        outcomes(ray_cluster, [("echo", 1)], gpus_per_task=2)


def test_a_connection_of_the_program_is_used_and_kept(ray_cluster):
    import ray

    with ray_connection.ray_connection(ray_cluster.address):
        found = list(run_cluster_tasks(act, [(0, 1)], address="?", shared=None, software=software))
        assert found[0].result == (0, 1)
        assert ray.is_initialized()
    assert not ray.is_initialized()


def test_auto_finds_the_cluster_of_the_environment_and_says_so(ray_cluster, monkeypatch, caplog):
    monkeypatch.setenv("RAY_ADDRESS", ray_cluster.address)
    before = signal.getsignal(signal.SIGTERM)
    (found,) = run_cluster_tasks(act, [(0, 1)], address="auto", shared=None, software=software)
    assert found.result == (0, 1)
    assert f":{ray_cluster.address.split(':')[1]} (nodes: 2, CPUs: 2, GPUs: 1)" in caplog.text
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow
def test_auto_starts_ray_where_none_is_running(ray_cluster, tmp_path):
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
    # Of a cluster that was killed, an address is left.
    left = Path(folder) / "ray" / "ray_current_cluster"
    left.parent.mkdir()
    left.write_text("127.0.0.1:1")
    driver = DRIVER.replace("hang", "slow") + "import os; print(os.environ.get('RAY_AUTH_MODE'))"
    try:
        # In a process of its own, since Ray keeps the token of the first cluster it has started:
        # other clusters would not answer the processes of the tests that follow.
        done = subprocess.run(
            [sys.executable, "-c", driver, "auto", tmp_path / "log"],
            env={**os.environ, "RAY_TMPDIR": folder, "HOME": folder},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert done.returncode == 0, done.stderr
    outcomes, mode = done.stdout.splitlines()
    assert outcomes.startswith("[TaskOutcome(index=0, result=('slow'")
    assert mode == "None"
    assert "Ray on this machine, started for it" in done.stderr


@pytest.mark.slow
def test_auto_finds_what_ray_start_has_started_and_has_its_token(ray_cluster, tmp_path):
    ray = [sys.executable, "-m", "ray.scripts.scripts"]
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
    # In processes of their own, since Ray keeps the first token that it has read.
    own = {"env": {**os.environ, "RAY_TMPDIR": folder, "HOME": folder}}
    subprocess.run([*ray, "get-auth-token", "--generate"], check=True, capture_output=True, **own)
    options = ["--head", "--block", "--port=0", "--num-cpus=1", "--include-dashboard=false"]
    options += ["--node-ip-address=127.0.0.1", "--object-store-memory=80000000"]
    with subprocess.Popen(
        [*ray, "start", *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **own
    ) as head:
        try:
            wait_until(lambda: list(Path(folder).rglob("ray_current_cluster")))
            driver = subprocess.run(
                [sys.executable, "-c", DRIVER.replace("hang", "slow"), "auto", tmp_path / "log"],
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
                **own,
            )
        finally:
            head.terminate()
            head.communicate(timeout=30)
            shutil.rmtree(folder, ignore_errors=True)
    assert driver.stdout.startswith("[TaskOutcome(index=0, result=('slow'"), driver.stderr
    (told,) = driver.stderr.splitlines()
    assert re.fullmatch(r"note: .* at \S+:\d+ \(nodes: 1, CPUs: 1, GPUs: 0\)\.", told)


@pytest.mark.parametrize(
    ("nodes", "cpus", "gpus", "expected"),
    [
        ([{"CPU": 2}, {"CPU": 3}], 1, 0, 5),
        ([{"CPU": 2}, {"CPU": 3}], 2, 0, 2),
        ([{"CPU": 16, "GPU": 1}, {"CPU": 16}], 1, 0.1, 10),
        ([{"CPU": 4, "GPU": 1}], 1, 0.1, 4),
        ([{"memory": 1}], 1, 0, 1),
    ],
)
def test_as_many_tasks_are_under_way_as_the_nodes_have_room_for(nodes, cpus, gpus, expected):
    class Ray:
        @staticmethod
        def nodes():
            dead = {"Alive": False, "Resources": {"CPU": 64, "GPU": 64}}
            return [dead, *({"Alive": True, "Resources": node} for node in nodes)]

    assert ray_connection.tasks_at_once(Ray, cpus, gpus) == expected


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:1", "no Ray cluster answers at 127.0.0.1:1: .*refused"),
        ("nosuch.invalid:6379", "no Ray cluster answers at nosuch.invalid:6379"),
        ("ray://head:10001", "expected auto, local or HOST:PORT"),
        ("head", "expected auto, local or HOST:PORT"),
        ("head:99999", "expected auto, local or HOST:PORT"),
    ],
)
def test_a_useless_address_is_refused_at_once(address, says):
    started = time.monotonic()
    with pytest.raises(ClusterError, match=says):
        list(run_cluster_tasks(act, [(0, 1)], address=address, shared=None, software=software))
    assert time.monotonic() - started < 20


def test_without_ray_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingResourceError, match=r"constraints.txt -e '.\[cluster\]'"):
        list(run_cluster_tasks(act, [(0, 1)], address="auto", shared=None, software=software))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"workers": 0}, "workers must be 1 or more"),
        ({"retries": -1}, "retries must be 0 or more"),
        ({"timeout": 0}, "timeout must be a positive number"),
        ({"cpus_per_task": 0}, "cpus_per_task must be a fraction"),
        ({"gpus_per_task": -0.5}, "gpus_per_task must be a fraction"),
        ({"gpus_per_task": 1.5}, "gpus_per_task must be a fraction"),
        ({"gpus_per_task": 1e-5}, "gpus_per_task must be a fraction"),
        ({"gpus_per_task": float("nan")}, "gpus_per_task must be a fraction"),
        ({"gpus_per_task": float("inf")}, "gpus_per_task must be a fraction"),
    ],
)
def test_numbers_out_of_range_are_refused(options, says):
    with pytest.raises(InvalidInputError, match=says):
        list(
            run_cluster_tasks(
                act, [(0, 1)], address="auto", shared=None, software=software, **options
            )
        )


def test_no_tasks_need_no_cluster():
    none = run_cluster_tasks(act, [], address="127.0.0.1:1", shared=None, software=software)
    assert list(none) == []
