"""The small networks of the field, trained by the same engine as the method."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from astsvm.baselines import (
    capsulenet,
    cbamnet,
    dssn,
    dual_inception,
    elrcn,
    off_apexnet,
    rcn,
    ststnet,
    tsnn,
)
from astsvm.baselines.clip_content import Need
from astsvm.baselines.registry import Baseline

__all__ = ["SMALL_NETWORKS"]

_INPUTS: Mapping[str, tuple[Need, ...]] = MappingProxyType(
    {
        "motion_image": ("motion", "strain"),
        "magnitude_image": ("motion", "strain"),
        "motion_sequence": ("flow",),
        "enriched_sequence": ("frames", "flow"),
    }
)
"""What the functions of :mod:`astsvm.baselines.motion_input` take of a clip."""

_CHANNELS = "a channel is divided by its range, where sources stretch it to 0..255: zero stays zero"


def _network(name: str, title: str, inputs: str, size: int, module: Any) -> Baseline:
    """Return the entry of a network whose module says where it comes from."""
    return Baseline(
        name=name,
        title=title,
        source=module.SOURCE,
        needs=_INPUTS[inputs],
        inputs=f"astsvm.baselines.motion_input:{inputs}",
        options={"size": size, "stretch": True},
        network=f"{module.__name__}:build_{name}",
        training=module.TRAINING.fixed,
        is_map=True,
        differs=(*module.DIFFERS, _CHANNELS, f"training in the source: {module.TRAINING.source}"),
    )


SMALL_NETWORKS: tuple[Baseline, ...] = (
    _network("ststnet", "STSTNet", "motion_image", 28, ststnet),
    _network("off_apexnet", "OFF-ApexNet", "motion_image", 28, off_apexnet),
    _network("dual_inception", "Dual-Inception", "motion_image", 28, dual_inception),
    _network("dssn", "DSSN, small", "magnitude_image", 28, dssn),
    _network("rcn", "RCN, plain", "motion_image", rcn.SIZE, rcn),
    _network("capsulenet", "CapsuleNet, small", "motion_image", 28, capsulenet),
    _network("cbamnet", "CBAMNet, reconstructed", "motion_sequence", 28, cbamnet),
    _network("tsnn", "TSNN, reconstructed", "motion_sequence", 28, tsnn),
    _network("elrcn", "ELRCN, small", "enriched_sequence", elrcn.SIZE, elrcn),
)
