"""Which clips' attention maps a report shows: chosen by a rule, not by how they look.

Of the first seed, for every class: the clip that the network was most sure of and got right, and
the one that it was most sure of and got wrong. Sure means by its softmax, because the attention is
the network's and not the SVM's; of equally sure ones the first by key.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from astsvm.evaluation.predictions import Prediction, PredictionTable

__all__ = ["MOST_CLASSES", "AttentionExample", "choose_examples"]

MOST_CLASSES = 7
"""With more classes, those with most clips are shown."""

_HEAD = "softmax"


@dataclass(frozen=True)
class AttentionExample:
    """A clip to show.

    Parameters
    ----------
    seed : int
        Seed of the training.
    key : str
        Clip key ``database/subject/clip``.
    truth, predicted : int
        Its class, and what the network took it for.
    probability : float
        How sure the network was of that.
    """

    seed: int
    key: str
    truth: int
    predicted: int
    probability: float

    @property
    def is_right(self) -> bool:
        """Tell whether the network got it right."""
        return self.truth == self.predicted


def choose_examples(table: PredictionTable) -> list[AttentionExample]:
    """Choose at most one right and one wrong clip of every class, in the order of the classes.

    Parameters
    ----------
    table : PredictionTable
        Predictions of the run.
    """
    seed = table.seeds[0]
    rows = [row for row in table.rows if row.seed == seed]
    chosen = []
    for truth in _shown_classes(rows, len(table.class_names)):
        for is_right in (True, False):
            candidates = [
                example
                for row in rows
                if row.truth == truth and (example := _example(row)).is_right is is_right
            ]
            chosen += sorted(candidates, key=lambda e: (-e.probability, e.key))[:1]
    return chosen


def _shown_classes(rows: list[Prediction], classes: int) -> list[int]:
    counts = np.bincount([row.truth for row in rows], minlength=classes)
    most = sorted(range(classes), key=lambda number: (-counts[number], number))[:MOST_CLASSES]
    return sorted(most)


def _example(row: Prediction) -> AttentionExample:
    predicted = row.predicted[_HEAD]
    return AttentionExample(
        row.seed, row.key, row.truth, predicted, row.class_scores[_HEAD][predicted]
    )
