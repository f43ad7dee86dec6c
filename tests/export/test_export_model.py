"""Every format is a folder that says what it is, and appears whole or not at all."""

import json
import subprocess
import sys

import numpy as np
import pytest

from astsvm.errors import MissingResourceError, SettingsError, StorageError
from astsvm.export import FORMATS, export_model

FILES = {"savedmodel": "saved_model.pb", "onnx": "model.onnx", "keras": "network.keras"}

ELSEWHERE = """
import sys
import numpy as np
import astsvm.network.model
import keras
network = keras.saving.load_model(sys.argv[1])
given = dict(np.load(sys.argv[2]))
np.save(sys.argv[3], network.predict_on_batch({n: v.astype("float16") for n, v in given.items()}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_beside_the_model_stands_what_it_is(export_folder, recognizer, kind):
    folder = export_folder(kind)
    assert (folder / FILES[kind]).is_file()
    about = json.loads((folder / "astsvm.json").read_text("utf-8"))
    assert about["format"] == kind
    assert about["labels"] == ["negative", "positive", "surprise"]
    assert about["synthetic"] is True
    assert about["settings"] == recognizer.settings.model_dump(mode="json")
    assert about["manifest"] == recognizer.bundle.manifest.model_dump(mode="json")
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.slow
def test_keras_reads_the_network_by_itself(export_folder, recognizer, stored_streams, make_frames):
    folder = export_folder("keras")
    streams = stored_streams(make_frames(5, seed=3))
    np.savez(folder.parent / "given.npz", **streams)
    names = [folder / "network.keras", folder.parent / "given.npz", folder.parent / "found.npy"]
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *names],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = np.load(names[2])
    np.testing.assert_allclose(found, recognizer.decide(streams).softmax, rtol=0, atol=1e-5)
    for path in names[1:]:
        path.unlink()


def test_a_folder_with_something_in_it_is_left_alone(recognizer, tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "precious").write_text("mine")
    with pytest.raises(StorageError, match="there is something already"):
        export_model(recognizer, tmp_path / "served", "keras")
    assert [path.name for path in (tmp_path / "served").iterdir()] == ["precious"]
    with pytest.raises(StorageError, match="exists, may be written to"):
        export_model(recognizer, tmp_path / "nowhere" / "served", "keras")


def test_an_unknown_format_is_refused(recognizer, tmp_path):
    with pytest.raises(SettingsError, match="expected one of savedmodel, onnx, keras"):
        export_model(recognizer, tmp_path / "model", "tflite")
    assert not any(tmp_path.iterdir())


def test_nothing_is_left_of_an_export_that_fails(recognizer, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(MissingResourceError, match=r"-e '\.\[onnx\]'"):
        export_model(recognizer, tmp_path / "model", "onnx")
    assert not any(tmp_path.iterdir())


def test_a_flow_that_only_opencv_has_is_served_from_features_alone(
    make_bundle, small_settings, tmp_path
):
    from astsvm.recognizer import Recognizer

    flow = small_settings.preprocessing.flow.replace(method="dis")
    preprocessing = small_settings.preprocessing.replace(flow=flow)
    other = Recognizer(make_bundle(small_settings.replace(preprocessing=preprocessing)))
    with pytest.raises(SettingsError, match=r"'dis', which is OpenCV's own.*onnx"):
        export_model(other, tmp_path / "model", "savedmodel")
    assert not any(tmp_path.iterdir())
