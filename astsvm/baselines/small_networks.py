"""The small networks of the field, trained by the same engine as the method."""

from __future__ import annotations

from astsvm.baselines.registry import Baseline

__all__ = ["SMALL_NETWORKS"]

SMALL_NETWORKS: tuple[Baseline, ...] = ()
