"""The picture of a recognition: what is said stands in it, and scores have a panel of their own."""

import numpy as np
import pytest
from matplotlib.text import Text

from astsvm.config import PreprocessingSettings
from astsvm.errors import StorageError
from astsvm.recognizer.recognition import Recognition
from astsvm.reporting.recognition_picture import draw_recognition, recognition_figure

SETTINGS = PreprocessingSettings(size=32, length=5)


def recognition(names=("negative", "positive", "surprise"), **changes):
    generator = np.random.default_rng(0)
    classes = len(names)
    fields = {
        "label": names[1],
        "class_names": names,
        "scores": np.linspace(-1.2, 0.9, classes)[::-1],
        "probabilities": None,
        "softmax": np.full(classes, 1 / classes, np.float32),
        "synthetic": True,
        "streams": {
            "flow": generator.normal(size=(4, 32, 32, 2)).astype(np.float16),
            "idsf": generator.normal(size=(4, 32, 32, 1)).astype(np.float16),
        },
        "attention": {
            "flow": generator.uniform(0.5, 2, (16, 16)).astype(np.float16),
            "flow_frames": generator.uniform(0.5, 2, 4).astype(np.float16),
        },
        "motion": {"flow": generator.uniform(0, 1, (16, 16)).astype(np.float16)},
        "frames": generator.integers(0, 256, (5, 32, 32), dtype=np.uint8),
        "notices": ("SYNTHETIC: drawn faces.", "The whole input was taken."),
    }
    return Recognition(**{**fields, **changes})


def said(found, name="clip.mp4"):
    texts = recognition_figure(found, SETTINGS, name).findobj(Text)
    return "\n".join(text.get_text() for text in texts)


def test_label_notices_and_features_are_named():
    words = said(recognition())
    for expected in (
        "clip.mp4   recognised as: positive",
        "SYNTHETIC: drawn faces.",
        "The whole input was taken.",
        "optical flow",
        "IDSF",
        "attention on the flow",
        "scores of the SVM",
        "softmax of the network",
        "0.90",
    ):
        assert expected in words
    assert "probabilities" not in words


def test_probabilities_stand_apart_from_scores():
    words = said(recognition(probabilities=np.array([0.1, 0.7, 0.2])))
    assert "probabilities,\ncalibrated" in words
    assert "0.70" in words


def test_without_maps_or_frames_there_is_still_a_picture():
    words = said(recognition(attention={}, motion={}, frames=None))
    assert "attention" not in words
    assert "scores of the SVM" in words


def test_everything_lies_within_the_picture():
    for found in (
        recognition(),
        recognition(tuple(f"class number {i}" for i in range(30)), notices=("word " * 200,)),
        recognition(probabilities=np.array([0.1, 0.7, 0.2])),
    ):
        figure = recognition_figure(found, SETTINGS, "x" * 300)
        figure.canvas.draw()
        frame = figure.bbox
        for text in figure.findobj(Text):
            if text.get_text().strip() and text.get_visible():
                box = text.get_window_extent()
                assert box.x0 >= frame.x0 - 1, text
                assert box.x1 <= frame.x1 + 1, text
                assert box.y0 >= frame.y0 - 1, text
                assert box.y1 <= frame.y1 + 1, text


def test_equal_recognitions_give_equal_files_and_names_are_no_formulas(tmp_path):
    for name in ("one.png", "other.png"):
        draw_recognition(recognition(("$x", "a_b", "喜")), SETTINGS, "$\\frac$", tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path):
    with pytest.raises(StorageError, match="cannot be written"):
        draw_recognition(recognition(), SETTINGS, "clip", tmp_path / "no" / "x.png")


def test_under_the_attention_stands_that_it_is_no_explanation():
    assert "An attention map is not an explanation" in said(recognition())
    assert "explanation" not in said(recognition(attention={}, motion={}))
