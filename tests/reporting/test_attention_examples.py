"""The clips that are shown follow from the predictions alone."""

from __future__ import annotations

import numpy as np

from astsvm.evaluation.predictions import Prediction, PredictionTable
from astsvm.reporting.attention_examples import MOST_CLASSES, choose_examples


def row(clip: str, truth: int, softmax: tuple[float, ...], seed: int = 1) -> Prediction:
    scores = {"softmax": softmax, "svm": tuple(float(c == truth) for c in range(len(softmax)))}
    predicted = {head: int(np.argmax(values)) for head, values in scores.items()}
    return Prediction(seed, "smic", "s1", clip, truth, predicted, scores)


def chosen(*rows: Prediction, classes: int = 2) -> list[tuple[str, bool, float]]:
    table = PredictionTable(rows, [f"class {i}" for i in range(classes)])
    return [(e.key.rpartition("/")[2], e.is_right, e.probability) for e in choose_examples(table)]


def test_the_surest_right_and_the_surest_wrong_clip_of_every_class():
    assert chosen(
        row("a", 0, (0.7, 0.3)),
        row("b", 0, (0.9, 0.1)),
        row("c", 0, (0.2, 0.8)),
        row("d", 0, (0.4, 0.6)),
        row("e", 1, (0.1, 0.9)),
    ) == [("b", True, 0.9), ("c", False, 0.8), ("e", True, 0.9)]


def test_equally_sure_clips_are_told_apart_by_name_and_not_by_order():
    rows = [row(name, 0, (0.9, 0.1)) for name in "cab"]
    assert chosen(*rows) == chosen(*reversed(rows)) == [("a", True, 0.9)]


def test_only_the_first_seed_counts():
    rows = [row("a", 0, (0.6, 0.4), seed=2), row("b", 0, (0.9, 0.1), seed=3)]
    assert chosen(*rows) == [("a", True, 0.6)]


def test_of_many_classes_those_with_most_clips_are_shown():
    classes = MOST_CLASSES + 3
    rows = [
        row(f"{truth}-{number}", truth, tuple(np.eye(classes)[truth]))
        for truth in range(classes)
        for number in range(truth + 1)
    ]
    names = [name for name, _, _ in chosen(*rows, classes=classes)]
    assert names == [f"{truth}-0" for truth in range(3, classes)]
