"""The mark of a synthetic corpus: that it is synthetic, how it was made, and what is planted."""

from __future__ import annotations

from typing import Any

from astsvm.datasets.synthetic.difficulty import DIFFICULTIES
from astsvm.datasets.synthetic.layouts.contract import Arrangement, Entry
from astsvm.datasets.synthetic.plan import GENERATOR_VERSION, STATEMENT, CorpusPlan

__all__ = ["MARK", "mark_of"]

MARK = "SYNTHETIC.json"
"""The file that marks a folder as synthetic."""


def mark_of(plan: CorpusPlan, layout: str, arrangement: Arrangement) -> dict[str, Any]:
    """Describe the corpus, as JSON takes it."""
    presets = [name for name, values in DIFFICULTIES.items() if values == plan.difficulty]
    return {
        "synthetic": True,
        "statement": STATEMENT,
        "generator": "astsvm.datasets.synthetic",
        "generator_version": GENERATOR_VERSION,
        "seed": plan.seed,
        "layout": layout,
        "settings": {
            "subjects": plan.subjects,
            "clips": plan.clips,
            "size": list(plan.size),
            "fps": plan.fps,
            "preset": presets[0] if presets else None,
            "difficulty": plan.difficulty.to_dict(),
        },
        "planted": {entry.key: _planted(plan, entry) for entry in arrangement.entries},
        "faults": [fault.as_dict() for fault in arrangement.faults],
    }


def _planted(plan: CorpusPlan, entry: Entry) -> dict[str, Any]:
    """Tell the truth about a clip, whatever its row says."""
    script = plan.script(entry.subject, entry.clip, entry.label)
    return {
        "label": entry.label,
        "emotion": entry.emotion or entry.label,
        "onset": entry.first_number + script.onset,
        "apex": entry.first_number + script.apex,
        "offset": entry.first_number + script.offset,
        "action_units": {
            str(unit): round(weight, 4) for unit, weight in script.action_units.items()
        },
        "amplitude_px_at_192": round(script.amplitude, 4),
    }
