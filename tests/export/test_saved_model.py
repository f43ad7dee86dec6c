"""The SavedModel gives the package's answers in a process that has never heard of it."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

CLIENT = """
import sys
sys.modules["astsvm"] = sys.modules["cv2"] = sys.modules["sklearn"] = sys.modules["keras"] = None
import numpy as np
import tensorflow as tf
given = dict(np.load(sys.argv[2]))
signatures = tf.saved_model.load(sys.argv[1]).signatures
found = {}
for name, inputs in (
    ("serving_default", {"frames": given["bytes"]}),
    ("float_frames", {"frames": given["floats"]}),
    ("features", {"flow": given["flow"], "idsf": given["idsf"]}),
):
    for key, value in signatures[name](**{k: tf.constant(v) for k, v in inputs.items()}).items():
        found[f"{name} {key}"] = value.numpy()
        if key == "label":
            found[f"{name} {key}"] = found[f"{name} {key}"].astype("S")
for name, frames in (
    ("too few", given["floats"][:, :2]),
    ("bytes as floats", given["floats"] * 255),
    ("not a number", np.full_like(given["floats"], np.nan)),
):
    try:
        signatures["float_frames"](frames=tf.constant(frames))
        found[f"error {name}"] = "none"
    except Exception as error:
        found[f"error {name}"] = f"{type(error).__name__}: {error}"
np.savez(sys.argv[3], **found)
"""


@pytest.fixture(scope="module")
def served(trained, make_frames, stored_streams, tmp_path_factory):
    """Export the model, and ask it about 200 clips in another process."""
    from astsvm.export.saved_model import write_saved_model

    folder = tmp_path_factory.mktemp("served")
    write_saved_model(trained, folder / "1")
    frames = make_frames(200, seed=1)
    floats = np.random.default_rng(0).permutation(frames).astype(np.float32) / 255
    streams = {name: values.astype(np.float32) for name, values in stored_streams(frames).items()}
    np.savez(folder / "given.npz", bytes=frames, floats=floats, **streams)
    names = [folder / name for name in ("1", "given.npz", "found.npz")]
    subprocess.run([sys.executable, "-c", CLIENT, *map(str, names)], check=True)
    return {"frames": frames, "floats": floats, "folder": folder, **np.load(folder / "found.npz")}


@pytest.mark.parametrize("signature", ["serving_default", "float_frames", "features"])
def test_classes_are_the_same_and_scores_nearly(served, python_answer, trained, signature):
    scores, classes = python_answer(served["floats" if signature == "float_frames" else "frames"])
    assert len(set(classes)) == 3
    np.testing.assert_array_equal(served[f"{signature} class"], classes)
    # Frames of 32 pixels are averaged over few: a pixel that float16 rounds the other way shows.
    tolerance = 1e-5 if signature == "features" else 5e-5
    np.testing.assert_allclose(served[f"{signature} scores"], scores, atol=tolerance)
    names = [name.decode() for name in served[f"{signature} label"]]
    assert names == [trained.class_names[number] for number in classes]
    powers = np.exp(2 * served[f"{signature} scores"] + [0.5, -0.3, -0.2])
    np.testing.assert_allclose(
        served[f"{signature} probabilities"], powers / powers.sum(axis=1, keepdims=True)
    )
    assert served[f"{signature} softmax"].sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_wrong_input_is_told(served):
    assert "frames: expected shape (batch, 4, 32, 32), received" in str(served["error too few"])
    assert "[200 2 32 32]" in str(served["error too few"])
    for name in ("bytes as floats", "not a number"):
        assert "expected finite grey values in [0, 1]" in str(served[f"error {name}"])


@pytest.mark.slow
def test_a_model_of_flow_images_takes_features_only(trained):
    from astsvm.export.saved_model import ServedModel
    from astsvm.network.clip_passes import nothing_compiled

    with nothing_compiled():
        signatures = ServedModel(replace(trained, takes_frames=False)).signatures()
    assert signatures.keys() == {"serving_default", "features"}
    assert set(signatures["serving_default"].structured_input_signature[1]) == {"flow", "idsf"}
