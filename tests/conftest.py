"""Clip files small enough to train on in a moment, for tests of several parts of the package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from astsvm.clip import Clip
from astsvm.config import PreprocessingSettings
from astsvm.datasets import Dataset
from astsvm.storage import PartsFolder, ProcessedClip

CLASSES = ("negative", "positive", "surprise")


@pytest.fixture(scope="session")
def clip_writer():
    """Write a clip file of tiny flow fields with a class in each; labels and pixels on demand.

    `subjects` lists (database, subject); each has three clips, one of every class, whose flow
    points a way of its own. `labels` and `draws` (seed of the pixels) change those of a clip by
    its key.
    """

    def write(
        folder: Path,
        name: str,
        subjects=(("smic", "s1"), ("smic", "s2"), ("samm", "s1")),
        labels: dict[str, str] | None = None,
        draws: dict[str, int] | None = None,
        synthetic: bool = False,
        streams: tuple[str, ...] = ("flow",),
        notes: tuple[str, ...] = (),
    ) -> Path:
        root = folder / f"source-{name}"
        root.mkdir()
        clips = sorted(
            (
                Clip(database, subject, f"c{number}", label, root / "video.avi", row=2)
                for database, subject in subjects
                for number, label in enumerate(CLASSES)
            ),
            key=lambda clip: (clip.database, clip.subject, clip.clip),
        )
        relabelled = [
            replace(c, label=(labels or {}).get(c.key, c.label), row=None, notes=notes)
            for c in clips
        ]
        dataset = Dataset("folder", root, tuple(relabelled), synthetic=synthetic)
        parts = PartsFolder.open(folder / f"{name}.h5", dataset, PreprocessingSettings())
        for index, clip in enumerate(clips):
            seed = (draws or {}).get(clip.key, index)
            flow = _flow(CLASSES.index(clip.label), seed)
            content = {"flow": flow, "idsf": flow[..., :1]}
            parts.store(
                index, ProcessedClip(relabelled[index], {name: content[name] for name in streams})
            )
        parts.assemble()
        return folder / f"{name}.h5"

    return write


def _flow(number: int, seed: int) -> np.ndarray:
    """Make a flow of shape (2, 16, 16, 2) that points the way of class `number`, with noise."""
    flow = np.random.default_rng([7, seed]).normal(0, 0.3, (2, 16, 16, 2))
    flow[:, 4 * number : 4 * number + 6, :, number % 2] += 1.5
    return flow.astype(np.float32)
