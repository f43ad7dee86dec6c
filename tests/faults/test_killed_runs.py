"""A run killed at any point, driver or worker, and resumed gives the bytes of one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from astsvm.config import NetworkSettings, Settings, TrainingSettings
from astsvm.evaluation.loso import run_loso

SUBJECTS = tuple(("smic", f"s{number}") for number in range(5))
SETTINGS = Settings(
    preset="tiny",
    network=NetworkSettings(streams=("flow",), attention="none", modules=("2d",), filters=(2, 2)),
    training=TrainingSettings(epochs=40, batch_size=4, learning_rate=0.01),
)
RESULTS = ("predictions.csv", "metrics.json", "megc_log.txt", "megc_log_seed2.txt", "config.json")
KILLS = 10
LONGEST_WAIT = 8.0
PROGRAM = "import sys; from astsvm.cli import main; main(sys.argv[1:])"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, clip_writer):
    """Run two seeds on five subjects without a disturbance."""
    folder = tmp_path_factory.mktemp("undisturbed")
    clips = clip_writer(folder, "clips", SUBJECTS)
    (folder / "settings.json").write_text(SETTINGS.to_json())
    run_loso(clips, SETTINGS, folder / "run", seeds=2, workers=2)
    return folder


def begin(folder: Path, run: Path, workers: int) -> subprocess.Popen:
    command = ["train", folder / "clips.h5", "--loso", "--settings", folder / "settings.json"]
    command += ["--seeds", 2, "--workers", workers, "-o", run, "--resume", "--quiet"]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def children(process: int) -> list[int]:
    try:
        return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_worker(process: int) -> bool:
    """Tell a worker from the process that only watches over shared resources."""
    try:
        return b"resource_tracker" not in Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def damage_a_fold(run: Path, generator: np.random.Generator) -> None:
    """Cut a fold file or flip one of its bits."""
    files = sorted((run / "folds").rglob("*.npz"))
    file = files[generator.integers(len(files))]
    content = bytearray(file.read_bytes())
    place = int(generator.integers(len(content)))
    if generator.random() < 0.5:
        content = content[:place]
    else:
        content[place] ^= 1 << int(generator.integers(8))
    file.write_bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ten_kills_at_random_points_change_no_byte(undisturbed, tmp_path, workers):
    generator = np.random.default_rng(workers)
    run = tmp_path / "run"
    killed = {"driver": 0, "worker": 0}
    driver = begin(undisturbed, run, workers)
    while sum(killed.values()) < KILLS:
        time.sleep(generator.uniform(0, LONGEST_WAIT))
        if driver.poll() is not None:
            # It was through; what it left is damaged, so that there is something to do again.
            assert driver.returncode in (0, 3)
            damage_a_fold(run, generator)
            driver = begin(undisturbed, run, workers)
            continue
        victims = [process for process in children(driver.pid) if is_worker(process)]
        if victims and generator.random() < 0.5:
            os.kill(victims[generator.integers(len(victims))], signal.SIGKILL)
            killed["worker"] += 1
        else:
            driver.kill()
            driver.wait()
            killed["driver"] += 1
            driver = begin(undisturbed, run, workers)
    assert min(killed.values()) > 0
    # A fold whose worker was killed three times is left out; the next run computes it.
    while (code := driver.wait(timeout=900)) == 3:
        driver = begin(undisturbed, run, workers)
    assert code == 0
    for name in RESULTS:
        assert (run / name).read_bytes() == (undisturbed / "run" / name).read_bytes(), name
    assert not list(run.rglob("*lock*"))
