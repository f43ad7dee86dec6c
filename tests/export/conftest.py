"""A small trained model and its exports, frames for it, and a process without astsvm to ask."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from astsvm.config import NetworkSettings, PreprocessingSettings, Settings, TrainingSettings
from astsvm.recognizer.manifest import CalibrationRecord

SETTINGS = Settings(
    preset="tiny",
    preprocessing=PreprocessingSettings(size=32, length=5, alignment="none"),
    network=NetworkSettings(filters=(2, 2), resolution=8, kernels="factorised"),
    training=TrainingSettings(svm_c=10.0),
)
CALIBRATION = CalibrationRecord(
    scale=2.0,
    bias=(0.5, -0.3, -0.2),
    clips=60,
    seeds=1,
    log_loss=0.9,
    base_rate_log_loss=1.1,
    predictions_sha256="0" * 64,
)
STRANGER = Path(__file__).with_name("plain_tensorflow.py")


@pytest.fixture(scope="session")
def make_frames():
    """Draw clips (count, 5, 32, 32) uint8: smooth textures that move, each its own way."""
    import cv2

    def make(count: int, seed: int = 0) -> np.ndarray:
        generator, clips = np.random.default_rng(seed), []
        for _ in range(count):
            texture = cv2.GaussianBlur(generator.random((48, 48)), (0, 0), 2)
            texture = (texture - texture.min()) / np.ptp(texture)
            step = generator.normal(0, 0.5, 2)
            shifts = [
                np.array([[1, 0, -8 - n * step[0]], [0, 1, -8 - n * step[1]]]) for n in range(5)
            ]
            clips.append([cv2.warpAffine(texture, shift, (32, 32)) for shift in shifts])
        return np.rint(255 * np.clip(clips, 0, 1)).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def stored_streams():
    """Compute the features of frames as preprocessing does, and as they are stored."""
    from astsvm.recognizer.seen_clip import see_aligned

    def streams(frames: np.ndarray) -> dict[str, np.ndarray]:
        seen = [see_aligned(clip, SETTINGS.preprocessing).streams for clip in frames]
        return {
            name: np.stack([clip[name] for clip in seen]).astype(np.float16) for name in seen[0]
        }

    return streams


@pytest.fixture(scope="session")
def recognizer(make_bundle, make_frames, stored_streams):
    """Make a calibrated model: a network away from its initial state, an SVM fitted to clips."""
    import keras

    from astsvm.classifier import SvmHead
    from astsvm.network import build_network, feature_extractor
    from astsvm.network.network_file import pack_network
    from astsvm.recognizer import Bundle, Recognizer

    other = make_bundle(SETTINGS, calibration=CALIBRATION)
    keras.utils.set_random_seed(2)
    network = build_network(other.manifest.data.streams, 3, settings=SETTINGS.network)
    for number, weight in enumerate(network.trainable_weights):
        noise = np.random.default_rng(number).normal(0, 0.2, weight.shape)
        weight.assign_add(noise.astype(np.float32))
    features = feature_extractor(network).predict(stored_streams(make_frames(60)), verbose=0)
    svm = SvmHead(3).fit(features, np.arange(60) % 3, SETTINGS.training)
    packed = pack_network(network), svm.to_bytes()
    return Recognizer(Bundle.sealed(other.manifest, SETTINGS, *packed, other.card))


@pytest.fixture(scope="session")
def trained(recognizer):
    """Give the model's parts."""
    from astsvm.export.model_parts import ModelParts

    return ModelParts.of(recognizer)


@pytest.fixture(scope="session")
def export_folder(recognizer, tmp_path_factory):
    """Export the model; each format once."""
    from astsvm.export import export_model

    made = {}

    def exported(kind: str) -> Path:
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind) / "1"
            assert export_model(recognizer, str(folder), kind) == folder
            made[kind] = folder
        return made[kind]

    return exported


@pytest.fixture(scope="session")
def asked_elsewhere(export_folder, tmp_path_factory):
    """Ask the SavedModel in a process that cannot import astsvm, OpenCV, scikit-learn or Keras.

    Requests are TensorFlow Serving's, by a name; their tensors may be arrays. So are the answers.
    """

    def ask(**requests: dict) -> dict[str, dict]:
        folder = tmp_path_factory.mktemp("asked")
        arrays = {}
        for name, request in requests.items():
            inputs = request.get("inputs")
            for key, value in inputs.items() if isinstance(inputs, dict) else ():
                if isinstance(value, np.ndarray):
                    arrays[f"{name}.{key}"] = value
                    inputs[key] = f"{name}.{key}"
        np.savez(folder / "arrays.npz", **arrays)
        (folder / "requests.json").write_text(json.dumps(requests))
        command = [sys.executable, STRANGER, export_folder("savedmodel"), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads((folder / "answers.json").read_text())

    return ask
