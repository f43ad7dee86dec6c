"""The whole search on a drawn face with planted expressions. SYNTHETIC."""

import numpy as np
import pytest

from astsvm.datasets.synthetic import LongVideo, draw_subject
from astsvm.spotting import spot
from astsvm.spotting.agreement import count_agreement

FPS = 30


@pytest.mark.slow
def test_planted_expressions_are_found_and_nothing_else():
    video = LongVideo(
        draw_subject(3, seed=2, size=(320, 240)), 1, ["surprise"], difficulty="easy", fps=FPS
    )
    read = []

    def frames():
        for index in range(len(video)):
            read.append(index)
            yield video.frame(index)

    found = spot(frames(), FPS)
    assert read == list(range(len(video)))
    true = [(event.onset, event.offset) for event in video.expressions]
    counts = count_agreement([(c.onset, c.offset) for c in found.candidates], true)
    assert (counts.right, counts.found, counts.true) == (1, 1, 1)
    (blink,) = (event for event in video.events if event.kind == "blink")
    assert [b.onset <= blink.apex <= b.offset for b in found.blinks] == [True]
    assert found.seen.all()
    assert np.isfinite(found.signal).all()
