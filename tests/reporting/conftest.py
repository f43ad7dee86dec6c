"""A finished run's folder, made of imaginary folds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from astsvm.config import Settings
from astsvm.evaluation.fold import FoldResult
from astsvm.evaluation.predictions import join_predictions
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.summary import MissingFold, summarise

EPOCHS = 5


@pytest.fixture
def finished_run(tmp_path):
    """Write a run's folder and return it; names, seeds, sizes and gaps as asked for.

    `people` gives subjects and clips of every database; without it each has 8 and 48. `missing`
    folds are not written. `grid` is the side of the maps, `chance` how often an answer is
    right, `inner` lets every fold choose its epochs. `config` and `metrics` replace keys.
    """

    def make(
        *,
        name: str = "run",
        seeds: int = 1,
        class_names: tuple[str, ...] = ("negative", "positive", "surprise"),
        databases: tuple[str, ...] = ("casme2", "smic"),
        people: dict[str, tuple[int, int]] | None = None,
        subject_name: str = "s{:02d}",
        clip_name: str = "c{}",
        missing: tuple[MissingFold, ...] = (),
        synthetic: bool = False,
        grid: int = 4,
        chance: float | None = None,
        attention: bool = True,
        inner: bool = False,
        config: dict | None = None,
        metrics: dict | None = None,
    ) -> RunFolder:
        people = people or dict.fromkeys(databases, (8, 48))
        truth = _truth(people, subject_name, clip_name, len(class_names))
        subjects: dict[str, int] = {}
        for key in truth:
            subject = key.rpartition("/")[0]
            subjects[subject] = subjects.get(subject, 0) + 1
        folder = RunFolder(tmp_path / name)
        content = _config(class_names, seeds, synthetic, subjects) | (config or {})
        folder.begin(content)
        content = folder.config()
        absent = {(fold.seed, fold.subject) for fold in missing}
        results = []
        for seed in range(1, seeds + 1):
            for subject in subjects:
                if (seed, subject) not in absent:
                    keys = [key for key in truth if key.rpartition("/")[0] == subject]
                    fold = _fold(seed, subject, keys, truth, len(class_names), grid, chance)
                    if not attention:
                        fold = replace(fold, attention={})
                    if inner:
                        chosen = {"epochs": 3 + seed, "svm_c": 1.0, "gamma_factor": 0.25}
                        fold = replace(fold, chosen=chosen)
                    results.append(fold)
                    folder.save_fold(results[-1], content)
        table = join_predictions(results, truth, class_names)
        told = summarise(table, missing) | {"protocol": "megc2019", "synthetic": synthetic}
        folder.write_results(table, told | (metrics or {}), chosen=results)
        return folder

    return make


def _truth(
    people: dict[str, tuple[int, int]], subject_name: str, clip_name: str, classes: int
) -> dict[str, int]:
    """Deal clips out to the subjects of every database, unevenly, with a class each."""
    generator = np.random.default_rng(3)
    truth = {}
    for database, (subjects, clips) in people.items():
        owners = np.arange(clips) % subjects
        extra = generator.integers(subjects, size=clips)
        owners[subjects:] = np.minimum(owners, extra)[subjects:]
        for number, owner in enumerate(owners):
            subject = subject_name.format(owner + 1)
            truth[f"{database}/{subject}/{clip_name.format(number)}"] = int(
                generator.integers(classes)
            )
    return truth


def _fold(
    seed: int,
    subject: str,
    keys: list[str],
    truth: dict[str, int],
    classes: int,
    grid: int,
    chance: float | None,
) -> FoldResult:
    generator = np.random.default_rng([seed, *subject.encode()])
    labels = np.array([truth[key] for key in keys])
    # Some people are read better than others, whatever the seed.
    if chance is None:
        chance = 0.4 + 0.6 * np.random.default_rng([*subject.encode()]).random()
    guesses = np.where(generator.random(len(keys)) < chance, labels, (labels + 1) % classes)
    scores = np.eye(classes)[guesses] + generator.random((len(keys), classes)) * 0.6
    column, row = np.meshgrid(np.linspace(-1, 1, grid), np.linspace(-1, 1, grid))
    blobs = np.stack(
        [
            np.exp(-(((column - x) ** 2 + (row - y) ** 2) * 6))
            for x, y in generator.random((len(keys), 2))
        ]
    )
    streams = ("flow", "idsf")
    attention = {name: (0.8 + 0.5 * blobs).astype(np.float16) for name in streams}
    frames = generator.uniform(0.7, 1.3, (len(keys), 10)).astype(np.float16)
    return FoldResult(
        seed=seed,
        subject=subject,
        clips=tuple(keys),
        probabilities=(scores / scores.sum(axis=1, keepdims=True)).astype(np.float32),
        svm_scores=scores + generator.random((len(keys), classes)),
        losses=1.2 * np.exp(-np.arange(EPOCHS) / 2) + generator.random(EPOCHS) * 0.1,
        chosen={},
        epoch_probabilities=np.empty((0, len(keys), classes), np.float32),
        epoch_svm_scores=np.empty((0, len(keys), classes)),
        scaler_mean=np.zeros(2),
        scaler_scale=np.ones(2),
        network_sha256="0" * 64,
        svm_sha256="0" * 64,
        seconds=1.0,
        attention=attention | {f"{name}_frames": frames for name in streams},
        motion={name: blobs.astype(np.float16) for name in streams},
    )


def _config(
    class_names: tuple[str, ...], seeds: int, synthetic: bool, subjects: dict[str, int]
) -> dict:
    settings = Settings.from_preset("fast")
    return {
        "method": "AST+SVMNet",
        "evaluation": "leave one subject out",
        "protocol": "megc2019",
        "class_names": list(class_names),
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
        "subjects": subjects,
        "synthetic": synthetic,
        "versions": {"python": "3.11.2", "keras": "3.15.1"},
        "files": ["clips.h5"],
    }
