"""An ONNX runtime gives the package's answers."""

import json
import sys

import numpy as np
import pytest

from astsvm.errors import MissingResourceError

OUTPUTS = ("class", "scores", "softmax", "probabilities")


@pytest.fixture(scope="module")
def session(export_folder):
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    return onnxruntime.InferenceSession(
        export_folder("onnx") / "model.onnx", providers=["CPUExecutionProvider"]
    )


@pytest.fixture(scope="module")
def streams(make_frames, stored_streams):
    stored = stored_streams(make_frames(200, seed=4))
    return {name: values.astype(np.float32) for name, values in stored.items()}


@pytest.mark.slow
def test_a_runtime_gives_the_same_classes_and_scores(session, streams, recognizer):
    labels = json.loads(session.get_modelmeta().custom_metadata_map["labels"])
    assert labels == list(recognizer.class_names)
    shapes = {entry.name: entry.shape[1:] for entry in session.get_inputs()}
    assert shapes == {"flow": [4, 32, 32, 2], "idsf": [4, 32, 32, 1]}
    assert {entry.name for entry in session.get_outputs()} == set(OUTPUTS)
    found = dict(zip(OUTPUTS, session.run(OUTPUTS, streams), strict=True))
    said = recognizer.decide(streams)
    assert set(said.classes) == {0, 1, 2}
    np.testing.assert_array_equal(found["class"], said.classes)
    for name in OUTPUTS[1:]:
        np.testing.assert_allclose(found[name], getattr(said, name), rtol=0, atol=1e-5)


@pytest.mark.slow
def test_other_shapes_and_types_are_refused(session, streams):
    few = {name: values[:2] for name, values in streams.items()}
    for wrong, says in (
        ({"flow": few["flow"][:, :2]}, "Expected: 4"),
        ({"flow": few["flow"][0]}, "Expected: 5"),
        ({"idsf": few["idsf"].astype(np.float64)}, "expected: (tensor(float))"),
    ):
        with pytest.raises(Exception) as refusal:
            session.run(None, {**few, **wrong})
        assert says in str(refusal.value)
    with pytest.raises(ValueError, match="idsf"):
        session.run(None, {"flow": few["flow"]})


@pytest.mark.slow
def test_a_clip_with_an_unusable_feature_gets_no_class(session, streams):
    few = {name: values[:4].copy() for name, values in streams.items()}
    few["flow"][1, 0, 3, 4, 1] = np.nan
    few["idsf"][2, 1, 5, 6, 0] = 1e6
    found = dict(zip(OUTPUTS, session.run(OUTPUTS, few), strict=True))
    assert list(found["class"] < 0) == [False, True, True, False]
    for name in OUTPUTS[1:]:
        assert [np.isnan(row).all() for row in found[name]] == [False, True, True, False]
        assert np.isfinite(found[name][[0, 3]]).all()


def test_without_the_converter_one_is_told_how_to_get_it(trained, monkeypatch, tmp_path):
    from astsvm.export.onnx_file import write_onnx

    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(MissingResourceError, match=r"-e '\.\[onnx\]'"):
        write_onnx(trained, tmp_path / "model.onnx")
    assert not any(tmp_path.iterdir())
