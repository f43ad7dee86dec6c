"""Whether exported models say what the package says, and how fast: on SYNTHETIC clips.

Subjects that no shipped model has seen are drawn and preprocessed. Their aligned frames go through
the package (`Recognizer.predict_aligned`) and through the SavedModel, as bytes and as floats;
their features through the package, the SavedModel and the ONNX file. Told are the classes that
differ, and how far the scores are apart.

Then 64 of them are timed on one core, one at a time and by 16: clips a CPU-second, the best of
three passes. On a quiet core that is clips a second. Beside other processes it is less, by up to
half: they share caches and memory.

Run: ``python benchmarks/export_parity.py WORK_FOLDER`` (about 5 minutes on two cores; what is in
the folder already is used again; `--model` takes another model than the shipped one)
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from provenance import describe_run

import astsvm
from astsvm.datasets import load_dataset
from astsvm.datasets.synthetic import write_corpus
from astsvm.export import export_model
from astsvm.pipeline import preprocess_dataset
from astsvm.recognizer.shipped import default_model

SUBJECTS, CLIPS, DIFFICULTY, SEED, FRAME_SIZE = 34, 6, "medium", 2, (320, 240)
TIMED, PASSES, TOGETHER = 64, 3, 16
WARM_UP = 2

Arrays = dict[str, np.ndarray]
Ask = Callable[[Arrays], Arrays]


def aligned_frames(folder: Path, recognizer: astsvm.Recognizer, workers: int) -> np.ndarray:
    """Return clips (n, T, H, W) uint8 as the model takes them; drawn, unless that is done."""
    corpus = folder / "corpus"
    settings = recognizer.settings.preprocessing
    clips = folder / f"clips-{settings.size}-{settings.length}.h5"
    if not (corpus / "clips.csv").exists():
        write_corpus(
            corpus,
            subjects=SUBJECTS,
            clips=CLIPS,
            difficulty=DIFFICULTY,
            seed=SEED,
            size=FRAME_SIZE,
            workers=workers,
        )
    if not clips.exists():
        dataset = load_dataset("folder", corpus)
        preprocess_dataset(dataset, clips, settings, workers=workers, resume=True)
    with astsvm.open_clips(clips) as stored:
        return np.stack([stored.frames(index) for index in range(len(stored))])


def signature(loaded: Any, name: str) -> Ask:
    import tensorflow as tf

    function = loaded.signatures[name]

    def ask(inputs: Arrays) -> Arrays:
        found = function(**{key: tf.constant(values) for key, values in inputs.items()})
        return {key: value.numpy() for key, value in found.items()}

    return ask


def onnx_session(path: Path) -> Ask:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))


def packaged_frames(recognizer: astsvm.Recognizer) -> Ask:
    def ask(inputs: Arrays) -> Arrays:
        said = [recognizer.predict_aligned(clip, maps=False) for clip in inputs["frames"]]
        return {"scores": np.stack([one.scores for one in said])}

    return ask


def batches(inputs: Arrays, size: int) -> Iterator[Arrays]:
    count = len(next(iter(inputs.values())))
    for first in range(0, count, size):
        yield {name: values[first : first + size] for name, values in inputs.items()}


def scores_of(ask: Ask, inputs: Arrays) -> np.ndarray:
    return np.concatenate([ask(part)["scores"] for part in batches(inputs, TOGETHER)])


def clips_a_cpu_second(ask: Ask, inputs: Arrays, size: int) -> float:
    few = {name: values[:TIMED] for name, values in inputs.items()}
    for part in list(batches(few, size))[:WARM_UP]:
        ask(part)
    best = float("inf")
    for _ in range(PASSES):
        began = time.process_time()
        for part in batches(few, size):
            ask(part)
        best = min(best, time.process_time() - began)
    return len(next(iter(few.values()))) / best


def on_one_core() -> None:
    """Keep this process, and all threads that it will start, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="for the corpus, the clips and the exports")
    parser.add_argument("--model", type=Path, help="a model; by default the shipped one")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    for key, value in describe_run().items():
        print(f"{key}: {value}")
    recognizer = astsvm.Recognizer.load(arguments.model or default_model())
    frames = aligned_frames(arguments.folder, recognizer, arguments.workers)
    on_one_core()
    measure(recognizer, frames, arguments.folder / "exports")


def measure(recognizer: astsvm.Recognizer, frames: np.ndarray, folder: Path) -> None:
    """Export, compare, time and print."""
    import tensorflow as tf

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    began = time.process_time()
    served = export_model(recognizer, folder / "savedmodel", "savedmodel")
    print(f"written in {time.process_time() - began:.1f} CPU s")
    loaded = tf.saved_model.load(str(served))
    onnx = onnx_session(export_model(recognizer, folder / "onnx", "onnx") / "model.onnx")
    seen = [recognizer.predict_aligned(clip, maps=False) for clip in frames]
    streams = {name: np.stack([one.streams[name] for one in seen]) for name in recognizer.streams}
    bytes_, floats = {"frames": frames}, {"frames": frames * np.float32(1 / 255)}
    right = np.stack([one.scores for one in seen])
    kind = "SYNTHETIC" if recognizer.synthetic else "real"
    print(f"{len(frames)} SYNTHETIC clips {frames.shape[1:]}, model of {kind} clips")
    print("scores: standard deviation", np.round(right.std(axis=0), 3))
    rows: list[tuple[str, Ask, Arrays]] = [
        ("package, frames", packaged_frames(recognizer), bytes_),
        ("SavedModel, bytes", signature(loaded, "serving_default"), bytes_),
        ("SavedModel, floats", signature(loaded, "float_frames"), floats),
        ("package, features", lambda given: vars(recognizer.decide(given)), streams),
        ("SavedModel, features", signature(loaded, "features"), streams),
        ("ONNX, features", onnx, streams),
    ]
    print(f"{'':22}classes  largest and median difference  clips a CPU s, by 1 and by {TOGETHER}")
    for name, ask, inputs in rows:
        found = scores_of(ask, inputs)
        apart = np.abs(found - right).max(axis=1)
        other = int((found.argmax(axis=1) != right.argmax(axis=1)).sum())
        speeds = [clips_a_cpu_second(ask, inputs, size) for size in (1, TOGETHER)]
        print(
            f"{name:22}{other:7d}  {apart.max():.1e}  {np.median(apart):.1e}"
            f"{speeds[0]:21.1f}{speeds[1]:10.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
