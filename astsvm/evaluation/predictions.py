"""Every clip's truth and predictions, joined by clip and never by position."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from astsvm.errors import EvaluationError, StorageError

if TYPE_CHECKING:
    from astsvm.evaluation.fold import FoldResult

__all__ = ["HEADS", "Prediction", "PredictionTable", "join_predictions", "labels_of"]

HEADS = ("softmax", "svm")
"""The two classifiers of every fold: the network's own output, and the SVM on its features."""

_FIXED = ("seed", "database", "subject", "clip", "truth", *HEADS)


@dataclass(frozen=True)
class Prediction:
    """What one fold of one seed said about one clip.

    Parameters
    ----------
    seed : int
        Seed of the training.
    database, subject, clip : str
        Whose clip it is.
    truth : int
        True class.
    predicted : dict of str to int
        Predicted class by head, see :data:`HEADS`.
    class_scores : dict of str to tuple of float
        By head: softmax probabilities, and one-vs-rest decision values of the SVM.
    """

    seed: int
    database: str
    subject: str
    clip: str
    truth: int
    predicted: dict[str, int]
    class_scores: dict[str, tuple[float, ...]]

    @property
    def subject_key(self) -> str:
        """``database/subject``."""
        return f"{self.database}/{self.subject}"

    @property
    def key(self) -> str:
        """``database/subject/clip``."""
        return f"{self.database}/{self.subject}/{self.clip}"


class PredictionTable:
    """The rows of ``predictions.csv``, in the order of seed, database, subject and clip.

    Parameters
    ----------
    rows : iterable of Prediction
        In any order.
    class_names : sequence of str
        Name of every class.

    Raises
    ------
    EvaluationError
        If a clip of a seed comes twice, or has one truth under one seed and another under another.
    """

    def __init__(self, rows: Iterable[Prediction], class_names: Iterable[str]) -> None:
        self.class_names = tuple(class_names)
        self.rows = tuple(
            sorted(rows, key=lambda row: (row.seed, row.database, row.subject, row.clip))
        )
        self._check()

    def _check(self) -> None:
        seen: set[tuple[int, str]] = set()
        truths: dict[str, int] = {}
        for row in self.rows:
            if (row.seed, row.key) in seen:
                raise EvaluationError(f"clip {row.key} has two predictions of seed {row.seed}.")
            seen.add((row.seed, row.key))
            if truths.setdefault(row.key, row.truth) != row.truth:
                raise EvaluationError(f"clip {row.key} has two different truths.")

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of training, ascending."""
        return tuple(sorted({row.seed for row in self.rows}))

    @property
    def databases(self) -> tuple[str, ...]:
        """Names of the databases, sorted."""
        return tuple(sorted({row.database for row in self.rows}))

    @property
    def subjects(self) -> tuple[str, ...]:
        """Keys of the subjects, sorted."""
        return tuple(sorted({row.subject_key for row in self.rows}))

    def to_csv(self, marks: Iterable[str] = ()) -> str:
        """Write the table; equal tables give equal text on every machine.

        Parameters
        ----------
        marks : iterable of str
            What must not be overlooked; each gets a line above the table that begins with ``#``.
        """
        text = io.StringIO()
        text.writelines(f"# {mark}\n" for mark in marks)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_header(self.class_names))
        for row in self.rows:
            values = [value for head in HEADS for value in row.class_scores[head]]
            writer.writerow(
                [row.seed, row.database, row.subject, row.clip, row.truth]
                + [row.predicted[head] for head in HEADS]
                # Nine digits give back every float32 exactly.
                + [f"{value:.9g}" for value in values]
            )
        return text.getvalue()

    @classmethod
    def from_csv(cls, text: str, class_names: Iterable[str]) -> PredictionTable:
        """Read what :meth:`to_csv` wrote; marks above the table are passed over.

        Raises
        ------
        StorageError
            If the columns are not those of these classes, or a row does not fit them.
        EvaluationError
            If a clip of a seed comes twice or has two truths.
        """
        names = tuple(class_names)
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header = next(lines, [])
            while header and header[0].startswith("# "):
                header = next(lines, [])
            if header != _header(names):
                raise StorageError(
                    f"predictions.csv: expected the columns {', '.join(_header(names))}; "
                    f"received {', '.join(header) or 'none'}."
                )
            first = lines.line_num + 1
            rows = [_parse(line, number, len(names)) for number, line in enumerate(lines, first)]
        except csv.Error as error:
            raise StorageError(f"predictions.csv cannot be read as CSV: {error}.") from error
        return cls(rows, names)


def join_predictions(
    results: Iterable[FoldResult], truth: Mapping[str, int], class_names: Iterable[str]
) -> PredictionTable:
    """Join the results of folds to the truth by clip key.

    Parameters
    ----------
    results : iterable of FoldResult
        In any order, of any number of seeds.
    truth : mapping of str to int
        True class by clip key ``database/subject/clip``.
    class_names : sequence of str
        Name of every class.

    Returns
    -------
    PredictionTable
        One row for each seed and clip.

    Raises
    ------
    EvaluationError
        If a result names a clip that has no truth or that is not its subject's, or names one twice.
    """
    rows: list[Prediction] = []
    for result in results:
        for position, key in enumerate(result.clips):
            if key not in truth or not key.startswith(f"{result.subject}/"):
                raise EvaluationError(
                    f"the fold of {result.subject} (seed {result.seed}) predicts clip {key}, "
                    "which is not one of that subject's clips in this run."
                )
            database, subject, clip = key.split("/")
            class_scores = {
                "softmax": tuple(map(float, result.probabilities[position])),
                "svm": tuple(map(float, result.svm_scores[position])),
            }
            predicted = {head: int(np.argmax(class_scores[head])) for head in HEADS}
            rows.append(
                Prediction(
                    result.seed, database, subject, clip, truth[key], predicted, class_scores
                )
            )
    return PredictionTable(rows, class_names)


def labels_of(
    rows: Iterable[Prediction], head: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Truth and prediction of one head, row by row, as int64 arrays."""
    pairs = [(row.truth, row.predicted[head]) for row in rows]
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


def _header(class_names: tuple[str, ...]) -> list[str]:
    return [*_FIXED, *(f"{head}_{name}" for head in HEADS for name in class_names)]


def _parse(line: list[str], number: int, classes: int) -> Prediction:
    place = f"predictions.csv line {number}"
    if len(line) != len(_FIXED) + len(HEADS) * classes:
        raise StorageError(
            f"{place}: expected {len(_FIXED) + len(HEADS) * classes} values, received {len(line)}."
        )
    try:
        seed, truth, *predicted = (int(line[i]) for i in (0, 4, 5, 6))
        values = np.array([float(value) for value in line[len(_FIXED) :]])
    except ValueError as error:
        raise StorageError(f"{place}: {error}.") from error
    if not all(0 <= label < classes for label in (truth, *predicted)):
        raise StorageError(f"{place}: classes must lie in 0..{classes - 1}, received {line[4:7]}.")
    if not np.isfinite(values).all():
        raise StorageError(f"{place}: scores must be finite numbers.")
    by_head = values.reshape(len(HEADS), classes).tolist()
    scores = {head: tuple(row) for head, row in zip(HEADS, by_head, strict=True)}
    return Prediction(
        seed, line[1], line[2], line[3], truth, dict(zip(HEADS, predicted, strict=True)), scores
    )
