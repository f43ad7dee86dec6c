"""Network and SVM of a bundle, built and checked against each other, ready to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from astsvm.errors import AstsvmError, InvalidInputError, StorageError
from astsvm.recognizer.bundle import Bundle
from astsvm.recognizer.calibration import calibrated
from astsvm.recognizer.recognition import Decisions

if TYPE_CHECKING:
    import keras

    from astsvm.classifier import SvmHead

__all__ = ["TrainedModel"]

_FAR_AWAY = 1e6
"""Standard deviations from all clips of the training; every kernel is 0 there."""
_FLOAT = 4
_FLOAT16_MAXIMUM = float(np.finfo(np.float16).max)

Maps = dict[str, npt.NDArray[np.float16]]
Streams = dict[str, npt.NDArray[np.float32]]


class TrainedModel:
    """The trained parts of a bundle.

    Clips go through the network one at a time: what is said of one does not depend on the company
    it comes in, to the last digit, and nothing is compiled anew for another number of clips.

    Features are not rounded to float16, as those of the training clips were to be stored: where
    they were computed in another order, a last digit of float32 would turn into one of float16, and
    the attention takes maxima. Stored clips, being rounded already, get the answers of training.

    Parameters
    ----------
    bundle : Bundle
        Where settings and weights come from.

    Raises
    ------
    StorageError
        If the parts do not fit together; the message does not name the file.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._manifest, self._settings = bundle.manifest, bundle.settings
        self.network = _built(bundle)
        self.svm = _head(bundle, int(self._feature_layer.output.shape[-1]))
        self._outputs = self._with_features()
        far = self.svm.scaler_mean + _FAR_AWAY * self.svm.scaler_scale
        self.constants: npt.NDArray[np.float64] | None = (
            self.svm.decision_function(far[None])[0] if self.svm.support_arrays() else None
        )
        """Scores of what is like no clip of the training, shape (classes,); None where the SVM has
        seen one class only and gives nothing else."""

    @property
    def _feature_layer(self) -> Any:
        from astsvm.network.model import FEATURES

        return self.network.get_layer(FEATURES)

    def _with_features(self) -> keras.Model:
        import keras

        outputs = {"features": self._feature_layer.output, "probabilities": self.network.output}
        return keras.Model(self.network.input, outputs)

    def decide(self, streams: Mapping[str, npt.NDArray[Any]]) -> Decisions:
        """Say what clips are.

        Parameters
        ----------
        streams : mapping of str to ndarray of shape (n, T, H, W, C), floating
            What the network takes, all of the same n clips.

        Raises
        ------
        InvalidInputError
            If a stream is missing, of another shape, or not finite.
        StorageError
            If what the model says is not finite: its weights are finite, but absurd.
        """
        clips = self.checked(streams)
        count = len(next(iter(clips.values())))
        found = [
            self._outputs.predict_on_batch(
                {name: array[i : i + 1] for name, array in clips.items()}
            )
            for i in range(count)
        ]
        features = np.concatenate([one["features"] for one in found])
        scores = self.svm.decision_function(features)
        softmax = np.concatenate([one["probabilities"] for one in found])
        if not all(np.isfinite(numbers).all() for numbers in (features, scores, softmax)):
            raise StorageError(
                "the model's numbers are so large that its answer is none: expected finite scores, "
                "received infinity or NaN. Train it again, or get it from whom you trust."
            )
        calibration = self._manifest.calibration
        return Decisions(
            scores=scores,
            probabilities=None if calibration is None else calibrated(scores, calibration),
            softmax=softmax,
            features=features,
        )

    def look(self, streams: Mapping[str, npt.NDArray[Any]]) -> tuple[Maps, Maps]:
        """Return attention and motion of a single clip, see :class:`Recognition`."""
        from astsvm.evaluation.attention_maps import clip_maps

        maps = clip_maps(self.network, list(self._manifest.data.streams), [self.checked(streams)])
        return (
            {name: values[0] for name, values in maps.attention.items()},
            {name: values[0] for name, values in maps.motion.items()},
        )

    def checked(self, streams: Mapping[str, npt.NDArray[Any]]) -> Streams:
        """Return the streams that the network takes, float32."""
        clips: Streams = {}
        for name, shape in self._manifest.data.streams.items():
            if name not in streams:
                raise InvalidInputError(
                    f"the model takes the streams {', '.join(self._manifest.data.streams)}, "
                    f"received {', '.join(streams) or 'none'}: {name} is missing."
                )
            values = np.asarray(streams[name])
            if values.dtype.kind != "f" or values.shape[1:] != shape or not len(values):
                raise InvalidInputError(
                    f"stream {name!r}: the model takes floating-point clips of shape (n, "
                    f"{', '.join(map(str, shape))}), received {values.dtype} of shape "
                    f"{values.shape}. Preprocess with the model's settings."
                )
            if not np.abs(values).max() <= _FLOAT16_MAXIMUM:  # false for NaN as well
                raise InvalidInputError(
                    f"stream {name!r} holds NaN, or a value beyond float16. Check the frames."
                )
            clips[name] = values.astype(np.float32)
        if len({len(values) for values in clips.values()}) > 1:
            raise InvalidInputError("all streams must hold the same number of clips.")
        return clips


