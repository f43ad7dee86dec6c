import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.datasets.synthetic.action_units import CLASSES
from astsvm.datasets.synthetic.difficulty import DIFFICULTIES, Difficulty
from astsvm.datasets.synthetic.long_script import draw_long_script

HARD = DIFFICULTIES["hard"]


@given(
    seed=st.integers(0, 2**32 - 1),
    labels=st.lists(st.sampled_from(CLASSES), min_size=1, max_size=5),
    fps=st.sampled_from([30, 50, 100, 200]),
)
@settings(max_examples=25, deadline=None)
def test_what_happens_in_every_long_video(seed, labels, fps):
    script = draw_long_script(seed, 1, 1, labels, HARD, fps)
    events = script.events
    micro = [event for event in events if event.kind == "micro"]
    assert [event.label for event in micro] == labels
    count = {kind: sum(event.kind == kind for event in events) for kind in ("blink", "long")}
    assert count == {"blink": len(labels), "long": -(-len(labels) // 3)}
    frame = 1 / fps
    for event in micro:
        assert event.offset - event.onset > 0
        assert (event.offset - event.onset) / fps <= 0.5
    for event in events:
        if event.kind == "long":
            assert (event.offset - event.onset) / fps > 1.3 - 3 * frame
        profile = event.profile
        assert profile.shape == (script.length,)
        assert profile[event.apex] == 1
        assert (profile[: event.onset + 1] == 0).all()
        if event.kind != "head":
            assert (profile[event.offset :] == 0).all()
            assert (profile[event.onset + 1 : event.offset] > 0).all()
    ends = [0, *(edge for event in events for edge in (event.onset, event.offset)), script.length]
    rests = [ends[i + 1] - ends[i] for i in range(0, len(ends), 2)]
    assert min(rests) >= 0.5 * fps - 1
    assert max(rests) <= 1.5 * fps + 2


def test_equal_arguments_give_the_same_script_and_others_do_not():
    one, again = (draw_long_script(1, 2, 3, ["negative"], HARD, 50) for _ in range(2))
    np.testing.assert_array_equal(one.head, again.head)
    assert [event.as_dict() for event in one.events] == [event.as_dict() for event in again.events]
    for other in ((2, 2, 3), (1, 3, 3), (1, 2, 2)):
        assert draw_long_script(*other, ["negative"], HARD, 50).spot != one.spot


def test_the_head_turns_and_drifts_without_a_jump():
    script = draw_long_script(1, 1, 1, ["negative"] * 4, HARD, 100)
    assert (script.head[0] == 0).all()
    steps = np.abs(np.diff(script.head, axis=0)).max(axis=0)
    assert (steps < 0.05 * np.ptp(script.head, axis=0)).all()


def test_without_nuisances_only_expressions_and_blinks_are_left():
    calm = Difficulty(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    script = draw_long_script(1, 1, 1, ["positive", "negative"], calm, 50)
    assert (script.head == 0).all()
    assert (script.light == 0).all()
    assert script.tremors == ()
    sizes = {event.kind: event.amplitude for event in script.events}
    assert sizes["micro"] == 1.0
    assert sizes["long"] == pytest.approx(2.5)


def test_events_are_told_as_json_takes_them():
    script = draw_long_script(1, 1, 1, ["surprise"], HARD, 50)
    told = [event.as_dict() for event in script.events]
    for one, other in itertools.pairwise(told):
        assert one["offset"] < other["onset"]
    (micro,) = (event for event in told if event["kind"] == "micro")
    assert set(micro) == {
        "kind", "onset", "apex", "offset", "label", "action_units", "amplitude_px_at_192",
    }  # fmt: skip
