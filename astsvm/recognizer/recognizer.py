"""The recognizer: a trained model behind a few doors, from frames or from features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from astsvm.config import Settings
from astsvm.errors import StorageError
from astsvm.printable import printable
from astsvm.recognizer.bundle import Bundle
from astsvm.recognizer.input_frames import grey_frames
from astsvm.recognizer.model_card import SYNTHETIC_NOTICE
from astsvm.recognizer.recognition import Decisions, Recognition
from astsvm.recognizer.seen_clip import (
    SeenClip,
    frame_settings,
    see_aligned,
    see_frames,
    see_source,
    see_stored,
)
from astsvm.recognizer.trained_model import TrainedModel

if TYPE_CHECKING:
    from astsvm.recognizer.timeline import Timeline
    from astsvm.spotting import SpottingSettings
    from astsvm.storage.reader import ClipCollection

__all__ = ["Recognizer"]

_UNFAMILIAR = 0.05
"""Of the shipped model's 108 held-out clips none came so near to the SVM's constants."""


class Recognizer:
    """A trained model that names the micro-expression of a clip.

    Made by :meth:`train` or :meth:`load`.

    Parameters
    ----------
    bundle : Bundle
        The model's content.

    Attributes
    ----------
    bundle : Bundle
        As given; its ``manifest`` and ``card`` say what the model is.
    model : TrainedModel
        Network (``.network``, a Keras model) and SVM (``.svm``), for whoever builds on them.

    Raises
    ------
    StorageError
        If its parts do not fit together.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.model = TrainedModel(bundle)

    @classmethod
    def train(
        cls,
        clips: ClipCollection | str | Path | Sequence[str | Path],
        settings: Settings | str,
        *,
        protocol: str = "as-labelled",
        seed: int = 1,
        calibrate: str | Path | None = None,
        metrics: str | Path | None = None,
    ) -> Self:
        """Train on all clips, as a fold trains on all but one subject's.

        The same clips, settings and seed give the same bytes on the same kind of processor. Call
        it under ``if __name__ == "__main__"``: a process of its own does the work.

        Parameters
        ----------
        clips : ClipCollection, path, or sequence of paths
            The clips, as `astsvm preprocess` stored them.
        settings : Settings or str
            Settings, or the name of a preset.
        protocol : str
            Which clips take part under which class, see :data:`astsvm.datasets.PROTOCOLS`.
        seed : int
            Seed of the training, 0 or more.
        calibrate : path, optional
            Folder of a finished leave-one-subject-out run of the same clips, protocol and settings
            (of any seeds); its held-out scores calibrate the model's probabilities.
        metrics : path, optional
            Folder of such a run whose figures the model refers to; by default that of `calibrate`.

        Raises
        ------
        SettingsError
            If a stream of the settings is not in the clip files, or the files hold no clip.
        EvaluationError
            If the protocol leaves too little to train on, the training diverges, or a run is
            unfinished or of other clips or settings.
        StorageError
            If clips or a run cannot be read.
        """
        from astsvm.recognizer.final_training import train_bundle

        return cls(
            train_bundle(
                clips,
                settings,
                protocol=protocol,
                seed=seed,
                calibration_run=calibrate,
                metrics_run=metrics,
            )
        )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model; nothing in the file is executed.

        Raises
        ------
        StorageError
            If the file is missing, cut, damaged, foreign, of a newer format, or its parts do not
            fit together; one line that names the file.
        """
        bundle = Bundle.read(Path(path))
        try:
            return cls(bundle)
        except StorageError as error:
            raise StorageError(
                f"{path}: expected a model that `astsvm train --final` wrote, but "
                f"{printable(str(error))}."
            ) from error

    def save(self, path: str | Path) -> None:
        """Write the model to one file, whole or not at all; an existing one is replaced.

        Raises
        ------
        StorageError
            If the system refuses to write.
        """
        self.bundle.write(Path(path))

    @property
    def settings(self) -> Settings:
        """All settings; its preprocessing is what the training clips had."""
        return self.bundle.settings

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of all scores."""
        return self.bundle.manifest.class_names

    @property
    def synthetic(self) -> bool:
        """Whether the model was trained on drawn faces."""
        return self.bundle.manifest.synthetic

    @property
    def calibrated(self) -> bool:
        """Whether the model can tell probabilities."""
        return self.bundle.manifest.calibration is not None

    @property
    def streams(self) -> dict[str, tuple[int, int, int, int]]:
        """Shape (T, H, W, C) of what the network takes, by name."""
        return dict(self.bundle.manifest.data.streams)

    def predict(
        self,
        frames: npt.ArrayLike,
        fps: float | None = None,
        *,
        landmarks: npt.ArrayLike | None = None,
        maps: bool = True,
    ) -> Recognition:
        """Recognise the expression of a clip, given as its frames from onset to offset.

        Parameters
        ----------
        frames : array_like of shape (n, H, W) or (n, H, W, 3)
            uint8, or floats in [0, 1]; colour as red, green, blue. At least two frames.
        fps : float, optional
            Frames per second; needed unless the settings fix the magnification.
        landmarks : array_like of shape (68, 2) or (5, 2), optional
            Landmarks of the first frame in pixels; None searches for a face.
        maps : bool
            Tell where the network looked, which takes some tenths of a second.

        Raises
        ------
        InvalidInputError
            If frames, frame rate or landmarks are unusable.
        FaceNotFoundError
            If the first frame holds no face.
        """
        settings = frame_settings(self.bundle)
        return self._recognise(see_frames(grey_frames(frames), fps, settings, landmarks), maps)

    def predict_source(
        self,
        source: str | Path,
        onset: int | None = None,
        offset: int | None = None,
        *,
        fps: float | None = None,
        landmarks: npt.ArrayLike | None = None,
        maps: bool = True,
    ) -> Recognition:
        """Recognise the expression of a clip in a video, or in a folder of frames.

        Parameters
        ----------
        source : path
            A video file or a folder of images, see
            :func:`astsvm.preprocessing.frames.read_frames`.
        onset, offset : int, optional
            0-based frames, both included. Without them the whole source counts as the clip, and
            the recognition says so.
        fps : float, optional
            Frames per second; by default what the video states.
        landmarks, maps
            As for :meth:`predict`.

        Raises
        ------
        FrameReadError
            If the frames cannot be read, or are fewer than two.
        InvalidInputError, FaceNotFoundError
            As :meth:`predict`.
        """
        settings = frame_settings(self.bundle)
        seen = see_source(Path(source), onset, offset, settings, fps=fps, landmarks=landmarks)
        return self._recognise(seen, maps)

    def predict_timeline(
        self,
        source: str | Path | npt.ArrayLike,
        fps: float | None = None,
        *,
        settings: SpottingSettings | None = None,
        landmarks: npt.ArrayLike | None = None,
        maps: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> Timeline:
        """Search a long video for micro-expressions, and recognise each candidate.

        Parameters
        ----------
        source : path or array_like
            A video file, a folder of images, or the frames themselves, as :meth:`predict` takes
            them. Files are gone through twice, one frame at a time, whatever their length.
        fps : float, optional
            Frames per second; by default what the video states.
        settings : SpottingSettings, optional
            How to search; by default faces are found as for the model's training clips.
        landmarks : array_like of shape (68, 2) or (5, 2), optional
            Landmarks that hold for the whole video, in pixels; None searches for the face.
        maps : bool
            As for :meth:`predict`.
        progress : callable, optional
            Called with the number of frames searched, after each.

        Raises
        ------
        ShortVideoError
            If the video is shorter than a window: predict it as a whole.
        InvalidInputError, FaceNotFoundError, FrameReadError
            As :meth:`predict_source`.
        """
        from astsvm.recognizer import timeline

        preprocessing = frame_settings(self.bundle)
        found, timed = timeline.search_video(
            source,
            fps,
            settings or timeline.search_settings(preprocessing),
            preprocessing,
            lambda seen: self._recognise(seen, maps),
            landmarks=landmarks,
            progress=progress,
        )
        notices = timeline.timeline_notices(source, found, timed, self._always)
        return timeline.Timeline(timed, found, self.class_names, self.synthetic, notices)

    def predict_aligned(self, frames: npt.ArrayLike, *, maps: bool = True) -> Recognition:
        """Recognise a clip whose frames are processed already.

        Parameters
        ----------
        frames : array_like of shape (length, size, size)
            Aligned, magnified and interpolated, as :meth:`ClipCollection.frames` returns them:
            uint8, or floats, mostly in [0, 1], none below -1 or above 2. Length and size are those
            of the settings.
        maps : bool
            As for :meth:`predict`.

        Raises
        ------
        InvalidInputError
            If the frames are of another shape, not finite, or far beyond [0, 1].
        """
        return self._recognise(see_aligned(frames, frame_settings(self.bundle)), maps)

    def predict_features(
        self, streams: Mapping[str, npt.NDArray[Any]], *, maps: bool = True
    ) -> Recognition:
        """Recognise a clip by its features: floats (T, H, W, C) by stream, see :attr:`streams`."""
        return self._recognise(SeenClip(streams), maps)

    def predict_clip(self, clips: ClipCollection, index: int, *, maps: bool = True) -> Recognition:
        """Recognise a clip of a clip file that was preprocessed as the training clips were."""
        return self._recognise(see_stored(clips, index, self.bundle), maps)

    def decide(self, streams: Mapping[str, npt.NDArray[Any]]) -> Decisions:
        """Say what n clips are, from features (n, T, H, W, C) by stream, and no more."""
        return self.model.decide(streams)

    @property
    def _always(self) -> tuple[str, ...]:
        return (SYNTHETIC_NOTICE,) if self.synthetic else ()

    def _unfamiliar(self, scores: npt.NDArray[np.float64]) -> tuple[str, ...]:
        constants = self.model.constants
        if constants is None or np.abs(scores - constants).max() >= _UNFAMILIAR:
            return ()
        return (
            "The clip is like none of the training: its scores are the SVM's constants, nearly, "
            "and say nothing of the clip.",
        )

    def _less_probable(
        self, label: str, probabilities: npt.NDArray[np.float64] | None
    ) -> tuple[str, ...]:
        if probabilities is None:
            return ()
        best = int(np.argmax(probabilities))
        if self.class_names[best] == label:
            return ()
        return (
            f"The most probable class is {self.class_names[best]} ({probabilities[best]:.2f}), not "
            f"the label, {label}: the label is the class with the largest score, and probabilities "
            "count how frequent the classes were as well.",
        )

    def _recognise(self, seen: SeenClip, maps: bool) -> Recognition:
        clips = {name: np.asarray(values)[None] for name, values in seen.streams.items()}
        found = self.model.decide(clips)
        attention, motion = self.model.look(clips) if maps else ({}, {})
        probabilities = None if found.probabilities is None else found.probabilities[0]
        label = self.class_names[int(found.classes[0])]
        notices = (
            *self._always,
            *seen.notices,
            *self._unfamiliar(found.scores[0]),
            *self._less_probable(label, probabilities),
        )
        taken = {name: values[0] for name, values in self.model.checked(clips).items()}
        return Recognition(
            label=label,
            class_names=self.class_names,
            scores=found.scores[0],
            probabilities=probabilities,
            softmax=found.softmax[0],
            synthetic=self.synthetic,
            attention=attention,
            motion=motion,
            **{**vars(seen), "streams": taken, "notices": notices},
        )
