"""The descriptors: no weight of them is learnt, only their two heads are fitted."""

from __future__ import annotations

from astsvm.baselines.registry import Baseline
from astsvm.config import TrainingSettings

__all__ = ["HAND_CRAFTED"]

_OURS = "ours, as a bar to clear; no paper's method"
_SVM = TrainingSettings(epochs=50, class_weight="balanced", svm_multiclass="one_vs_one")
"""libsvm as it is: RBF kernel, C = 1, pairs of classes, on standardised values, weighed classes."""

HAND_CRAFTED: tuple[Baseline, ...] = (
    Baseline(
        name="flow_svm",
        title="SVM on blurred flow pixels",
        source=_OURS,
        needs=("motion", "strain"),
        inputs="astsvm.baselines.flow_pixels:flow_pixels",
        options={"blur": 1.0},
        training=_SVM,
        is_map=True,
    ),
    Baseline(
        name="flow_svm_raw",
        title="SVM on flow pixels",
        source=_OURS,
        needs=("motion", "strain"),
        inputs="astsvm.baselines.flow_pixels:flow_pixels",
        training=_SVM,
        is_map=True,
    ),
)
