"""All pictures of a report, by the section that they stand in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from astsvm.evaluation.summary import FULL
from astsvm.reporting.attention_examples import AttentionExample
from astsvm.reporting.attention_picture import attention_limit, attention_picture
from astsvm.reporting.confusion_matrix import confusion_picture
from astsvm.reporting.fold_readings import FoldReadings
from astsvm.reporting.interval_picture import interval_picture
from astsvm.reporting.learning_curves import learning_curves
from astsvm.reporting.picture import Picture
from astsvm.reporting.run_names import figure_text, part_names, picture_notices, shown
from astsvm.reporting.subject_picture import subject_picture
from astsvm.reporting.subject_results import SubjectResult

__all__ = ["PagePictures", "draw_pictures"]

_HEADS = {"svm": "SVM", "softmax": "softmax"}
_LONGEST_NAME = 150


@dataclass(eq=False)
class PagePictures:
    """The pictures of a page.

    Parameters
    ----------
    intervals : list of Picture
        UF1 and UAR with intervals and floors.
    confusion : list of Picture
        Of every part and head.
    subjects : list of Picture
        One for each database.
    learning : Picture or None
        The learning curves, where a fold could be read.
    attention : list of (AttentionExample, Picture)
        The clips whose maps are shown.
    """

    intervals: list[Picture] = field(default_factory=list)
    confusion: list[Picture] = field(default_factory=list)
    subjects: list[Picture] = field(default_factory=list)
    learning: Picture | None = None
    attention: list[tuple[AttentionExample, Picture]] = field(default_factory=list)

    def all(self) -> list[Picture]:
        """Return every picture."""
        learning = [self.learning] if self.learning else []
        attention = [picture for _, picture in self.attention]
        return [*self.intervals, *self.confusion, *self.subjects, *learning, *attention]


def draw_pictures(
    config: dict[str, Any],
    metrics: dict[str, Any],
    subjects: Sequence[SubjectResult],
    examples: Sequence[AttentionExample],
    readings: FoldReadings,
) -> PagePictures:
    """Draw what a report shows.

    Parameters
    ----------
    config, metrics : dict
        What ``config.json`` and ``metrics.json`` hold.
    subjects : sequence of SubjectResult
        All subjects of the run.
    examples : sequence of AttentionExample
        The clips whose maps are to be shown.
    readings : FoldReadings
        Losses and maps.
    """
    notices, parts = picture_notices(config, metrics), part_names(config, metrics)
    pictures = PagePictures()
    whole = parts[FULL].partition(",")[0]
    for key, label in (("uf1", "UF1"), ("uar", "UAR")):
        pictures.intervals.append(
            interval_picture(metrics, parts, key, f"{whole}: {label}", notices)
        )
    pictures.confusion = _confusion_pictures(metrics, parts, notices)
    for database in sorted({result.database for result in subjects}):
        of_it = [result for result in subjects if result.database == database]
        part = f"{whole}{' part' if len(parts) > 1 else ','} {shown(database)}"
        pictures.subjects.append(
            subject_picture(
                of_it, f"{part}\nheld-out subjects", f"subjects_{_file_name(database)}", notices
            )
        )
    if readings.losses:
        title = f"{whole}: TRAINING loss, mean and spread over folds"
        pictures.learning = learning_curves(readings.losses, title, notices)
    pictures.attention = _attention_pictures(metrics, examples, readings, notices)
    return pictures


def _confusion_pictures(
    metrics: dict[str, Any], parts: dict[str, str], notices: Sequence[str]
) -> list[Picture]:
    drawn = []
    for part, part_name in parts.items():
        for head, head_name in _HEADS.items():
            scores = metrics[head][part]
            values = f"UF1 {figure_text(scores['uf1'])}, UAR {figure_text(scores['uar'])}"
            drawn.append(
                confusion_picture(
                    scores["confusion"],
                    metrics["class_names"],
                    f"{shown(part_name, 30)}: {head_name}\n{values}",
                    notices=notices,
                    name=f"confusion_{head}_{_file_name(part)}",
                )
            )
    return drawn


def _attention_pictures(
    metrics: dict[str, Any],
    examples: Sequence[AttentionExample],
    readings: FoldReadings,
    notices: Sequence[str],
) -> list[tuple[AttentionExample, Picture]]:
    names = metrics["class_names"]
    limit = attention_limit(readings.maps.values())
    drawn = []
    for example in examples:
        maps = readings.maps.get(example.key)
        if maps is None or not maps.attention:
            continue
        verdict = "right" if example.is_right else f"taken for {shown(names[example.predicted])}"
        title = f"{shown(names[example.truth])}, {verdict} ({figure_text(example.probability)})"
        name = f"attention_{example.truth}_{'right' if example.is_right else 'wrong'}"
        drawn.append((example, attention_picture(maps, limit, title, name, notices)))
    return drawn


def _file_name(part: str) -> str:
    """Name a picture after any database; one too long for a file system ends in a digest."""
    name = quote(part, safe=" ").replace("~", "%7E")
    if len(name) > _LONGEST_NAME:
        # "~" stands in no whole name, so a shortened one meets none.
        name = f"{name[:100]}~{hashlib.sha256(part.encode()).hexdigest()[:32]}"
    return name
