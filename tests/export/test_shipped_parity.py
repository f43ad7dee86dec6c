"""The exported SavedModel of the shipped model gives the package's answers on drawn faces."""

import itertools

import numpy as np
import pytest

from astsvm.datasets.synthetic import CLASSES, SyntheticClip, draw_subject

SUBJECTS, LARGEST_DIFFERENCE = 25, 1e-5


@pytest.fixture(scope="module")
def recognizer():
    from astsvm.recognizer import Recognizer
    from astsvm.recognizer.shipped import default_model

    return Recognizer.load(default_model())


@pytest.fixture(scope="module")
def clips(recognizer):
    """Give 200 aligned clips: 25 drawn ones, also mirrored, backwards in time, and darker."""
    from astsvm.recognizer.seen_clip import frame_settings, see_frames

    settings, drawn = frame_settings(recognizer.bundle), []
    for number, label in zip(range(1, SUBJECTS + 1), itertools.cycle(CLASSES), strict=False):
        subject = draw_subject(number, seed=3, size=(320, 240))
        clip = SyntheticClip(subject, 1, label, difficulty="medium")
        frames = (clip.frame(index) for index in range(clip.onset, clip.offset + 1))
        drawn.append(see_frames(frames, clip.fps, settings).frames)
    found = np.stack(drawn)
    for other in (found[..., ::-1], found[:, ::-1], (found * 0.7).astype(np.uint8)):
        found = np.concatenate([found, other])
    return found[:200]


@pytest.mark.slow
def test_both_ways_in_agree_with_the_package(recognizer, clips, tmp_path):
    import tensorflow as tf

    from astsvm.export import export_model

    folder = export_model(recognizer, tmp_path / "1", "savedmodel")
    signatures = tf.saved_model.load(str(folder)).signatures
    right = [recognizer.predict_aligned(clip, maps=False) for clip in clips]
    streams = {
        name: np.stack([one.streams[name] for one in right]).astype(np.float32)
        for name in recognizer.streams
    }
    floats = clips * np.float32(1 / 255)
    labels = [one.label.encode() for one in right]
    scores = np.stack([one.scores for one in right])
    assert set(labels) == {name.encode() for name in recognizer.class_names}
    for signature, inputs in (
        ("serving_default", {"frames": clips}),
        ("float_frames", {"frames": floats[:50]}),
        ("features", streams),
    ):
        found = signatures[signature](**{k: tf.constant(v) for k, v in inputs.items()})
        count = len(found["label"])
        assert found["label"].numpy().tolist() == labels[:count], signature
        difference = np.abs(found["scores"].numpy() - scores[:count]).max()
        assert difference < LARGEST_DIFFERENCE, signature
