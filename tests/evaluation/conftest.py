"""Tiny clips for the folds, and predictions of an imaginary run for what happens after them."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from astsvm.config import NetworkSettings, Settings, TrainingSettings
from astsvm.evaluation.fold import FoldResult
from astsvm.evaluation.predictions import HEADS, Prediction, PredictionTable

CLASSES = ("negative", "positive", "surprise")


@pytest.fixture
def make_result():
    """Make the result of a fold from random numbers."""

    def make(seed: int = 1, subject: str = "smic/s1", clips: int = 3, draw: int = 0) -> FoldResult:
        generator = np.random.default_rng(draw)
        return FoldResult(
            seed=seed,
            subject=subject,
            clips=tuple(f"{subject}/c{i}" for i in range(clips)),
            probabilities=generator.dirichlet(np.ones(3), clips).astype(np.float32),
            svm_scores=generator.normal(size=(clips, 3)),
            losses=generator.random(4),
            chosen={},
            epoch_probabilities=np.empty((0, clips, 3), np.float32),
            epoch_svm_scores=np.empty((0, clips, 3)),
            scaler_mean=generator.random(5),
            scaler_scale=generator.random(5),
            network_sha256="a" * 64,
            svm_sha256="b" * 64,
            seconds=1.5,
            attention={
                "flow": generator.random((clips, 4, 5)).astype(np.float16),
                "flow_frames": generator.random((clips, 2)).astype(np.float16),
            },
            motion={"flow": generator.random((clips, 4, 5)).astype(np.float16)},
        )

    return make


@pytest.fixture
def make_table():
    """Make a table of predictions: databases of some subjects, right with a given chance."""

    def make(seeds: int = 1, chance: float = 0.7, draw: int = 0) -> PredictionTable:
        generator = np.random.default_rng(draw)
        rows = []
        for database, people in (("casme2", 4), ("smic", 3)):
            for person in range(people):
                for clip in range(6):
                    truth = (person + clip) % 3
                    for seed in range(1, seeds + 1):
                        right = generator.random(2) < chance
                        predicted = [truth if ok else (truth + 1) % 3 for ok in right]
                        scores = {
                            head: tuple(float(c == label) * 0.5 + 0.1 for c in range(3))
                            for head, label in zip(HEADS, predicted, strict=True)
                        }
                        rows.append(
                            Prediction(
                                seed,
                                database,
                                f"s{person}",
                                f"c{clip}",
                                truth,
                                dict(zip(HEADS, predicted, strict=True)),
                                scores,
                            )
                        )
        return PredictionTable(rows, CLASSES)

    return make


# Tracing and compiling the network is most of what a process takes: half of its layers will do.
TINY = Settings(
    preset="tiny",
    network=NetworkSettings(streams=("flow",), attention="cam", modules=("2d",), filters=(2, 2)),
    training=TrainingSettings(epochs=2, batch_size=4, learning_rate=0.01, class_weight="balanced"),
)


@pytest.fixture(scope="session")
def tiny_settings():
    """Give settings whose folds take a fraction of a second."""
    return TINY


@pytest.fixture(scope="session")
def every_layer_settings():
    """Give tiny settings with every kind of layer there is."""
    network = NetworkSettings(streams=("flow",), filters=(2, 2), kernels="factorised")
    return TINY.replace(network=network)


@pytest.fixture
def write_clips(tmp_path, clip_writer):
    """Write a clip file of this test, see `clip_writer`."""
    return partial(clip_writer, tmp_path)
