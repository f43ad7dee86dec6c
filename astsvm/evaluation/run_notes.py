"""What one may not have meant, told before hours of work; the report says it again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from astsvm.config import Settings

if TYPE_CHECKING:
    from astsvm.evaluation.run_plan import RunPlan

__all__ = ["tell_of_surprises"]

_LOGGER = logging.getLogger(__name__)


def tell_of_surprises(plan: RunPlan, settings: Settings) -> None:
    """Log what a run is not, what it leaves out, and what it mixes.

    Parameters
    ----------
    plan : RunPlan
        The run.
    settings : Settings
        What it was planned with.
    """
    if differences := plan.config["other_than_settings"]:
        _LOGGER.warning(
            "note: the clips were preprocessed otherwise than the settings %r do it: %s. "
            "The report says so.",
            settings.preset,
            differences,
        )
    for mark in plan.config["marks"]:
        _LOGGER.warning("note: %s", mark)
    left_out = plan.config["data"]["left_out"]
    if left_out:
        reasons = "; ".join(f"{count} x {reason}" for reason, count in left_out.items())
        _LOGGER.warning("note: the protocol leaves clips out: %s.", reasons)
    present = {plan.class_names[number] for number in plan.truth.values()}
    if absent := [name for name in plan.class_names if name not in present]:
        _LOGGER.warning("note: no clip is of the class %s.", ", ".join(absent))
    databases = {key.split("/")[0] for key in plan.truth}
    if len(databases) > 1 and plan.config["protocol"] == "as-labelled":
        _LOGGER.warning(
            "note: labels of %d databases are mixed as they are; a protocol such as megc2019 "
            "gives them common classes.",
            len(databases),
        )
