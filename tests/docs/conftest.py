"""A clip file and a run as small as can be, and the code that draws pages of the documentation."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from astsvm.clip import Clip
from astsvm.config import PreprocessingSettings, Settings
from astsvm.datasets import Dataset, Problem
from astsvm.evaluation.fold import FoldResult
from astsvm.evaluation.leak_meter import oracle_predictions
from astsvm.evaluation.predictions import join_predictions
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.run_plan import plan_run
from astsvm.evaluation.summary import run_metrics
from astsvm.storage import PartsFolder, ProcessedClip, open_clips

CLASSES = ("negative", "positive", "surprise")
SITE = Path(__file__).parents[2] / "docs" / "site"


@pytest.fixture(scope="session")
def site_module():
    """Import a module of docs/site by its name."""

    def load(name: str):
        sys.path.insert(0, str(SITE))
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(str(SITE))

    return load


@pytest.fixture(scope="session")
def documented_files(tmp_path_factory, make_bundle, small_settings, long_take):
    """Write what the pages' examples read: clips, a run, a model, a short and a long video."""
    folder = tmp_path_factory.mktemp("documented")
    _write_clips(folder)
    with open_clips(folder / "clips.h5") as clips:
        _write_run(clips, folder / "run")
    make_bundle(small_settings).write(folder / "my.astsvm")
    _write_video(folder / "clip.mp4", long_take.frames[:50], 100)
    _write_video(folder / "long.mp4", long_take.frames, long_take.fps)
    return folder


def _write_video(path: Path, frames: np.ndarray, fps: float) -> None:
    import cv2

    height, width = frames.shape[1:]
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    video = cv2.VideoWriter(str(path), codec, fps, (width, height), isColor=False)
    for frame in frames:
        video.write(frame)
    video.release()


def _write_clips(folder: Path) -> None:
    generator = np.random.default_rng(5)
    clips = tuple(
        Clip(
            "folder",
            f"s{person}",
            f"c{number}",
            CLASSES[number % 3],
            folder / "video.avi",
            onset=2,
            apex=5,
            offset=9,
            fps=100.0,
            objective_class="IV",
            notes=("a note, with Ä",),
        )
        for person in range(1, 4)
        for number in range(3)
    )
    dataset = Dataset("folder", folder, clips, synthetic=True)
    with PartsFolder.open(folder / "clips.h5", dataset, PreprocessingSettings()) as parts:
        for index, clip in enumerate(clips):
            streams = {
                "flow": generator.normal(size=(4, 32, 32, 2)),
                "idsf": generator.normal(size=(4, 32, 32, 1)),
            }
            frames = generator.integers(0, 255, (5, 32, 32)).astype(np.uint8)
            landmarks, transform = generator.random((68, 2)) * 32, np.eye(2, 3)
            drawn = ProcessedClip(
                clip, streams, frames, landmarks, transform, source_sha256="c" * 64
            )
            parts.store(index, drawn)
        parts.assemble([Problem(folder / "clips.csv", 11, "folder/s4/c0", "no face found")])


def _write_run(clips, path: Path) -> None:
    """Write a run whose folds were drawn instead of trained; all else is as `run_loso` does it."""
    plan = plan_run(clips, Settings.from_preset("demo"), "megc2019", 2, oracle_epoch=True)
    folder = RunFolder(path)
    folder.begin(plan.config)
    results = [_drawn(task.seed, task.subject, task.test_clips) for task in plan.tasks]
    for result in results:
        folder.save_fold(result, plan.config)
    table = join_predictions(results, plan.truth, plan.class_names)
    leaked = oracle_predictions(results, plan.truth, plan.class_names)
    metrics = run_metrics(plan.config, table, [], leaked)
    folder.write_results(table, metrics, leaked=leaked, chosen=results)
    folder.close()


def _drawn(seed: int, subject: str, clips: tuple[str, ...]) -> FoldResult:
    generator = np.random.default_rng([seed, len(subject)])
    count = len(clips)
    maps = {
        "flow": generator.random((count, 4, 4)).astype(np.float16),
        "flow_frames": generator.random((count, 4)).astype(np.float16),
    }
    return FoldResult(
        seed=seed,
        subject=subject,
        clips=clips,
        probabilities=generator.dirichlet(np.ones(3), count).astype(np.float32),
        svm_scores=generator.normal(size=(count, 3)),
        losses=generator.random(4),
        chosen={"epochs": 4, "svm_c": 1.0, "gamma_factor": 1.0},
        epoch_probabilities=generator.dirichlet(np.ones(3), (4, count)).astype(np.float32),
        epoch_svm_scores=generator.normal(size=(4, count, 3)),
        scaler_mean=generator.random(5),
        scaler_scale=generator.random(5),
        network_sha256="a" * 64,
        svm_sha256="b" * 64,
        seconds=1.5,
        attention=maps,
        motion={"flow": maps["flow"]},
    )
