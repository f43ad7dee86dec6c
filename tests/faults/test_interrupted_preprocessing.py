"""Preprocessing that is killed, interrupted or gone on with elsewise gives the same bytes."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from astsvm.storage import open_clips

KILLS = 10
LONGEST_LIFE = 2.5


def workers_of(process):
    """Return the processes at work for a driver, without the one that watches over resources."""
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [
            int(child)
            for child in found
            if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return []


def flip_a_bit(file, generator):
    content = bytearray(file.read_bytes())
    content[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
    file.write_bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ten_kills_at_random_points_and_flipped_bits_change_no_byte(
    preprocessing, tmp_path, workers
):
    generator = np.random.default_rng(workers)
    output = tmp_path / "clips.h5"
    options = ["--resume", "--workers", workers]
    said = tmp_path / "said.txt"

    def begin():
        with said.open("w") as stderr:
            return preprocessing.begin(output, *options, stderr=stderr.fileno())

    killed = {"driver": 0, "worker": 0}
    deaths = 0  # of workers of this driver: a clip is given up when its process dies three times
    driver = begin()
    while sum(killed.values()) < KILLS:
        time.sleep(generator.uniform(0, LONGEST_LIFE))
        victims = workers_of(driver.pid)
        if driver.poll() is not None:
            assert driver.returncode == 0, said.read_text()
            assert output.read_bytes() == preprocessing.expected
            output.unlink()
        elif victims and deaths < 2 and generator.random() < 0.6:
            os.kill(victims[generator.integers(len(victims))], signal.SIGKILL)
            killed["worker"] += 1
            deaths += 1
            continue
        else:
            driver.kill()
            driver.wait()
            killed["driver"] += 1
            if parts := preprocessing.parts(output):
                flip_a_bit(parts[generator.integers(len(parts))], generator)
            elif output.exists():  # it was done, and only its process was still there
                assert output.read_bytes() == preprocessing.expected
                output.unlink()
        driver = begin()
        deaths = 0
    assert min(killed.values()) > 0
    assert driver.wait(timeout=300) == 0, said.read_text()
    assert output.read_bytes() == preprocessing.expected
    assert sorted(item.name for item in tmp_path.iterdir()) == ["clips.h5", "said.txt"]


def test_ctrl_c_is_130_and_says_how_to_go_on(preprocessing, tmp_path):
    output = tmp_path / "clips.h5"
    driver = preprocessing.begin(output, stderr=subprocess.PIPE)
    preprocessing.wait_until(lambda: preprocessing.parts(output))
    os.killpg(driver.pid, signal.SIGINT)  # as a terminal does it: to the workers as well
    said = driver.communicate(timeout=60)[1]
    assert driver.returncode == 130
    assert "--resume" in said
    assert "Traceback" not in said
    assert not output.exists()
    preprocessing.require_same_bytes(output)


# The driver is kept from ending in order, as by a worker that cannot be stopped.
STUBBORN = """
import time
from pebble import ProcessPool
ProcessPool.stop = lambda self: time.sleep(1000)
"""


def test_a_second_ctrl_c_stops_at_once(preprocessing, tmp_path):
    output = tmp_path / "clips.h5"
    driver = preprocessing.begin(output, before=STUBBORN)
    preprocessing.wait_until(lambda: preprocessing.parts(output))
    workers = workers_of(driver.pid)
    driver.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        driver.wait(timeout=0.5)
    driver.send_signal(signal.SIGINT)
    assert driver.wait(timeout=5) == 130
    assert workers
    gone = [Path(f"/proc/{worker}") for worker in workers]
    preprocessing.wait_until(lambda: not any(process.exists() for process in gone), 30)
    preprocessing.require_same_bytes(output)


# Python's own end is held up for a moment, as by a large heap.
SLOW_END = """
import atexit, pathlib, sys, time
@atexit.register
def linger():
    pathlib.Path(sys.argv[sys.argv.index("-o") + 1]).with_name("ending").touch()
    time.sleep(0.5)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_interrupt_while_the_program_ends_changes_nothing(preprocessing, tmp_path, number):
    output = tmp_path / "clips.h5"
    driver = preprocessing.begin(output, before=SLOW_END, stderr=subprocess.PIPE)
    preprocessing.wait_until(lambda: preprocessing.parts(output))
    driver.send_signal(number)
    preprocessing.wait_until((tmp_path / "ending").exists)
    while driver.poll() is None:
        driver.send_signal(number)
        time.sleep(0.01)
    said = driver.communicate(timeout=60)[1]
    assert driver.returncode == 130, said
    assert "Traceback" not in said
    assert "leaked" not in said


def test_a_second_run_into_one_output_is_told_whose_it_is(preprocessing, tmp_path):
    output = tmp_path / "clips.h5"
    with preprocessing.begin(output) as first:
        preprocessing.wait_until(lambda: preprocessing.parts(output))
        first.send_signal(signal.SIGSTOP)
        code, said = preprocessing.run(output, "--resume")
        first.send_signal(signal.SIGCONT)
        first.wait(timeout=60)
    assert code == 1
    assert f"process {first.pid} on {socket.gethostname()} is writing here now" in said
    assert said.count("\n") == 1
    assert first.returncode == 0
    assert output.read_bytes() == preprocessing.expected


def test_changed_source_files_are_refused_and_named(preprocessing, tmp_path):
    corpus, output = tmp_path / "corpus", tmp_path / "clips.h5"
    shutil.copytree(preprocessing.corpus, corpus)
    whole = preprocessing.of(corpus)
    with whole.begin(output) as driver:
        preprocessing.wait_until(lambda: preprocessing.parts(output))
        driver.kill()
    frame = preprocessing.frame(corpus, "s01_c01")
    content = frame.read_bytes()
    frame.write_bytes(content[:-20] + b"\0" * 20)
    code, said = whole.run(output, "--resume")
    assert code == 1
    assert "1 finished clip(s) have changed" in said
    assert "synthetic/s01/s01_c01" in said
    frame.unlink()
    assert whole.run(output, "--resume")[0] == 1
    frame.write_bytes(content)
    whole.require_same_bytes(output)


def test_every_clip_names_the_digest_of_its_source(preprocessing):
    with open_clips(preprocessing.undisturbed) as clips:
        for record in clips.records:
            folder = preprocessing.corpus / record.source
            names = sorted(path.name for path in folder.iterdir())[record.onset : record.offset + 1]
            # As whoever owns the frames would look it up.
            listing = subprocess.check_output(["sha256sum", *names], cwd=folder)
            told = subprocess.check_output(["sha256sum"], input=listing)
            assert told.split()[0].decode() == record.source_sha256
