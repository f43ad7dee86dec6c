"""Requests as TensorFlow Serving documents them get answers of the documented form.

The server itself is not here: `plain_tensorflow.py` does what its documentation says, with the
signatures of the SavedModel, in a process that has TensorFlow and nothing of astsvm's.
"""

import json

import numpy as np
import pytest

SUPPORTED = {"uint8", "float32", "float64", "int64", "string"}
"""Types of ours that https://www.tensorflow.org/tfx/serving/api_rest lists."""


@pytest.fixture(scope="module")
def frames(make_frames):
    return make_frames(2, seed=7)


@pytest.fixture(scope="module")
def right(recognizer, frames):
    return [recognizer.predict_aligned(clip, maps=False) for clip in frames]


@pytest.fixture(scope="module")
def answers(asked_elsewhere, frames, right):
    """Ask with JSON values alone: what a client could send."""
    rows = frames.tolist()
    floats = (frames.astype(np.float32) * np.float32(1 / 255)).tolist()
    features = [
        {name: values.astype(np.float32).tolist() for name, values in one.streams.items()}
        for one in right
    ]
    columns = {name: [one[name] for one in features] for name in features[0]}
    requests = {
        "rows": {"instances": rows},
        "rows by name": {"instances": [{"frames": clip} for clip in rows]},
        "columns": {"inputs": {"frames": rows}},
        "one column": {"inputs": rows},
        "rows of floats": {"signature_name": "float_frames", "instances": floats},
        "rows of features": {"signature_name": "features", "instances": features},
        "columns of features": {"signature_name": "features", "inputs": columns},
        "both": {"instances": rows, "inputs": {"frames": rows}},
        "floats as bytes": {"instances": floats},
        "too few": {"instances": [clip[:3] for clip in rows]},
        "NaN": {"signature_name": "float_frames", "instances": (frames * np.nan).tolist()},
        "unknown": {"signature_name": "faces", "instances": rows},
    }
    # A client's JSON holds text, numbers, lists and objects only.
    return asked_elsewhere(**json.loads(json.dumps(requests)))


@pytest.mark.parametrize("form", ["rows", "rows by name", "rows of floats", "rows of features"])
def test_rows_are_answered_by_rows(answers, right, form):
    assert answers[form].keys() == {"predictions"}, answers[form]
    for said, one in zip(answers[form]["predictions"], right, strict=True):
        assert said.keys() == {"label", "class", "scores", "softmax", "probabilities"}
        assert said["label"] == one.label
        assert one.class_names[said["class"]] == one.label
        np.testing.assert_allclose(said["scores"], one.scores, atol=1e-4)
        np.testing.assert_allclose(said["probabilities"], one.probabilities, atol=1e-4)


@pytest.mark.parametrize("form", ["columns", "one column", "columns of features"])
def test_columns_are_answered_by_columns(answers, right, form):
    assert answers[form].keys() == {"outputs"}, answers[form]
    found = answers[form]["outputs"]
    assert found["label"] == [one.label for one in right]
    np.testing.assert_allclose(found["scores"], [one.scores for one in right], atol=1e-4)


def test_what_cannot_be_answered_is_an_error(answers):
    assert "either instances or inputs" in answers["both"]["error"]
    assert "not of type uint8" in answers["floats as bytes"]["error"]
    assert "expected shape (batch, 5, 32, 32)" in answers["too few"]["error"]
    assert "expected finite grey values" in answers["NaN"]["error"]
    assert "faces" in answers["unknown"]["error"]


def test_every_tensor_is_of_a_type_that_json_has(export_folder):
    import tensorflow as tf

    signatures = tf.saved_model.load(str(export_folder("savedmodel"))).signatures
    assert set(signatures) == {"serving_default", "float_frames", "features"}
    for function in signatures.values():
        tensors = {**function.structured_input_signature[1], **function.structured_outputs}
        assert {spec.dtype.name for spec in tensors.values()} <= SUPPORTED
        # Rows need a first axis that all share; a name in _bytes would be sent as base64.
        assert all(spec.shape[0] is None for spec in tensors.values())
        assert not [name for name in tensors if name.endswith("_bytes")]
