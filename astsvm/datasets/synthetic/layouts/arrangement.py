"""From a plan to a whole corpus in a layout, before anything is painted."""

from __future__ import annotations

from astsvm.datasets.synthetic.layouts.contract import Arrangement, Fault, Layout
from astsvm.datasets.synthetic.layouts.faults import plant_faults
from astsvm.datasets.synthetic.plan import CorpusPlan, plan_labels

__all__ = ["arrange"]


def arrange(layout: Layout, plan: CorpusPlan, *, faults: bool = False) -> Arrangement:
    """Name every clip, plant faults if asked for, and make the sheet.

    Raises
    ------
    SettingsError
        If there are too few clips for the faults.
    """
    labels = plan_labels(plan.subjects, plan.clips, plan.seed)
    entries = tuple(
        entry
        for subject, own in enumerate(labels, start=1)
        for entry in layout.entries_of(plan, subject, own)
    )
    planted: tuple[Fault, ...] = ()
    if faults:
        entries, planted = plant_faults(layout.name, entries, layout.fault_kinds, plan.seed)
    return Arrangement(entries, layout.sheet_bytes(plan, entries), planted)
