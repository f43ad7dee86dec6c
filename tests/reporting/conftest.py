"""A finished run's folder, made of imaginary predictions."""

from __future__ import annotations

import numpy as np
import pytest

from astsvm.config import Settings
from astsvm.evaluation.predictions import HEADS, Prediction, PredictionTable
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.summary import MissingFold, summarise


@pytest.fixture
def finished_run(tmp_path):
    """Write a run's folder and return it; names, seeds and gaps as asked for."""

    def make(
        *,
        seeds: int = 1,
        synthetic: bool = False,
        class_names: tuple[str, ...] = ("negative", "positive", "surprise"),
        databases: tuple[str, ...] = ("casme2", "smic"),
        missing: tuple[MissingFold, ...] = (),
        other_than_settings: str = "",
    ) -> RunFolder:
        table = _predictions(seeds, class_names, databases)
        folder = RunFolder(tmp_path / "run")
        config = _config(table, seeds, synthetic)
        config["other_than_settings"] = other_than_settings
        folder.begin(config)
        metrics = summarise(table, missing) | {"protocol": "megc2019", "synthetic": synthetic}
        folder.write_results(table, metrics)
        return folder

    return make


def _predictions(
    seeds: int, class_names: tuple[str, ...], databases: tuple[str, ...]
) -> PredictionTable:
    generator = np.random.default_rng(0)
    classes = len(class_names)
    rows = []
    for database in databases:
        for number in range(48):
            truth = int(generator.choice(classes))
            for seed in range(1, seeds + 1):
                guesses = np.where(generator.random(2) < 0.7, truth, generator.integers(classes))
                predicted = dict(zip(HEADS, map(int, guesses), strict=True))
                scores = {head: tuple(np.eye(classes)[predicted[head]]) for head in HEADS}
                name = f"s{number % 8:02d}"
                rows.append(
                    Prediction(seed, database, name, f"c{number}", truth, predicted, scores)
                )
    return PredictionTable(rows, class_names)


def _config(table: PredictionTable, seeds: int, synthetic: bool) -> dict:
    settings = Settings.from_preset("fast")
    return {
        "method": "AST+SVMNet",
        "evaluation": "leave one subject out",
        "protocol": "megc2019",
        "class_names": list(table.class_names),
        "settings": settings.model_dump(mode="json"),
        "seeds": list(range(1, seeds + 1)),
        "threads_per_fold": 1,
        "data": {
            "digest": "0123456789abcdef" * 4,
            "streams": {"flow": [10, 192, 192, 2], "idsf": [10, 192, 192, 1]},
            "preprocessing": settings.preprocessing.model_dump(mode="json"),
            "left_out": {"casme2: label 'others' has no class in megc2019": 99},
            "skipped": ["row 7, clip EP01: no face in the onset frame"],
        },
        "subjects": dict.fromkeys(table.subjects, 6),
        "synthetic": synthetic,
        "versions": {"python": "3.11.2", "keras": "3.15.1"},
        "files": ["clips.h5"],
    }
