"""Is a database whole, and its sheet right: what `astsvm check` runs before hours of work.

Without looking into frames, this reads sheets and lists folders only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astsvm.clip import Clip
from astsvm.datasets import Dataset, Problem
from astsvm.datasets.frame_folder import frame_names
from astsvm.errors import AstsvmError
from astsvm.execution import refuse_unguarded_script, run_tasks

__all__ = ["Check", "check_dataset"]

_CLIP_LEFT_OUT = "preprocess will leave the clip out"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found out about a database.

    Parameters
    ----------
    dataset : Dataset
        The database as it was read.
    problems : tuple of Problem
        Everything that is left out, with the reason.
    corrections : tuple of Problem
        Everything that is kept, but was corrected or is doubtful.
    labels : mapping of str to (int, int or None)
        Clips of each label, found and published; None where no count is published.
    subjects, clips : (int, int or None)
        Found and published.
    """

    dataset: Dataset
    problems: tuple[Problem, ...]
    corrections: tuple[Problem, ...]
    labels: Mapping[str, tuple[int, int | None]]
    subjects: tuple[int, int | None]
    clips: tuple[int, int | None]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was left out, corrected or doubtful."""
        return not self.problems and not self.corrections

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON takes it."""
        return {
            "dataset": self.dataset.name,
            "variant": self.dataset.variant,
            "root": str(self.dataset.root),
            "sheet": None if self.dataset.sheet is None else str(self.dataset.sheet),
            "synthetic": self.dataset.synthetic,
            "hearsay": self.dataset.hearsay,
            "clips": _pair(self.clips),
            "subjects": _pair(self.subjects),
            "labels": {label: _pair(counts) for label, counts in self.labels.items()},
            "left_out": [problem.as_dict() for problem in self.problems],
            "corrected": [problem.as_dict() for problem in self.corrections],
        }


def check_dataset(
    dataset: Dataset,
    *,
    frames: bool = False,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Check:
    """Count what a database holds and list its faults.

    Parameters
    ----------
    dataset : Dataset
        As :func:`astsvm.datasets.load_dataset` read it.
    frames : bool
        Decode every frame from onset to offset as well.
    workers : int
        Processes that decode.
    progress : callable, optional
        Called with the number of clips decoded and in all.

    Returns
    -------
    Check
    """
    unreadable = _unplaceable(dataset)
    bad = {problem.clip for problem in unreadable}
    if frames:
        unreadable += tuple(p for p in _unreadable(dataset, workers, progress) if p.clip not in bad)
    bad = {problem.clip for problem in unreadable}
    kept = [clip for clip in dataset.clips if clip.key not in bad]
    published = dataset.published
    found = Counter(clip.label for clip in kept)
    expected = dict(published.labels) if published is not None else {}
    return Check(
        dataset=dataset,
        problems=tuple(sorted((*dataset.problems, *unreadable), key=_by_place)),
        corrections=tuple(p for p in dataset.corrections if p.clip not in bad),
        labels={
            label: (found[label], expected.get(label, 0) if expected else None)
            for label in sorted(found.keys() | expected.keys())
        },
        subjects=(
            len({clip.subject_key for clip in kept}),
            None if published is None else published.subjects,
        ),
        clips=(len(kept), None if published is None else published.clips),
    )


def _unplaceable(dataset: Dataset) -> tuple[Problem, ...]:
    """List clips that reach beyond their folder, or whose frame rate nothing tells."""
    problems = []
    for clip in dataset.clips:
        if dataset.precomputed_flow or not clip.source.is_dir():
            continue
        try:
            count = len(frame_names(clip.source))
        except OSError as error:
            problems.append(_problem(dataset, clip, error))
            continue
        last = max(clip.onset or 0, clip.offset or 0)
        if last >= count:
            reason = (
                f"frame {last} is asked for, but the folder holds {count}; frames are counted by "
                "their place in the folder, from 0. Correct onset and offset."
            )
            problems.append(_problem(dataset, clip, AstsvmError(reason)))
        elif clip.fps is None:
            reason = "fps is empty, and a folder of frames does not tell it. Fill in the cell."
            problems.append(_problem(dataset, clip, AstsvmError(reason)))
    return tuple(problems)


def _by_place(problem: Problem) -> tuple[bool, int, str, str]:
    return problem.row is None, problem.row or 0, problem.clip or "", problem.reason


def _unreadable(
    dataset: Dataset, workers: int, progress: Callable[[int, int], None] | None
) -> tuple[Problem, ...]:
    refuse_unguarded_script()
    tasks = [(clip, dataset.precomputed_flow) for clip in dataset.clips]
    problems: list[Problem] = []
    outcomes = run_tasks(_decode, tasks, workers=workers)
    with closing(outcomes):
        for done, outcome in enumerate(outcomes, start=1):
            if outcome.error is not None:
                clip = tasks[outcome.index][0]
                problems.append(_problem(dataset, clip, outcome.error))
            if progress is not None:
                progress(done, len(tasks))
    return tuple(sorted(problems, key=lambda problem: problem.clip or ""))


def _decode(task: tuple[Clip, bool]) -> int:
    """Decode a clip in a worker; return the number of its frames."""
    clip, precomputed_flow = task
    if precomputed_flow:
        from astsvm.datasets.flow_images import read_flow_image

        read_flow_image(clip.source)
        return 1
    from astsvm.preprocessing import iter_frames

    return sum(1 for _ in iter_frames(clip.source, clip.onset, clip.offset))


def _problem(dataset: Dataset, clip: Clip, error: Exception) -> Problem:
    reason = str(error) if isinstance(error, AstsvmError) else f"{type(error).__name__}: {error}"
    sheet: Path = dataset.sheet or clip.source
    return Problem(sheet, clip.row, clip.key, reason, _CLIP_LEFT_OUT)


def _pair(counts: tuple[int, int | None]) -> dict[str, int | None]:
    return {"found": counts[0], "published": counts[1]}
