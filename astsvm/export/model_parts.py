"""What a graph is made of, taken from a recognizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from astsvm.config import Settings

if TYPE_CHECKING:
    import keras

    from astsvm.classifier import SvmHead
    from astsvm.recognizer import Recognizer

__all__ = ["ModelParts"]


@dataclass(frozen=True, eq=False)
class ModelParts:
    """The parts of a trained model.

    Parameters
    ----------
    settings : Settings
        How clips are preprocessed, and what the network is.
    network : keras.Model
        The trained network, streams by name to class probabilities.
    svm : SvmHead
        The fitted SVM.
    class_names : tuple of str
        Names of the classes, by number.
    takes_frames : bool
        Whether features are computed from frames; else they are flow images made elsewhere.
    calibration : (float, tuple of float), optional
        Scale and biases that turn scores into probabilities, see
        :mod:`astsvm.recognizer.calibration`.
    about : dict
        What is written beside an export, as JSON values.
    """

    settings: Settings
    network: keras.Model
    svm: SvmHead
    class_names: tuple[str, ...]
    takes_frames: bool
    calibration: tuple[float, tuple[float, ...]] | None
    about: dict[str, Any]

    @classmethod
    def of(cls, recognizer: Recognizer) -> Self:
        """Take the parts out of a recognizer."""
        manifest = recognizer.bundle.manifest
        fitted = manifest.calibration
        return cls(
            settings=recognizer.settings,
            network=recognizer.model.network,
            svm=recognizer.model.svm,
            class_names=recognizer.class_names,
            takes_frames=manifest.data.precomputed_flow is None,
            calibration=None if fitted is None else (fitted.scale, fitted.bias),
            about={
                "labels": list(recognizer.class_names),
                "synthetic": recognizer.synthetic,
                "manifest": manifest.model_dump(mode="json"),
                "settings": recognizer.settings.model_dump(mode="json"),
            },
        )
