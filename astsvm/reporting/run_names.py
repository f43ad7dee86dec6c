"""What a run, its parts and its notices are called, the same in every sentence and picture.

Single-database and composite figures are different experiments: networks of the one never saw
another database. They never share a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from astsvm.evaluation.summary import FULL

__all__ = [
    "EVALUATIONS",
    "databases_of",
    "evaluation_of",
    "figure_text",
    "part_names",
    "picture_notices",
    "run_notices",
    "shown",
]

EVALUATIONS = {
    "SDE": "single-database evaluation",
    "CDE": "composite database evaluation",
}

_DIRECTIONS = frozenset(["LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"])


def evaluation_of(config: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Return ``"SDE"`` or ``"CDE"``.

    A run on several databases is composite even where every fold of all but one has failed: its
    networks were trained on all of them.
    """
    if len(databases_of(config)) > 1:
        return "CDE"
    return str(metrics.get("evaluation") or "SDE")


def part_names(config: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, str]:
    """Return the parts of ``metrics.json`` to show and their names.

    With a single database there is but the whole; files of older runs list it as a part as well.
    """
    if evaluation_of(config, metrics) == "SDE":
        return {FULL: f"SDE, {', '.join(databases_of(config))}"}
    parts = [part for part in metrics["svm"] if part != FULL]
    return {FULL: "CDE, all clips"} | {part: f"CDE part {part}" for part in parts}


def databases_of(config: Mapping[str, Any]) -> list[str]:
    """Return the databases of a run, sorted; all its networks were trained on them."""
    return sorted({key.partition("/")[0] for key in config["subjects"]})


def run_notices(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what every part of a run must say of itself, finished or not."""
    notices = [shown(mark.partition(":")[0], 60) for mark in config.get("marks", ())]
    return (*notices, *["SYNTHETIC CLIPS"] * bool(config.get("synthetic")))


def picture_notices(config: Mapping[str, Any], metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what stands above every picture of a run, for it may be seen without its page."""
    return (*run_notices(config), *["INCOMPLETE RUN"] * (not metrics["complete"]))


def shown(name: str, longest: int = 18) -> str:
    """Return a name as a picture shows it: on one line, cut, without invisible characters."""
    visible = "".join("\N{REPLACEMENT CHARACTER}" if _is_invisible(c) else c for c in name)
    return visible if len(visible) <= longest else f"{visible[: longest - 1]}…"


def _is_invisible(character: str) -> bool:
    """Tell control characters, halves of characters, and what turns the direction of writing."""
    return (
        unicodedata.category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp")
        or unicodedata.bidirectional(character) in _DIRECTIONS
    )


def figure_text(value: float) -> str:
    """Write a figure in [0, 1] with three digits and no leading zero, as the field does."""
    text = f"{value:.3f}"
    return text[1:] if text.startswith("0.") else text
