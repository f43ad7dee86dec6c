"""What a training step costs: plain Keras, and ours with the presets `paper` and `fast`.

Each variant runs in a process of its own, one after the other, on the same clips of random
features: 10 x 192 x 192, flow and IDSF, batches of 32. Plain Keras is ``model.fit`` fed by a Python
generator from HDF5 (``plain_network.py``); ours is the network and the batches of a fold. The first
steps trace and compile; of the others, taken four at a time, the cheapest count.

TensorFlow switches oneDNN on by itself where the processor has AVX-512 VNNI and the like, and off
elsewhere; the table says what it did here. On a busy machine CPU-seconds are the figure to trust.
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from clip_files import SHAPES, write_random_clips
from provenance import describe_run

BATCH, CLIPS, CLASSES = 32, 64, 3
WARM_UP, WINDOW = 3, 4
ONEDNN_LINE = "oneDNN custom operations are on"


@dataclass(frozen=True)
class Variant:
    """One line of the table."""

    title: str
    preset: str
    plain: bool = False
    onednn: str | None = None
    threads: int | None = None
    windows: int = 4


VARIANTS = {
    "plain-off": Variant("plain Keras, oneDNN off", "paper", plain=True, onednn="0", windows=1),
    "plain-found": Variant("plain Keras, oneDNN as found", "paper", plain=True),
    "plain-on": Variant("plain Keras, oneDNN on", "paper", plain=True, onednn="1"),
    "paper": Variant("astsvm paper", "paper"),
    "fast": Variant("astsvm fast", "fast"),
    "plain-on-1": Variant("plain Keras, on, 1 thread", "paper", plain=True, onednn="1", threads=1),
    "paper-1": Variant("astsvm paper, 1 thread", "paper", threads=1),
    "fast-1": Variant("astsvm fast, 1 thread", "fast", threads=1),
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
    onednn: bool = True

    @property
    def of_peak(self) -> float:
        """Fraction of the matrix product's arithmetic per CPU-second."""
        return self.gflop / self.cpu_seconds / self.peak_gflop_per_cpu_second


def cpu_seconds() -> float:
    """Return the processor time of this process, all its threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(variant: Variant, path: Path) -> Measurement:
    """Measure one variant in this process."""
    import keras

    from astsvm.config import Settings

    settings = Settings.from_preset(variant.preset)
    window = 1 if variant.windows == 1 else WINDOW
    steps = WARM_UP + variant.windows * window
    times = [(cpu_seconds(), time.perf_counter())]

    class Clock(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            times.append((cpu_seconds(), time.perf_counter()))

    model, batches = (_plain if variant.plain else _ours)(settings, path, steps)
    model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=[Clock()])
    memory = _peak_memory_mb()
    marks = np.array(times[WARM_UP:])[::window]
    cpu, wall = np.diff(marks, axis=0).min(axis=0) / window
    gflop, parameters = _size(settings)
    return Measurement(cpu, wall, gflop, _matrix_product(), memory, parameters)


def _plain(settings: Any, path: Path, steps: int) -> tuple[Any, Any]:
    import keras
    from plain_network import build_plain_network, clip_generator

    model = build_plain_network(SHAPES, CLASSES, settings.network)
    # As one finds it: Keras itself decides whether to compile through XLA.
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy())
    return model, clip_generator(path, np.arange(CLIPS) % CLASSES, BATCH, seed=1)


def _ours(settings: Any, path: Path, steps: int) -> tuple[Any, Any]:
    from astsvm import open_clips
    from astsvm.network.start import start_tensorflow

    start_tensorflow()
    from astsvm.evaluation.fold_network import compiled_network
    from astsvm.network.input_pipeline import training_batches

    model, _ = compiled_network(
        settings.network.to_json(),
        tuple(SHAPES.items()),
        CLASSES,
        settings.training.learning_rate,
    )
    batches = training_batches(
        open_clips(path),
        tuple(SHAPES),
        np.arange(CLIPS),
        np.arange(CLIPS) % CLASSES,
        batch_size=BATCH,
        epochs=steps,
        shuffle_seed=(1,),
    )
    return model, batches


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
    taken = []
    for _ in range(6):
        began = cpu_seconds()
        tf.linalg.matmul(matrix, matrix).numpy()
        taken.append(cpu_seconds() - began)
    return 2 * side**3 / 1e9 / min(taken)


def _peak_memory_mb() -> float:
    # Not ru_maxrss, which a process inherits from the one that started it.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status has no VmHWM; this benchmark needs Linux.")


def run_variant(name: str, path: Path) -> dict[str, Any]:
    """Measure a variant in a fresh process; plain Keras tells also whether oneDNN was on there."""
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
    found = dict(json.loads(done.stdout))
    return found | {"onednn": ONEDNN_LINE in done.stderr} if variant.plain else found


def show(found: dict[str, dict[str, Any]]) -> None:
    """Print the table, and the ratios that are aimed at."""
    print(
        f"{'':30} {'CPU s':>7} {'wall s':>7} {'GFLOP':>6} {'of peak':>8} {'MB':>6} {'weights':>8} "
        f"{'oneDNN':>6}"
    )
    for name, values in found.items():
        one = Measurement(**values)
        print(
            f"{VARIANTS[name].title:30} {one.cpu_seconds:7.3f} {one.wall_seconds:7.3f} "
            f"{one.gflop:6.1f} {one.of_peak:8.1%} {one.memory_mb:6.0f} {one.parameters:8d} "
            f"{'on' if one.onednn else 'off':>6}"
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
