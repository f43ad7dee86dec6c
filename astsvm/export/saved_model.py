"""One SavedModel from aligned frames to classes, served without astsvm, OpenCV or scikit-learn.

Its signatures, each with a first axis for the batch:

``serving_default``   ``frames`` (B, n, H, W) uint8
``float_frames``      ``frames`` (B, n, H, W) float32 in [0, 1]
``features``          the streams by name, for example ``flow`` (B, T, H, W, 2), float32

All give ``label`` (B,) string, ``class`` (B,) int64, ``scores`` (B, classes) float64, the SVM's
one-vs-rest decision values, and ``softmax`` (B, classes) float32, the network's own opinion, which
is no calibrated probability; a calibrated model also gives ``probabilities`` (B, classes) float64.
A model of flow images made elsewhere takes features only. Frames are what preprocessing makes of a
clip: the aligned face, magnified and interpolated to n time points.
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

__all__ = ["ServedModel", "write_saved_model"]


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

    def signatures(self) -> dict[str, Any]:
        """Return the signatures as concrete functions.

        Their shapes are left open, and checked inside: a runtime would say of a wrong one no more
        than which node of the graph it broke.
        """
        frames, stream = ((None,) * rank for rank in (4, 5))
        streams = {name: tf.TensorSpec(stream, tf.float32, name=name) for name in self.shapes}
        from_streams = tf.function(self.from_streams).get_concrete_function(**streams)
        if not self._takes_frames:
            return {"serving_default": from_streams, "features": from_streams}
        return {
            "serving_default": tf.function(self.from_bytes).get_concrete_function(
                tf.TensorSpec(frames, tf.uint8, name="frames")
            ),
            "float_frames": tf.function(self.from_frames).get_concrete_function(
                tf.TensorSpec(frames, tf.float32, name="frames")
            ),
            "features": from_streams,
        }

    def from_bytes(self, frames: Any) -> dict[str, Any]:
        """Classify frames (B, n, H, W), uint8."""
        grey = tf.cast(_of_shape("frames", frames, self._frames), tf.float32) / 255
        return self._named(feature_streams(grey, self._preprocessing))

    def from_frames(self, frames: Any) -> dict[str, Any]:
        """Classify frames (B, n, H, W), float32 in [0, 1]; refuse others."""
        frames = _of_shape("frames", frames, self._frames)
        lowest, highest = tf.reduce_min(frames), tf.reduce_max(frames)
        within = tf.logical_and(lowest >= 0, highest <= 1)
        message = "frames: expected finite grey values in [0, 1] (divide bytes by 255), received"
        found = [message, lowest, "to", highest]
        with tf.control_dependencies([tf.debugging.Assert(within, found)]):
            return self._named(feature_streams(tf.identity(frames), self._preprocessing))

    def from_streams(self, **streams: Any) -> dict[str, Any]:
        """Classify features by stream, each (B, T, H, W, C) float32; refuse what is not finite."""
        checked = {}
        for name, values in streams.items():
            shaped = _of_shape(name, values, self.shapes[name])
            checked[name] = tf.debugging.check_numerics(shaped, f"{name}: expected finite features")
        return self._named(checked)

    def _named(self, streams: dict[str, Any]) -> dict[str, Any]:
        found = self.classify(streams)
        return {"label": tf.gather(self._names, found["class"]), **found}

    def classify(self, streams: dict[str, Any]) -> dict[str, Any]:
        """Classify features by stream, unchecked."""
        # As clips are stored: the network was trained on float16.
        stored = {name: tf.cast(values, tf.float16) for name, values in streams.items()}
        found = self._network(stored, training=False)
        scores = self._svm(found["features"])
        said = {"class": tf.argmax(scores, axis=1), "scores": scores, "softmax": found["softmax"]}
        if self._calibration is not None:
            scale, bias = self._calibration
            said["probabilities"] = tf.nn.softmax(scale * scores + np.array(bias))
        return said


def _of_shape(name: str, values: Any, shape: tuple[int, ...]) -> Any:
    """Refuse a batch of any other shape."""
    message = f"{name}: expected shape (batch, {', '.join(map(str, shape))}), received"
    found = tf.shape(values)
    fits = tf.reduce_all(tf.equal(found[1:], shape))
    with tf.control_dependencies([tf.debugging.Assert(fits, [message, found], summarize=8)]):
        return tf.ensure_shape(tf.identity(values), (None, *shape))


def write_saved_model(parts: ModelParts, folder: Path) -> None:
    """Write a SavedModel into a folder.

    Raises
    ------
    SettingsError
        If the model's flow exists in OpenCV only.
    StorageError
        If the folder cannot be written.
    """
    with nothing_compiled():
        model = ServedModel(parts)
        try:
            tf.saved_model.save(model, str(folder), signatures=model.signatures())
        except tf.errors.OpError as error:
            raise StorageError(f"{folder}: the SavedModel cannot be written: {error}") from error