def _built(bundle: Bundle) -> keras.Model:
    """Build the network from the settings, and take over the numbers of its file."""
    manifest, settings = bundle.manifest, bundle.settings.network
    _require_one_story(bundle)
    _refuse_giants(bundle)
    from astsvm.network.start import start_tensorflow

    start_tensorflow()
    from astsvm.network.model import build_network
    from astsvm.network.network_file import load_weights

    try:
        network = build_network(manifest.data.streams, len(manifest.class_names), settings=settings)
        load_weights(network, bundle.network)
    except AstsvmError as error:
        raise StorageError(f"network.keras: {str(error).rstrip('.')}") from error
    return _unrounded(network)


def _unrounded(network: keras.Model) -> keras.Model:
    """Return the same network for float32 clips, where that of training takes float16."""
    import keras

    config = network.get_config()
    for layer in config["layers"]:
        if layer["class_name"] == "InputLayer":
            layer["config"]["dtype"] = "float32"
    wide = keras.Model.from_config(config)
    wide.set_weights(network.get_weights())
    return wide


def _require_one_story(bundle: Bundle) -> None:
    """Refuse a bundle whose frames would become other streams than its network takes."""
    streams, settings = bundle.manifest.data.streams, bundle.settings
    if tuple(streams) != settings.network.streams:
        raise StorageError("its settings and its manifest name different streams")
    if bundle.manifest.data.precomputed_flow is not None:
        return  # Made elsewhere: the settings of preprocessing have no meaning.
    made = settings.preprocessing.stream_shapes
    for name in settings.network.streams:
        if streams[name] != made[name]:
            raise StorageError(
                f"its settings make {name} of shape {made[name]}, and its manifest says "
                f"{streams[name]}"
            )


def _refuse_giants(bundle: Bundle) -> None:
    """Build no network whose kernels alone are more than the file holds."""
    first, second = bundle.settings.network.filters
    for frames, _, _, channels in bundle.manifest.data.streams.values():
        if _FLOAT * first * max(second, frames * channels) > len(bundle.network):
            raise StorageError("its settings describe a larger network than it holds")


def _head(bundle: Bundle, width: int) -> SvmHead:
    from astsvm.classifier import SvmHead

    try:
        head = SvmHead.from_bytes(bundle.classifier, "classifier.skops")
    except StorageError as error:
        raise StorageError(str(error).rstrip(".")) from error
    if head.classes != len(bundle.manifest.class_names) or len(head.scaler_mean) != width:
        raise StorageError("its SVM is for other classes or another network")
    return head
