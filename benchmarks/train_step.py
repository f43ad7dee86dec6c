"""What a training step costs: plain Keras, and ours with the presets `paper` and `fast`.

Each variant runs in a process of its own, one after the other, on the same clips of random
features: 10 x 192 x 192, flow and IDSF, batches of 32. Plain Keras is ``model.fit`` fed by a Python
generator from HDF5 (``plain_network.py``); ours is what a fold does. The first steps, which trace
and compile, are not counted; of several blocks of steps the cheapest counts.

TensorFlow switches oneDNN on by itself where the processor has AVX-512 VNNI and the like, and off
elsewhere; the table says what it did here. CPU-seconds are the figure to trust on a busy machine.
"Of peak" is arithmetic per CPU-second, divided by that of a large float32 matrix product in the
same process with the same threads.

Run: ``python benchmarks/train_step.py`` (about 6 minutes)
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from clip_files import SHAPES, write_random_clips
from provenance import describe_run

BATCH, CLIPS, CLASSES = 32, 64, 3
STEPS_PER_EPOCH = CLIPS // BATCH


@dataclass(frozen=True)
class Variant:
    """One line of the table."""

    title: str
    kind: str
    preset: str
    onednn: str | None
    threads: int | None
    epochs: int
    blocks: int


VARIANTS = {
    "plain-off": Variant("plain Keras, oneDNN off", "plain", "paper", "0", None, 1, 1),
    "plain-found": Variant("plain Keras, oneDNN as found", "plain", "paper", None, None, 2, 3),
    "plain-on": Variant("plain Keras, oneDNN on", "plain", "paper", "1", None, 2, 3),
    "paper": Variant("astsvm paper", "ours", "paper", None, None, 4, 4),
    "fast": Variant("astsvm fast", "ours", "fast", None, None, 4, 4),
    "plain-on-1": Variant("plain Keras, oneDNN on, 1 thread", "plain", "paper", "1", 1, 2, 2),
    "paper-1": Variant("astsvm paper, 1 thread", "ours", "paper", None, 1, 4, 4),
    "fast-1": Variant("astsvm fast, 1 thread", "ours", "fast", None, 1, 4, 4),
}


@dataclass(frozen=True)
class Measurement:
    """What one variant took, per step."""

    cpu_seconds: float
    wall_seconds: float
    gflop: float
    peak_gflop_per_cpu_second: float
    memory_mb: float
    parameters: int

    @property
    def of_peak(self) -> float:
        """Fraction of the matrix product's arithmetic per CPU-second."""
        return self.gflop / self.cpu_seconds / self.peak_gflop_per_cpu_second


