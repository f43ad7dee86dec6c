"""What `astsvm preprocess` says: to people at the end, to machines all along.

With ``--json`` the events are lines of JSON on stderr, where the progress of people stands
otherwise, and the outcome is one JSON object on stdout, as it always was. ``docs/events.md``
describes both.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from astsvm.cli.progress import Pace

if TYPE_CHECKING:
    from astsvm.datasets import Dataset
    from astsvm.pipeline import PreprocessSummary
    from astsvm.preprocess_progress import FailureGroup, PreprocessProgress

__all__ = ["EventLines", "failure_table", "outcome_json", "outcome_line", "remark_lines"]

EVENTS, EVENTS_VERSION = "astsvm-preprocess-events", 1


class EventLines:
    """Writes an event a line while clips are processed.

    Parameters
    ----------
    dataset : Dataset
        What is preprocessed.
    write : callable
        Receives each line, without its end; by default it goes to stderr.
    """

    def __init__(self, dataset: Dataset, write: Callable[[str], None] | None = None) -> None:
        self._dataset = dataset
        self._write = write or (lambda line: click.echo(line, err=True))
        self._pace = Pace()

    def watch(self, state: PreprocessProgress) -> None:
        """Tell that the run begins, or that a clip is finished."""
        self._pace.note(state.done, state.total)
        count = {"done": state.done, "clips": state.total, "failed": state.failed}
        if state.clip is None:
            self._tell(
                "started",
                format=EVENTS,
                format_version=EVENTS_VERSION,
                dataset=self._dataset.full_name,
                synthetic=self._dataset.synthetic,
                **count,
                reused=state.reused,
                rows_left_out=len(self._dataset.problems),
            )
            return
        self._tell(
            "clip",
            clip=state.clip,
            outcome="stored" if state.reason is None else "failed",
            reason=state.reason,
            **count,
            seconds=round(self._pace.elapsed, 3),
            per_second=_rounded(self._pace.per_second),
            seconds_left=_rounded(self._pace.seconds_left),
        )

    def interrupted(self, advice: str) -> None:
        """Tell that the run is left before its end."""
        self._tell("interrupted", advice=advice)

    def finished(self, summary: PreprocessSummary, groups: Sequence[FailureGroup]) -> None:
        """Tell that the clip file is written; the last event."""
        self._tell(
            "finished",
            output=str(summary.output),
            synthetic=self._dataset.synthetic,
            stored=summary.stored,
            reused=summary.reused,
            skipped=len(summary.problems),
            failures=[group.as_dict() for group in groups],
            seconds=round(self._pace.elapsed, 3),
        )

    def _tell(self, event: str, **content: Any) -> None:
        # One line: whatever a reason holds, JSON escapes its line breaks.
        self._write(json.dumps({"event": event} | content, ensure_ascii=False))


def outcome_json(
    summary: PreprocessSummary, dataset: Dataset, groups: Sequence[FailureGroup]
) -> str:
    """Return the outcome as one JSON object."""
    return json.dumps(
        {
            "output": str(summary.output),
            "synthetic": dataset.synthetic,
            "stored": summary.stored,
            "reused": summary.reused,
            "given_landmarks": summary.given_landmarks,
            "corrected": [remark.as_dict() for remark in dataset.corrections],
            "skipped": [problem.as_dict() for problem in summary.problems],
            "failures": [group.as_dict() for group in groups],
        },
        indent=2,
        ensure_ascii=False,
    )


def outcome_line(summary: PreprocessSummary, dataset: Dataset) -> str:
    """Return what was written, for people, in one line."""
    clips = "1 clip" if summary.stored == 1 else f"{summary.stored} clips"
    mark = "SYNTHETIC, " if dataset.synthetic else ""
    return f"{summary.output}: {mark}{clips}, {len(summary.problems)} skipped"


def remark_lines(
    summary: PreprocessSummary, dataset: Dataset, groups: Sequence[FailureGroup]
) -> Iterator[str]:
    """Yield what was corrected, what was left out, and a table of the latter by reason."""
    yield from (f"corrected or doubtful: {remark}" for remark in dataset.corrections)
    yield from (f"skipped: {problem}" for problem in summary.problems)
    yield from failure_table(groups)


def failure_table(groups: Sequence[FailureGroup]) -> list[str]:
    """Return the lines of a table of what was left out, by reason."""
    if not groups:
        return []
    lines = ["left out  reason (and an example)"]
    lines += [f"{group.count:8}  {group.reason} ({group.example})" for group in groups]
    return lines


def _rounded(value: float | None) -> float | None:
    """Return a value with four significant digits."""
    if value is None or value == 0 or not math.isfinite(value):
        return value
    return float(f"{value:.4g}")
