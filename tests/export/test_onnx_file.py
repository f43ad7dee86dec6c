"""An ONNX runtime gives the package's answers."""

import json
import sys

import numpy as np
import pytest

from astsvm.errors import MissingResourceError


@pytest.mark.slow
def test_a_runtime_gives_the_same_classes_and_scores(
    trained, make_frames, stored_streams, python_answer, tmp_path
):
    onnxruntime = pytest.importorskip("onnxruntime")
    from astsvm.export.onnx_file import write_onnx

    write_onnx(trained, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(
        tmp_path / "model.onnx", providers=["CPUExecutionProvider"]
    )
    labels = json.loads(session.get_modelmeta().custom_metadata_map["labels"])
    assert labels == list(trained.class_names)
    shapes = {entry.name: entry.shape[1:] for entry in session.get_inputs()}
    assert shapes == {"flow": [3, 32, 32, 2], "idsf": [3, 32, 32, 1]}
    frames = make_frames(200, seed=4)
    streams = {name: v.astype(np.float32) for name, v in stored_streams(frames).items()}
    found = dict(
        zip(
            ("class", "scores", "softmax"),
            session.run(["class", "scores", "softmax"], streams),
            strict=True,
        )
    )
    scores, classes = python_answer(frames)
    np.testing.assert_array_equal(found["class"], classes)
    np.testing.assert_allclose(found["scores"], scores, atol=1e-5)
    with pytest.raises(Exception, match="Expected: 3"):
        session.run(None, {**streams, "flow": streams["flow"][:, :2]})


def test_without_the_converter_one_is_told_how_to_get_it(trained, monkeypatch, tmp_path):
    from astsvm.export.onnx_file import write_onnx

    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(MissingResourceError, match=r"pip install 'astsvm\[onnx\]'"):
        write_onnx(trained, tmp_path / "model.onnx")
