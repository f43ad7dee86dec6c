"""Small clip files made through the writer, as a run makes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from astsvm.clip import Clip
from astsvm.config import PreprocessingSettings
from astsvm.datasets import Dataset, Problem
from astsvm.storage.writer import PartsFolder, ProcessedClip

STREAMS = {"flow": (2, 3, 4, 2), "idsf": (2, 3, 4, 1)}
SETTINGS = PreprocessingSettings(size=16, length=3)


class Maker:
    """Makes datasets, processed clips and clip files below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.root.mkdir()

    def clips(self, names: str = "abc", database: str = "db") -> tuple[Clip, ...]:
        return tuple(
            Clip(database, f"s{i % 2}", name, "xy"[i % 2], self.root / f"{name}.avi", row=i + 2)
            for i, name in enumerate(names)
        )

    def dataset(
        self, names: str = "abc", *, synthetic: bool = False, database: str = "db"
    ) -> Dataset:
        clips = sorted(self.clips(names, database), key=lambda c: (c.database, c.subject, c.clip))
        sheet = self.root / "clips.csv"
        return Dataset("folder", self.root, tuple(clips), (), synthetic, sheet=sheet)

    def processed(self, clip: Clip, **changes: object) -> ProcessedClip:
        generator = np.random.default_rng([ord(c) for c in clip.clip])
        values: dict[str, object] = {
            "streams": {
                name: generator.normal(size=shape).astype(np.float32)
                for name, shape in STREAMS.items()
            },
            "frames": generator.integers(0, 256, (3, 3, 4), dtype=np.uint8),
            "landmarks": generator.normal(size=(5, 2)).astype(np.float32),
            "transform": generator.normal(size=(2, 3)),
            "fps": 50.0,
        }
        return ProcessedClip(clip=clip, **(values | changes))  # type: ignore[arg-type]

    def start(self, dataset: Dataset, name: str = "clips.h5", **options: object) -> PartsFolder:
        settings = options.pop("settings", SETTINGS)
        return PartsFolder.open(self.folder / name, dataset, settings, **options)  # type: ignore[arg-type]

    def file(
        self,
        names: str = "abc",
        output: str = "clips.h5",
        *,
        settings: PreprocessingSettings = SETTINGS,
        synthetic: bool = False,
        database: str = "db",
        problems: tuple[Problem, ...] = (),
        **changes: object,
    ) -> Path:
        dataset = self.dataset(names, synthetic=synthetic, database=database)
        parts = self.start(dataset, output, settings=settings)
        for index, clip in enumerate(dataset.clips):
            parts.store(index, self.processed(clip, **changes))
        parts.assemble(problems)
        return self.folder / output


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


@pytest.fixture
def clip_file(maker: Maker) -> Path:
    return maker.file()


@pytest.fixture
def make_file(maker: Maker) -> Callable[..., Path]:
    return maker.file
