"""The network and the SVM as one ONNX file, from features to classes.

Features by stream come from :mod:`astsvm.features` or a clip file; the SavedModel has the flow in
it as well.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# First, because it sets the environment that TensorFlow reads when it is imported.
from astsvm.network.clip_passes import nothing_compiled

# isort: split
import numpy as np
import tensorflow as tf

from astsvm.errors import MissingResourceError
from astsvm.export.model_parts import ModelParts
from astsvm.export.saved_model import FLOAT16_LARGEST, ServedModel
from astsvm.storage.atomic import write_bytes_atomically

__all__ = ["write_onnx"]

OPSET = 18


def write_onnx(parts: ModelParts, path: Path) -> None:
    """Write an ONNX file, whole or not at all.

    Its inputs are the streams by name, (batch, T, H, W, C) float32. Its outputs are ``class``
    (batch,) int64, ``scores`` (batch, classes) float64, the SVM's decision values, ``softmax``
    (batch, classes) float32, and ``probabilities`` (batch, classes) float64 if the model is
    calibrated. Its metadata hold ``labels``, the names of the classes as a JSON list.

    A runtime refuses other shapes and types by itself. ONNX has no way to refuse a value: a clip
    with a feature that is NaN, infinite or beyond float16 gets the class -1, and NaN for the rest.

    Parameters
    ----------
    parts : ModelParts
        What to export.
    path : Path
        The file.

    Raises
    ------
    MissingResourceError
        If tf2onnx is not installed.
    StorageError
        If the file cannot be written.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            import tf2onnx
    except ImportError as error:
        raise MissingResourceError(
            "ONNX files are made by tf2onnx, which is not installed. In the repository's folder: "
            "pip install --constraint constraints.txt -e '.[onnx]'"
        ) from error
    with nothing_compiled(), _no_warnings_logged():
        model = ServedModel(parts)
        streams = {
            name: tf.TensorSpec((None, *shape), tf.float32, name=name)
            for name, shape in model.shapes.items()
        }

        def classify(given: dict[str, Any]) -> dict[str, Any]:
            return _with_unusable_marked(model.classify(given), given)

        function = tf.function(classify, input_signature=[streams], autograph=False)
        converted, _ = tf2onnx.convert.from_function(
            function, input_signature=[streams], opset=OPSET
        )
    entry = converted.metadata_props.add()
    entry.key, entry.value = "labels", json.dumps(list(parts.class_names))
    write_bytes_atomically(path, converted.SerializeToString())


@contextmanager
def _no_warnings_logged() -> Iterator[None]:
    """Keep tf2onnx from telling, once for each machine, which of its rewritings are for float32."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _with_unusable_marked(said: dict[str, Any], streams: dict[str, Any]) -> dict[str, Any]:
    """Give clips with an unusable feature no class: the network's maxima would swallow NaN."""
    clips = [
        tf.reduce_all(tf.abs(values) <= FLOAT16_LARGEST, axis=[1, 2, 3, 4])
        for values in streams.values()
    ]
    usable = tf.reduce_all(tf.stack(clips), axis=0)
    marked = {
        name: tf.where(usable[:, None], values, tf.constant(np.nan, values.dtype))
        for name, values in said.items()
        if name != "class"
    }
    minus_one = tf.constant(-1, said["class"].dtype)
    return {"class": tf.where(usable, said["class"], minus_one), **marked}
