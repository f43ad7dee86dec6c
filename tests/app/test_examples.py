"""Examples are drawn, say so, and are not what the shipped model was trained on."""

import numpy as np
import pytest

from astsvm.app import examples
from astsvm.app.examples import EXAMPLES, draw_example
from astsvm.datasets.synthetic import CLASSES, draw_subject


@pytest.fixture(autouse=True)
def drawn_small(monkeypatch):
    monkeypatch.setattr(examples, "_SIZE", (320, 240))
    examples._draw.cache_clear()
    yield
    examples._draw.cache_clear()


def test_all_are_called_synthetic_and_every_class_is_there():
    assert all(name.startswith("SYNTHETIC") for name in EXAMPLES)
    assert {script.labels for script in EXAMPLES.values() if not script.long} == {
        (label,) for label in CLASSES
    }


def test_a_clip_lies_between_its_onset_and_offset():
    name = next(iter(EXAMPLES))
    example = draw_example(name)
    assert example.name == name
    assert example.planted == "Planted: negative."
    assert example.frames.dtype == np.uint8
    assert 10 <= len(example.frames) <= 60
    assert not example.long
    assert draw_example(name) is example


def test_a_long_video_tells_what_was_planted_when():
    name = next(name for name, script in EXAMPLES.items() if script.long)
    example = draw_example(name)
    assert example.long
    assert "surprise from" in example.planted
    assert "positive from" in example.planted
    assert len(example.frames) / example.fps > 3


def test_the_faces_are_others_than_those_of_the_shipped_corpus():
    ours = draw_subject(1, seed=examples._SEED, size=(320, 240))
    theirs = draw_subject(1, seed=1, size=(320, 240))
    assert not np.array_equal(ours.grey, theirs.grey)
