"""The SavedModel gives the package's answers in a process that has never heard of it."""

from dataclasses import replace

import numpy as np
import pytest

CLIPS = 200


@pytest.fixture(scope="module")
def clips(make_frames):
    """Give clips as bytes, and others as floats, which go a little beyond [0, 1]."""
    floats = make_frames(CLIPS, seed=2).astype(np.float32) / 255
    return {"bytes": make_frames(CLIPS, seed=1), "floats": floats * np.float32(1.2) - 0.1}


@pytest.fixture(scope="module")
def expected(recognizer, clips):
    """Ask the package, clip by clip."""
    return {
        name: [recognizer.predict_aligned(clip, maps=False) for clip in frames]
        for name, frames in clips.items()
    }


@pytest.fixture(scope="module")
def served(asked_elsewhere, clips, expected):
    """Ask the SavedModel in another process."""
    streams = {
        name: np.stack([seen.streams[name] for seen in expected["bytes"]]).astype(np.float32)
        for name in ("flow", "idsf")
    }
    floats, first = clips["floats"], {name: values[:2] for name, values in streams.items()}
    beyond, one_nan = first["flow"].copy(), floats[:2].copy()
    beyond[1, 0, 0, 0, 0], one_nan[1, 3, 7, 9] = 1e5, np.nan
    asked = {
        "bytes": ("serving_default", {"frames": clips["bytes"]}),
        "floats": ("float_frames", {"frames": floats}),
        "features": ("features", streams),
        "too few frames": ("float_frames", {"frames": floats[:2, :2]}),
        "too small": ("serving_default", {"frames": clips["bytes"][:1, :, :16]}),
        "a clip alone": ("serving_default", {"frames": clips["bytes"][0]}),
        "no clip": ("serving_default", {"frames": clips["bytes"][:0]}),
        "no floats": ("float_frames", {"frames": floats[:0]}),
        "bytes as floats": ("float_frames", {"frames": floats[:2] * 255}),
        "one NaN": ("float_frames", {"frames": one_nan}),
        "floats as bytes": ("serving_default", {"frames": floats[:2]}),
        "no features": ("features", {name: values[:0] for name, values in streams.items()}),
        "feature of another shape": ("features", {**first, "idsf": first["idsf"][:, :, 1:]}),
        "more of one": ("features", {**first, "flow": streams["flow"][:3]}),
        "NaN in a feature": ("features", {**first, "idsf": first["idsf"] * np.nan}),
        "beyond float16": ("features", {**first, "flow": beyond}),
        "one missing": ("features", {"flow": first["flow"]}),
        "double": ("features", {**first, "flow": first["flow"].astype(np.float64)}),
    }
    requests = {
        name: {"signature_name": signature, "inputs": inputs}
        for name, (signature, inputs) in asked.items()
    }
    return asked_elsewhere(**requests)


@pytest.mark.parametrize("given", ["bytes", "floats", "features"])
def test_classes_are_the_same_and_scores_nearly(served, expected, recognizer, given):
    found = served[given]["outputs"]
    right = expected["floats" if given == "floats" else "bytes"]
    assert found["label"] == [one.label for one in right]
    assert set(found["label"]) == set(recognizer.class_names)
    assert [recognizer.class_names[number] for number in found["class"]] == found["label"]
    for name in ("scores", "probabilities", "softmax"):
        values = [getattr(one, name) for one in right]
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("too few frames", "frames: expected shape (batch, 5, 32, 32), batch 1 or more; received"),
        ("too few frames", "[2 2 32 32]"),
        ("too small", "[1 5 16 32]"),
        ("a clip alone", "[5 32 32]"),
        ("no clip", "batch 1 or more; received"),
        ("no floats", "batch 1 or more; received"),
        ("bytes as floats", "expected finite grey values of about 0 to 1 (divide bytes by 255)"),
        ("one NaN", "expected finite grey values"),
        ("floats as bytes", "expected to be a uint8 tensor but is a float tensor"),
        ("no features", "batch 1 or more; received"),
        ("feature of another shape", "idsf: expected shape (batch, 4, 32, 32, 1)"),
        ("more of one", "flow, idsf: expected as many clips of each; received"),
        ("NaN in a feature", "idsf: expected finite features"),
        ("beyond float16", "flow: expected finite features, none beyond float16"),
        ("one missing", "idsf"),
        ("double", "expected to be a float tensor but is a double tensor"),
    ],
)
def test_wrong_input_is_told(served, given, says):
    assert says in served[given].get("error", "no error")


@pytest.mark.slow
def test_a_model_of_flow_images_takes_features_only(trained):
    from astsvm.export.saved_model import ServedModel
    from astsvm.network.clip_passes import nothing_compiled

    with nothing_compiled():
        signatures = ServedModel(replace(trained, takes_frames=False)).signatures()
    assert signatures.keys() == {"serving_default", "features"}
    assert set(signatures["serving_default"].structured_input_signature[1]) == {"flow", "idsf"}
