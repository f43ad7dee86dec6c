"""What became of every held-out subject's clips.

A subject's share of right answers is no UF1: one person often shows one class only. It tells whom
the method fails, and the figures of the run are pooled over all subjects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from astsvm.evaluation.predictions import HEADS, PredictionTable

__all__ = ["SubjectResult", "subject_results"]


@dataclass(frozen=True)
class SubjectResult:
    """What became of one held-out subject.

    Parameters
    ----------
    database, subject : str
        Who it is.
    clips : int
        Number of clips.
    seeds : int
        Number of seeds whose fold gave a result.
    right : dict of str to float
        By head, number of clips it got right, mean over those seeds; empty without any.
    """

    database: str
    subject: str
    clips: int
    seeds: int
    right: dict[str, float]


def subject_results(table: PredictionTable, clips: Mapping[str, int]) -> list[SubjectResult]:
    """List all subjects of a run by database, in natural order of their names.

    Parameters
    ----------
    table : PredictionTable
        Predictions of the run.
    clips : mapping of str to int
        Number of clips of every subject of the run, also of those without predictions, by subject
        key ``database/subject``.
    """
    seeds: dict[str, set[int]] = {key: set() for key in clips}
    right: dict[str, dict[str, int]] = {key: dict.fromkeys(HEADS, 0) for key in clips}
    for row in table.rows:
        seeds[row.subject_key].add(row.seed)
        for head in HEADS:
            right[row.subject_key][head] += row.predicted[head] == row.truth
    return [
        SubjectResult(
            database=key.partition("/")[0],
            subject=key.partition("/")[2],
            clips=clips[key],
            seeds=len(seeds[key]),
            right={head: right[key][head] / len(seeds[key]) for head in HEADS if seeds[key]},
        )
        for key in sorted(clips, key=_natural)
    ]


def _natural(key: str) -> tuple[str, list[tuple[int, int | str]]]:
    """Order s2 before s10."""
    database, _, subject = key.partition("/")
    parts = re.split(r"([0-9]+)", subject)
    return database, [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]