def cpu_seconds() -> float:
    """Return the processor time of this process, all its threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def cheapest(work: Callable[[], object], count: int) -> tuple[float, float]:
    """Return the least CPU-seconds and the least seconds of several calls."""
    taken = []
    for _ in range(count):
        cpu, wall = cpu_seconds(), time.perf_counter()
        work()
        taken.append((cpu_seconds() - cpu, time.perf_counter() - wall))
    cpus, walls = zip(*taken, strict=True)
    return min(cpus), min(walls)


def measure(variant: Variant, path: Path) -> Measurement:
    """Measure one variant in this process."""
    from astsvm.config import Settings

    settings = Settings.from_preset(variant.preset)
    trainer = _plain(settings, path) if variant.kind == "plain" else _ours(settings, path)
    trainer(1)
    short = cheapest(lambda: trainer(1), variant.blocks)
    long = cheapest(lambda: trainer(1 + variant.epochs), variant.blocks)
    memory = _peak_memory_mb()
    steps = variant.epochs * STEPS_PER_EPOCH
    cpu, wall = ((more - less) / steps for less, more in zip(short, long, strict=True))
    gflop, parameters = _size(settings)
    return Measurement(cpu, wall, gflop, _matrix_product(), memory, parameters)


def _plain(settings: Any, path: Path) -> Callable[[int], object]:
    import keras
    from plain_network import build_plain_network, clip_generator

    from astsvm import open_clips

    with open_clips(path) as clips:
        labels = np.array([record.label for record in clips.records])
    model = build_plain_network(SHAPES, CLASSES, settings.network)
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy())
    batches = clip_generator(path, np.unique(labels, return_inverse=True)[1], BATCH, seed=1)
    return lambda epochs: model.fit(
        batches, epochs=epochs, steps_per_epoch=STEPS_PER_EPOCH, verbose=0
    )


def _ours(settings: Any, path: Path) -> Callable[[int], object]:
    from astsvm import open_clips
    from astsvm.evaluation.fold import FoldTask
    from astsvm.network.start import start_tensorflow

    start_tensorflow()
    from astsvm.evaluation.fold_network import FoldNetwork

    clips = open_clips(path)
    labels = np.unique([record.label for record in clips.records], return_inverse=True)[1]

    def train(epochs: int) -> object:
        training = settings.training.replace(epochs=epochs, batch_size=BATCH)
        task = FoldTask(
            clips,
            settings.replace(training=training),
            CLASSES,
            seed=1,
            subject="random/s00",
            train_indices=np.arange(CLIPS),
            train_labels=labels,
            test_indices=np.arange(1),
            test_clips=(),
        )
        return FoldNetwork(task, (1, 2)).train(labels, None)

    return train


def _size(settings: Any) -> tuple[float, int]:
    """Return 10^9 operations of a step, and the number of parameters."""
    from plain_network import build_plain_network, training_gflop

    model = build_plain_network(SHAPES, CLASSES, settings.network)
    return BATCH * training_gflop(model), model.count_params()


def _matrix_product() -> float:
    """Return 10^9 operations per CPU-second of a 4096 x 4096 float32 matrix product."""
    import tensorflow as tf

    side = 4096
    matrix = tf.random.normal((side, side))
    cpu, _ = cheapest(lambda: tf.linalg.matmul(matrix, matrix).numpy(), 6)
    return 2 * side**3 / 1e9 / cpu


def _peak_memory_mb() -> float:
    # Not ru_maxrss, which a process inherits from the one that started it.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status has no VmHWM; this benchmark needs Linux.")


def run_variant(name: str, path: Path) -> dict[str, Any]:
    """Measure a variant in a fresh process; tell also whether oneDNN was on there."""
    variant = VARIANTS[name]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "OMP_"))}
    if variant.onednn is not None:
        environment["TF_ENABLE_ONEDNN_OPTS"] = variant.onednn
    if variant.threads is not None:
        for pool in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
            environment[pool] = str(variant.threads)
    command = [sys.executable, __file__, "--measure", name, "--clips", str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout))


def show(found: dict[str, dict[str, Any]]) -> None:
    """Print the table, and the ratios that are aimed at."""
    print(
        f"{'':34} {'CPU s':>7} {'wall s':>7} {'GFLOP':>6} {'of peak':>8} {'MB':>6} {'weights':>8}"
    )
    for name, values in found.items():
        one = Measurement(**values)
        print(
            f"{VARIANTS[name].title:34} {one.cpu_seconds:7.3f} {one.wall_seconds:7.3f} "
            f"{one.gflop:6.1f} {one.of_peak:8.1%} {one.memory_mb:6.0f} {one.parameters:8d}"
        )
    print("\nTimes faster, by CPU-seconds (by wall time), both with all cores")
    for ours in ("paper", "fast"):
        for plain in ("plain-on", "plain-found", "plain-off"):
            if ours in found and plain in found:
                slow, quick = (Measurement(**found[name]) for name in (plain, ours))
                print(
                    f"  {ours:6} against {VARIANTS[plain].title:29} "
                    f"{slow.cpu_seconds / quick.cpu_seconds:6.1f} "
                    f"({slow.wall_seconds / quick.wall_seconds:.1f})"
                )


def main() -> None:
    """Measure every variant and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--measure", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--clips", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(asdict(measure(VARIANTS[arguments.measure], arguments.clips))))
        return
    run = describe_run()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clips.h5"
        write_random_clips(path, CLIPS, subjects=8)
        found = {name: run_variant(name, path) for name in arguments.only}
    show(found)
    print("\n" + "\n".join(f"{key}: {value}" for key, value in run.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps({"run": run, "per step": found}, indent=1))


if __name__ == "__main__":
    main()
