"""Run independent tasks in processes of their own; knows nothing of faces or folds."""

from __future__ import annotations

from astsvm.execution.local import TaskOutcome, refuse_unguarded_script, run_tasks

__all__ = ["TaskOutcome", "refuse_unguarded_script", "run_tasks"]
