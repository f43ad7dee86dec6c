"""Run independent tasks in processes of their own; knows nothing of faces or folds."""

from __future__ import annotations

from astsvm.execution.local import TaskOutcome, run_tasks

__all__ = ["TaskOutcome", "run_tasks"]
