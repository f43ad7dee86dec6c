"""A small trained model, and frames for it."""

import numpy as np
import pytest

from astsvm.classifier import SvmHead
from astsvm.config import NetworkSettings, PreprocessingSettings, Settings, TrainingSettings
from astsvm.export.model_parts import ModelParts

SETTINGS = Settings(
    preset="tiny",
    preprocessing=PreprocessingSettings(size=32, length=4),
    network=NetworkSettings(filters=(2, 2), resolution=8, kernels="factorised"),
)
BIAS = (0.5, -0.3, -0.2)
CLASSES = ("negative", "positive", "surprise")


@pytest.fixture(scope="session")
def make_frames():
    """Draw clips (count, 4, 32, 32) uint8: smooth textures that move, each its own way."""
    import cv2

    def make(count: int, seed: int = 0) -> np.ndarray:
        generator, clips = np.random.default_rng(seed), []
        for _ in range(count):
            texture = cv2.GaussianBlur(generator.random((48, 48)), (0, 0), 2)
            texture = (texture - texture.min()) / np.ptp(texture)
            step = generator.normal(0, 0.5, 2)
            shifts = [
                np.array([[1, 0, -8 - n * step[0]], [0, 1, -8 - n * step[1]]]) for n in range(4)
            ]
            clips.append([cv2.warpAffine(texture, shift, (32, 32)) for shift in shifts])
        return np.rint(255 * np.clip(clips, 0, 1)).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def stored_streams():
    """Compute the features of frames as preprocessing does, and as they are stored."""
    from astsvm.features import idsf, optical_flow, without_head_motion

    def streams(frames: np.ndarray) -> dict[str, np.ndarray]:
        grey = frames.astype(np.float32) / 255 if frames.dtype == np.uint8 else frames
        flow = np.stack([without_head_motion(optical_flow(clip)) for clip in grey])
        found = {"flow": flow, "idsf": np.stack([idsf(clip) for clip in grey])}
        return {name: values.astype(np.float16) for name, values in found.items()}

    return streams


@pytest.fixture(scope="session")
def trained(make_frames, stored_streams):
    """Make a network away from its initial state, and an SVM fitted to its features."""
    import keras

    from astsvm.network import build_network, feature_extractor

    keras.utils.set_random_seed(2)
    network = build_network(
        {"flow": (3, 32, 32, 2), "idsf": (3, 32, 32, 1)}, settings=SETTINGS.network
    )
    for number, weight in enumerate(network.trainable_weights):
        noise = np.random.default_rng(number).normal(0, 0.2, weight.shape)
        weight.assign_add(noise.astype(np.float32))
    features = feature_extractor(network).predict(stored_streams(make_frames(60)), verbose=0)
    svm = SvmHead(3).fit(features, np.arange(60) % 3, TrainingSettings(svm_c=10.0))
    return ModelParts(
        SETTINGS, network, svm, CLASSES, takes_frames=True, calibration=(2.0, BIAS), about={}
    )


@pytest.fixture(scope="session")
def python_answer(trained, stored_streams):
    """Classify frames as the package does, without a graph of the features or the SVM."""
    from astsvm.network import feature_extractor

    extractor = feature_extractor(trained.network)

    def answer(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        features = extractor.predict(stored_streams(frames), verbose=0)
        return trained.svm.decision_function(features), trained.svm.predict(features)

    return answer
