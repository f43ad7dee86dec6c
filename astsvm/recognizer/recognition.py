"""What a model says of a clip, and what it saw of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Decisions", "Recognition"]

Floats = npt.NDArray[np.float64]
Maps = dict[str, npt.NDArray[np.float16]]


@dataclass(frozen=True, eq=False)
class Decisions:
    """What a model says of n clips, without what it saw.

    Parameters
    ----------
    scores : ndarray of shape (n, classes), float64
        One-vs-rest decision values of the SVM; the largest one of a row names the class.
    probabilities : ndarray of shape (n, classes), float64, or None
        Calibrated probabilities; None where the model holds no calibration.
    softmax : ndarray of shape (n, classes), float32
        Output of the network's own last layer, which is not calibrated and does not decide.
    features : ndarray of shape (n, d), float32
        Penultimate features of the network, which the SVM takes.
    """

    scores: Floats
    probabilities: Floats | None
    softmax: npt.NDArray[np.float32]
    features: npt.NDArray[np.float32]

    @property
    def classes(self) -> npt.NDArray[np.int64]:
        """The recognised class of every clip, shape (n,): the lowest of equal best scores."""
        best: npt.NDArray[np.int64] = np.argmax(self.scores, axis=1)
        return best


@dataclass(frozen=True, eq=False)
class Recognition:
    """What a model says of one clip.

    Parameters
    ----------
    label : str
        The recognised class: the one with the largest score.
    class_names : tuple of str
        All classes, in the order of the arrays below.
    scores : ndarray of shape (classes,), float64
        Decision values of the SVM. They are no probabilities.
    probabilities : ndarray of shape (classes,), float64, or None
        Calibrated probabilities; None where the model holds no calibration.
    softmax : ndarray of shape (classes,), float32
        Output of the network's own last layer; not calibrated, and it does not decide.
    synthetic : bool
        Whether the model was trained on drawn faces.
    streams : dict of str to ndarray of shape (T, H, W, C), float32
        What the network took.
    attention, motion : dict of str to ndarray, float16
        Where the network looked, and the motion there, as in
        :class:`astsvm.evaluation.attention_maps.ClipMaps`, of this one clip: (h, w) for places,
        (T,) for frames. Empty if they were not asked for.
    frames : ndarray of shape (n, size, size), uint8, or None
        Aligned, magnified, interpolated frames; None where features were given.
    landmarks : ndarray of shape (68 or 5, 2), float32, or None
        Of the first frame, in source pixels.
    transform : ndarray of shape (2, 3), float64, or None
        From source pixels to those of `frames`.
    onset, offset : int or None
        0-based frames of the source, both included; None where there is no source.
    fps : float or None
        Frames per second; None where it played no part.
    notices : tuple of str
        What must not be overlooked, in whole sentences.
    """

    label: str
    class_names: tuple[str, ...]
    scores: Floats
    probabilities: Floats | None
    softmax: npt.NDArray[np.float32]
    synthetic: bool
    streams: dict[str, npt.NDArray[np.float32]]
    attention: Maps = field(default_factory=dict)
    motion: Maps = field(default_factory=dict)
    frames: npt.NDArray[np.uint8] | None = None
    landmarks: npt.NDArray[np.float32] | None = None
    transform: npt.NDArray[np.float64] | None = None
    onset: int | None = None
    offset: int | None = None
    fps: float | None = None
    notices: tuple[str, ...] = ()

    @property
    def most_probable(self) -> str | None:
        """The class of the largest probability, which need not be the label; None without any."""
        if self.probabilities is None:
            return None
        return self.class_names[int(np.argmax(self.probabilities))]

    def as_dict(self) -> dict[str, Any]:
        """Return what was said, without arrays of pixels, as JSON values.

        Scores and probabilities never share a key: ``scores``, ``probabilities`` (null where the
        model is not calibrated) and ``softmax``, each by class. ``most_probable`` is null without
        probabilities.
        """
        probabilities = self.probabilities
        return {
            "onset": self.onset,
            "offset": self.offset,
            "fps": self.fps,
            "label": self.label,
            "most_probable": self.most_probable,
            "scores": self._by_class(self.scores),
            "probabilities": None if probabilities is None else self._by_class(probabilities),
            "softmax": self._by_class(self.softmax),
            "synthetic": self.synthetic,
            "notices": list(self.notices),
        }

    def _by_class(self, values: npt.NDArray[Any]) -> dict[str, float]:
        # Six digits: the last ones of float32 arithmetic differ between machines.
        rounded = (float(f"{value:.6g}") for value in values)
        return dict(zip(self.class_names, rounded, strict=True))
