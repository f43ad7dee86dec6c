"""Clip files of random features, for the benchmarks: real format, no faces, no meaning."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from astsvm.clip import Clip
from astsvm.config import PreprocessingSettings
from astsvm.datasets import Dataset
from astsvm.storage.writer import PartsFolder, ProcessedClip

SHAPES = {"flow": (10, 192, 192, 2), "idsf": (10, 192, 192, 1)}
LABELS = ("negative", "positive", "surprise")


def write_random_clips(path: Path, clips: int, subjects: int, seed: int = 0) -> None:
    """Write a clip file of normal noise through the writer that `astsvm preprocess` uses.

    Subject i has clips i, i + `subjects`, ...; the label goes through the three classes.
    """
    root = path.parent / "no_source"
    records = tuple(
        Clip(
            "random", f"s{i % subjects:02d}", f"c{i:03d}", LABELS[i // subjects % 3], root / f"{i}"
        )
        for i in range(clips)
    )
    ordered = tuple(sorted(records, key=lambda clip: clip.key))
    dataset = Dataset("folder", root, ordered, (), synthetic=True)
    with PartsFolder.open(path, dataset, PreprocessingSettings()) as parts:
        for index, clip in enumerate(ordered):
            generator = np.random.default_rng([seed, index])
            streams = {
                name: generator.standard_normal(shape, dtype=np.float32)
                for name, shape in SHAPES.items()
            }
            parts.store(index, ProcessedClip(clip=clip, streams=streams))
        parts.assemble()
