"""How far `preprocess` is, for whoever watches, and what its failures have in common."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from astsvm.datasets import Dataset, Problem

__all__ = ["FailureGroup", "PreprocessProgress", "failures_by_reason"]

_VARIES = "…"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LONGEST_REASON = 120


@dataclass(frozen=True, slots=True)
class PreprocessProgress:
    """How far a run is when it begins, and after each clip.

    Parameters
    ----------
    done, total : int
        Clips that are finished, whether stored or failed, and clips in all.
    failed : int
        Clips of those done that failed in this run; a clip that failed in an earlier run is tried
        again.
    reused : int
        Clips of those done that an earlier, interrupted run had stored.
    clip : str or None
        Key of the clip that has just been finished; None when the run begins.
    reason : str or None
        Why that clip failed, in one line; None if it is stored.
    """

    done: int
    total: int
    failed: int
    reused: int
    clip: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Clips and rows that were left out for one reason.

    Parameters
    ----------
    reason : str
        What is common to their reasons, shortened; ``…`` stands for what differs.
    count : int
        How many there are.
    example : str
        The first of them: a clip's key, or the sheet's row.
    """

    reason: str
    count: int
    example: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, as JSON takes them."""
        return asdict(self)


def failures_by_reason(dataset: Dataset, problems: Sequence[Problem]) -> tuple[FailureGroup, ...]:
    """Group what was left out by its reason, the most frequent first.

    Two reasons count as one if their first statements are the same but for numbers, quoted names
    and the clip's own file (the rule is ours: reasons are sentences for people).

    Parameters
    ----------
    dataset : Dataset
        What was preprocessed; its clips tell which file a reason names.
    problems : sequence of Problem
        Of :class:`astsvm.pipeline.PreprocessSummary`.
    """
    sources = {clip.key: clip.source for clip in dataset.clips}
    groups: dict[str, list[tuple[str, Problem]]] = defaultdict(list)
    for problem in problems:
        stated = _first_statement(problem.reason, _named_files(problem, sources))
        groups[_without_particulars(stated)].append((stated, problem))
    found = []
    for kind, members in groups.items():
        first, problem = members[0]
        reason = first if all(stated == first for stated, _ in members) else kind
        found.append(FailureGroup(_shortened(reason), len(members), _name(problem)))
    return tuple(sorted(found, key=lambda group: (-group.count, group.reason)))


def _named_files(problem: Problem, sources: Mapping[str, Path]) -> list[str]:
    """Return the files that the reason may name."""
    source = sources.get(problem.clip or "")
    return [str(path) for path in (source, problem.file) if path is not None]


def _first_statement(reason: str, files: Sequence[str]) -> str:
    """Return what is wrong, without where it is and what is to be done about it."""
    for file in files:
        # A frame's file lies below the clip's folder.
        reason = re.sub(rf"(?<!\S){re.escape(file)}(?:/[^:,;]*)?(?=[:,; ]|$)", _VARIES, reason)
    reason = re.sub(rf"^{_VARIES}(?:, row \d+)?:? *", "", reason)
    return re.split(r"; |\. ", reason, maxsplit=1)[0].rstrip(".")


def _without_particulars(stated: str) -> str:
    return _NUMBER.sub(_VARIES, _QUOTED.sub(_VARIES, stated))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}{_VARIES}"


def _name(problem: Problem) -> str:
    if problem.clip:
        return problem.clip
    row = "" if problem.row is None else f", row {problem.row}"
    return f"{problem.file.name}{row}"
