"""How the small networks are trained: the settings of their sources, and the fixed ones used here.

One engine trains them all, leave-one-subject-out, with Adam and cross-entropy, for a number of
epochs fixed beforehand. Nothing was chosen on results of held-out subjects: where the source's own
settings can be carried over they are taken, elsewhere :data:`SHARED` holds for every network alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from astsvm.config import TrainingSettings

__all__ = ["SHARED", "NetworkTraining"]

SHARED = TrainingSettings(
    epochs=60, batch_size=32, learning_rate=1e-3, class_weight="balanced", augmentation="none"
)
"""For networks whose source does not say how it trains, or trains what we cannot have: weights
learnt on other images, another optimiser. The same as preset `fast` gives the method itself."""


@dataclass(frozen=True)
class NetworkTraining:
    """A network's training, there and here.

    Parameters
    ----------
    source : str
        Epochs, learning rate, batch size and loss of the source, in words, as far as known.
    fixed : TrainingSettings
        What is used here.
    """

    source: str
    fixed: TrainingSettings
