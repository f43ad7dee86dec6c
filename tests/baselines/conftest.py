"""Clip files of every kind that a baseline may be given, with known content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from astsvm.clip import Clip
from astsvm.config import PreprocessingSettings
from astsvm.datasets import Dataset
from astsvm.preprocessing.canonical_face import canonical_landmarks
from astsvm.storage import PartsFolder, ProcessedClip

CLASSES = ("negative", "positive", "surprise")
SIDE = 12


@pytest.fixture
def write_content(tmp_path):
    """Write a clip file whose clips hold what `content(index)` gives: arguments of ProcessedClip.

    Three subjects, each with three clips, one of every class.
    """

    def write(content, name="clips", settings=None, *, precomputed=False, subjects=3) -> Path:
        root = tmp_path / f"source-{name}"
        root.mkdir()
        clips = tuple(
            Clip("db", f"s{person}", f"c{number}", label, root / "video.avi")
            for person in range(subjects)
            for number, label in enumerate(CLASSES)
        )
        dataset = Dataset("folder", root, clips, precomputed_flow=precomputed, synthetic=True)
        chosen = settings or PreprocessingSettings(size=16, flow={"window": 9})
        with PartsFolder.open(tmp_path / f"{name}.h5", dataset, chosen) as parts:
            for index, clip in enumerate(clips):
                parts.store(index, ProcessedClip(clip, **content(index)))
            parts.assemble()
        return tmp_path / f"{name}.h5"

    return write


@pytest.fixture
def flow_images(write_content):
    """Write a file of flow images (1, 12, 12, 3): u is larger in one class, v in another."""

    def content(index):
        image = np.random.default_rng(index).normal(0, 0.1, (1, SIDE, SIDE, 3))
        label = index % 3
        if label < 2:
            image[0, 3:9, 3:9, label] += 1
        return {"streams": {"flow": image.astype(np.float32)}}

    return write_content(content, "flow28", precomputed=True)


@pytest.fixture
def faces(write_content):
    """Write a file of clips with frames, flow, differences, landmarks and transform."""

    def content(index):
        generator = np.random.default_rng(index)
        frames = generator.integers(40, 200, (5, SIDE, SIDE)).astype(np.uint8)
        grey = frames.astype(np.float32) / 255
        flow = generator.normal(0, 0.05, (4, SIDE, SIDE, 2)).astype(np.float32)
        flow[:3, ..., index % 2] += 0.5
        flow[3, ..., index % 2] -= 0.5
        return {
            "streams": {"flow": flow, "idsf": (grey[1:] - grey[0])[..., None]},
            "frames": frames,
            "landmarks": generator.uniform(0, 100, (68, 2)).astype(np.float32),
            "transform": np.array([[0.1, 0, 1], [0, 0.1, -2]]),
        }

    return write_content(content, "faces")


@pytest.fixture
def grey_levels():
    """Make noise of whole grey levels 0 to 255, (n, H, W), as integers."""

    def make(shape, seed=0):
        return np.random.default_rng(seed).integers(0, 256, shape)

    return make


@pytest.fixture
def chip_landmarks():
    """Make the 68 landmarks of a mean face on a chip of that side."""

    def make(size=96):
        return canonical_landmarks() * size / 2.75 + (size / 2 - 0.5, 0.3 * size - 0.5)

    return make


@pytest.fixture(scope="session")
def whole_clips(tmp_path_factory):
    """Write a file that offers everything: 11 faces of 64 pixels, flow, differences, landmarks.

    Four subjects, each with three clips; what moves in a class is planted in its flow.
    """
    side, steps = 64, 10
    places = canonical_landmarks() * side / 2.75 + (side / 2 - 0.5, 0.3 * side - 0.5)
    folder = tmp_path_factory.mktemp("whole")
    clips = tuple(
        Clip("db", f"s{person}", f"c{number}", label, folder / "video.avi")
        for person in range(4)
        for number, label in enumerate(CLASSES)
    )
    dataset = Dataset("folder", folder, clips, synthetic=True)
    settings = PreprocessingSettings(size=side)
    with PartsFolder.open(folder / "whole.h5", dataset, settings) as parts:
        for index, clip in enumerate(clips):
            generator = np.random.default_rng(index)
            frames = generator.integers(60, 190, (steps + 1, side, side)).astype(np.uint8)
            grey = frames.astype(np.float32) / 255
            flow = generator.normal(0, 0.02, (steps, side, side, 2)).astype(np.float32)
            rows = slice(8 + 16 * (index % 3), 24 + 16 * (index % 3))
            flow[:, rows, 16:48, index % 2] += 0.1
            content = {
                "streams": {"flow": flow, "idsf": (grey[1:] - grey[0])[..., None]},
                "frames": frames,
                "landmarks": places.astype(np.float32),
                "transform": np.eye(2, 3),
            }
            parts.store(index, ProcessedClip(clip, **content))
        parts.assemble()
    return folder / "whole.h5"
