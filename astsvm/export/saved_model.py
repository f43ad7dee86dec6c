"""One SavedModel from aligned frames to classes, served without astsvm, OpenCV or scikit-learn.

Its signatures, each with a first axis for the batch:

``serving_default``   ``frames`` (B, n, H, W) uint8
``float_frames``      ``frames`` (B, n, H, W) float32, black 0 and white 1; magnification and
                      interpolation go a little beyond, and that counts
``features``          the streams by name, for example ``flow`` (B, T, H, W, 2), float32

All give ``label`` (B,) string, ``class`` (B,) int64, ``scores`` (B, classes) float64, the SVM's
one-vs-rest decision values, and ``softmax`` (B, classes) float32, the network's own opinion, which
is no calibrated probability; a calibrated model also gives ``probabilities`` (B, classes) float64.
A model of flow images made elsewhere takes features only. Frames are what preprocessing makes of a
clip: the aligned face, magnified and interpolated to n time points.

Scores differ from the package's by rounding, since sums are taken in another order: by 1e-6 or so
(``benchmarks/export_parity.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

# First, because it sets the environment that TensorFlow reads when it is imported.
from astsvm.network.clip_passes import nothing_compiled
from astsvm.network.model import feature_extractor

# isort: split
import keras
import numpy as np
import tensorflow as tf

from astsvm.errors import StorageError
from astsvm.export.feature_graph import feature_streams
from astsvm.export.model_parts import ModelParts
from astsvm.export.svm_graph import SvmGraph
from astsvm.recognizer.seen_clip import DARKEST, LIGHTEST

__all__ = ["FLOAT16_LARGEST", "ServedModel", "write_saved_model"]

FLOAT16_LARGEST = float(np.finfo(np.float16).max)


class ServedModel(tf.Module):  # type: ignore[misc]
    """The whole of a trained model as one graph.

    Parameters
    ----------
    parts : ModelParts
        Its parts.
    """

    def __init__(self, parts: ModelParts) -> None:
        super().__init__(name="astsvm")
        self._preprocessing = parts.settings.preprocessing.replace(
            streams=parts.settings.network.streams
        )
        network = parts.network
        features = feature_extractor(network).output
        self._network = keras.Model(
            network.input, {"features": features, "softmax": network.output}
        )
        self.shapes = {tensor.name: tuple(tensor.shape[1:]) for tensor in self._network.inputs}
        size = self._preprocessing.size
        self._frames = (self._preprocessing.length, size, size)
        self._svm, self._takes_frames = SvmGraph(parts.svm), parts.takes_frames
        self._calibration = parts.calibration
        self._names = list(parts.class_names)
        streams = {name: tf.TensorSpec((None, *s), tf.float32) for name, s in self.shapes.items()}
        grey = tf.TensorSpec((None, *self._frames), tf.float32)
        self._said_of_streams = _shared(self.classify, streams)
        self._said_of_grey = _shared(self._classify_grey, grey)

    def signatures(self) -> dict[str, Any]:
        """Return the signatures as concrete functions.

        Their shapes are left open, and checked inside: a runtime would say of a wrong one no more
        than which node of the graph it broke.
        """
        clips, stream = ((None,) * rank for rank in (4, 5))
        streams = {name: tf.TensorSpec(stream, tf.float32, name=name) for name in self.shapes}
        from_streams = _traced(self.from_streams, **streams)
        if not self._takes_frames:
            return {"serving_default": from_streams, "features": from_streams}
        return {
            "serving_default": _traced(self.from_bytes, tf.TensorSpec(clips, tf.uint8, "frames")),
            "float_frames": _traced(self.from_frames, tf.TensorSpec(clips, tf.float32, "frames")),
            "features": from_streams,
        }

    def from_bytes(self, frames: Any) -> dict[str, Any]:
        """Classify frames (B, n, H, W), uint8."""
        # The product, as the package takes it: a quotient has other last bits.
        grey = tf.cast(_of_shape("frames", frames, self._frames), tf.float32) * np.float32(1 / 255)
        return self._named(self._said_of_grey(grey))

    def from_frames(self, frames: Any) -> dict[str, Any]:
        """Classify frames (B, n, H, W), float32, black 0 and white 1; refuse others."""
        frames = _within(
            _of_shape("frames", frames, self._frames),
            (DARKEST, LIGHTEST),
            "frames: expected finite grey values of about 0 to 1 (divide bytes by 255)",
        )
        return self._named(self._said_of_grey(frames))

    def from_streams(self, **streams: Any) -> dict[str, Any]:
        """Classify features by stream, each (B, T, H, W, C) float32; refuse what is not finite."""
        checked = {}
        for name, values in streams.items():
            shaped = _of_shape(name, values, self.shapes[name])
            message = f"{name}: expected finite features, none beyond float16"
            checked[name] = _within(shaped, (-FLOAT16_LARGEST, FLOAT16_LARGEST), message)
        return self._named(self._said_of_streams(_as_many(checked)))

    def _named(self, said: dict[str, Any]) -> dict[str, Any]:
        return {"label": tf.gather(self._names, said["class"]), **said}

    def _classify_grey(self, frames: Any) -> dict[str, Any]:
        said: dict[str, Any] = self._said_of_streams(feature_streams(frames, self._preprocessing))
        return said

    def classify(self, streams: dict[str, Any]) -> dict[str, Any]:
        """Classify features by stream, unchecked."""
        found = self._network(streams, training=False)
        scores = self._svm(found["features"])
        said = {"class": tf.argmax(scores, axis=1), "scores": scores, "softmax": found["softmax"]}
        if self._calibration is not None:
            scale, bias = self._calibration
            said["probabilities"] = tf.nn.softmax(scale * scores + np.array(bias))
        return said


def _shared(method: Any, argument: Any) -> Any:
    """Return a method as a function that the signatures share: it is stored once."""
    function = tf.function(method, [argument], autograph=False)

    # A plain function, since the module would store one of TensorFlow's a second time.
    def shared(given: Any) -> Any:
        return function(given)

    return shared


def _traced(method: Any, *arguments: Any, **streams: Any) -> Any:
    """Return a method as a concrete function of tensors."""
    # Nothing in it depends on a tensor's value, and without autograph tracing is twice as fast.
    return tf.function(method, autograph=False).get_concrete_function(*arguments, **streams)


def _of_shape(name: str, values: Any, shape: tuple[int, ...]) -> Any:
    """Refuse a batch of any other shape, and one without a clip."""
    message = f"{name}: expected shape (batch, {', '.join(map(str, shape))}), batch 1 or more"
    found = tf.shape(values)
    # Compared as text, which exists of every number of axes: a loaded graph may be given any.
    sides = tf.strings.reduce_join(tf.strings.as_string(found[1:]), separator=" ")
    fits = tf.logical_and(tf.equal(sides, " ".join(map(str, shape))), tf.reduce_all(found > 0))
    checked = _asserted(values, fits, [f"{message}; received", found])
    return tf.ensure_shape(checked, (None, *shape))


def _within(values: Any, bounds: tuple[float, float], message: str) -> Any:
    """Refuse NaN, infinity, and any value out of bounds."""
    lowest, highest = bounds
    fits = tf.reduce_all(tf.logical_and(values >= lowest, values <= highest))
    found = [f"{message}; received", tf.reduce_min(values), "to", tf.reduce_max(values)]
    return _asserted(values, fits, found)


def _as_many(streams: dict[str, Any]) -> dict[str, Any]:
    """Refuse streams of different numbers of clips."""
    counts = tf.stack([tf.shape(values)[0] for values in streams.values()])
    found = [f"{', '.join(streams)}: expected as many clips of each; received", counts]
    fits = tf.reduce_all(tf.equal(counts, counts[0]))
    return {name: _asserted(values, fits, found) for name, values in streams.items()}


def _asserted(values: Any, condition: Any, message: list[Any]) -> Any:
    """Return the values; running the graph fails with the message where the condition is false."""
    with tf.control_dependencies([tf.debugging.Assert(condition, message, summarize=8)]):
        return tf.identity(values)


def write_saved_model(parts: ModelParts, folder: Path) -> None:
    """Write a SavedModel into a folder.

    Raises
    ------
    SettingsError
        If the model's flow exists in OpenCV only.
    StorageError
        If the folder cannot be written.
    """
    # Nobody trains what is served: without gradients it is smaller, and written sooner.

    with nothing_compiled():
        model = ServedModel(parts)
        try:
            tf.saved_model.save(model, str(folder), model.signatures())
        except tf.errors.OpError as error:
            raise StorageError(f"{folder}: the SavedModel cannot be written: {error}") from error
