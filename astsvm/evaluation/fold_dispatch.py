"""Where the folds of a run are computed, how often they are tried, and how long they may take."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial

from astsvm.errors import InvalidInputError
from astsvm.evaluation.cluster_folds import run_folds_on_cluster
from astsvm.evaluation.fold import FoldResult, FoldTask, run_fold
from astsvm.evaluation.provenance import SourcesChangedError, code_digest, require_code
from astsvm.execution import TaskOutcome, run_tasks
from astsvm.execution.gpus import find_gpus, places_of_processes

__all__ = ["FoldDispatch"]

# Keras leaks a little memory with every training; a fresh process now and then gives it back.
_FOLDS_PER_PROCESS = 40
_ATTEMPTS = 3
_FIRST_LIMIT = 6 * 3600.0
_SHORTEST_LIMIT = 1800.0
_TIMES_THE_LONGEST = 10


@dataclass(frozen=True)
class FoldDispatch:
    """How folds are handed out; nothing of it changes a result.

    Parameters
    ----------
    workers : int, optional
        Number of processes; on a cluster, the number of folds at a time.
    cluster : str, optional
        Address of a Ray cluster, or ``"auto"``.
    gpus_per_fold : float, optional
        GPUs, or the fraction of one, that a fold gets; with 0 it sees none. By default the GPUs of
        this machine, if there are any, are shared out among the workers; on a cluster it is 0.
    fold_timeout : float, optional
        Seconds after which a fold counts as hung. By default ten times the longest fold so far, at
        least half an hour; six hours before the first is done.

    Raises
    ------
    InvalidInputError
        If the time limit is no positive number, or a fold cannot get so many GPUs.
    MissingResourceError
        If GPUs of this machine are asked for and there is none.
    """

    workers: int | None = None
    cluster: str | None = None
    gpus_per_fold: float | None = None
    fold_timeout: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be done, before anything is touched."""
        if self.fold_timeout is not None and not 0 < self.fold_timeout < math.inf:
            raise InvalidInputError(
                f"fold_timeout must be a positive number of seconds, received {self.fold_timeout!r}"
                ". Leave it out to have it follow from the longest fold."
            )
        if self.cluster is None:
            places_of_processes(len(self._gpus_here), self.gpus_per_fold, self.workers or 1)

    @cached_property
    def _gpus_here(self) -> tuple[str, ...]:
        return () if self.gpus_per_fold == 0 else find_gpus()

    @property
    def gpus(self) -> str:
        """What kinds of GPU the folds are computed on; empty if on processors.

        They round otherwise, each kind in its own way. Those of a cluster are not known by name.
        """
        if self.cluster is not None:
            return "of the cluster" if self.gpus_per_fold else ""
        return ", ".join(sorted(set(self._gpus_here)))

    def run(self, tasks: Sequence[FoldTask]) -> Generator[TaskOutcome[FoldResult]]:
        """Compute folds and yield what became of each, as they finish."""
        longest = 0.0

        def patience() -> float:
            known = max(_SHORTEST_LIMIT, _TIMES_THE_LONGEST * longest)
            return known if longest else _FIRST_LIMIT

        outcomes = self._begun(tasks, patience if self.fold_timeout is None else self.fold_timeout)
        # Closed on the way out, so that an error leaves no process at its fold.
        with closing(outcomes):
            for outcome in outcomes:
                if isinstance(outcome.error, SourcesChangedError):
                    raise outcome.error
                if outcome.result is not None:
                    longest = max(longest, outcome.result.seconds)
                yield outcome

    def _begun(
        self, tasks: Sequence[FoldTask], timeout: float | Callable[[], float]
    ) -> Generator[TaskOutcome[FoldResult]]:
        if self.cluster is None:
            return run_tasks(
                partial(_run_fold_here, code=code_digest()),
                tasks,
                workers=self.workers or 1,
                timeout=timeout,
                attempts=_ATTEMPTS,
                tasks_per_process=_FOLDS_PER_PROCESS,
                places=places_of_processes(
                    len(self._gpus_here), self.gpus_per_fold, self.workers or 1
                ),
            )
        return run_folds_on_cluster(
            tasks,
            address=self.cluster,
            workers=self.workers,
            gpus_per_fold=self.gpus_per_fold or 0,
            timeout=timeout,
            retries=_ATTEMPTS - 1,
            tasks_per_process=_FOLDS_PER_PROCESS,
        )


def _run_fold_here(task: FoldTask, *, code: str) -> FoldResult:
    require_code(code)
    return run_fold(task)
