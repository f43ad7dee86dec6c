import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.datasets.synthetic.action_units import CLASSES
from astsvm.datasets.synthetic.difficulty import DIFFICULTIES, Difficulty
from astsvm.datasets.synthetic.script import check_fps, draw_script
from astsvm.errors import SettingsError

HARD = DIFFICULTIES["hard"]


@given(
    seed=st.integers(0, 2**32 - 1),
    subject=st.integers(1, 99),
    clip=st.integers(1, 99),
    label=st.sampled_from(CLASSES),
    fps=st.sampled_from([25, 50, 100, 200, 300.5]),
)
@settings(max_examples=50, deadline=None)
def test_timing_of_every_clip(seed, subject, clip, label, fps):
    script = draw_script(seed, subject, clip, label, HARD, fps)
    assert 0 <= script.onset < script.apex < script.offset < script.length
    frame = 1 / fps
    rise, fall = (script.apex - script.onset) / fps, (script.offset - script.apex) / fps
    assert rise <= max(0.200 + frame, 3 * frame)
    assert fall <= max(0.320 + frame, 3 * frame)
    assert rise >= 0.070 - frame
    assert script.onset / fps <= 0.080 + frame
    assert script.profile[script.apex] == 1
    assert (script.profile[: script.onset + 1] == 0).all()
    assert (script.profile[script.offset :] == 0).all()
    assert (np.diff(script.profile[script.onset : script.apex + 1]) > 0).all()
    assert (np.diff(script.profile[script.apex : script.offset + 1]) < 0).all()
    assert 0.2 <= script.amplitude <= 2.5


def test_nothing_has_moved_in_the_first_frame():
    script = draw_script(1, 1, 1, "negative", HARD, 100)
    assert (script.head[0] == 0).all()
    assert all(tremor.course[0] == 0 for tremor in script.tremors)
    assert len(script.tremors) == 10


def test_equal_arguments_give_the_same_script_and_others_do_not():
    one, again = (draw_script(1, 3, 2, "surprise", HARD, 100) for _ in range(2))
    np.testing.assert_array_equal(one.head, again.head)
    assert one.action_units == again.action_units
    for other in ((2, 3, 2), (1, 4, 2), (1, 3, 1), (1, 2, 3)):
        script = draw_script(*other, "surprise", HARD, 100)
        assert script.spot != one.spot


def test_without_nuisances_only_the_expression_is_left():
    calm = Difficulty(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    script = draw_script(1, 1, 1, "positive", calm, 100)
    assert script.amplitude == 1.0
    assert (script.head == 0).all()
    assert (script.light == 0).all()
    assert script.tremors == ()
    nothing = Difficulty(0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert draw_script(1, 1, 1, "positive", nothing, 100).amplitude == 0


def test_head_motion_is_as_strong_as_the_difficulty_says():
    strong = Difficulty(0.5, 0.5, 3.0, 0.05, 2.0, 1.2, 0.0)
    last = np.stack(
        [draw_script(1, 1, clip, "negative", strong, 100).head[-1] for clip in range(1, 401)]
    )
    # The difference of two distant values of unit variance has variance 2; near ones have less.
    spread = last[:, :2].std() * 93 / 2.0
    assert 0.9 < spread < 1.5


def test_amplitude_follows_the_preset_s_median_and_spread():
    drawn = [draw_script(1, s, 1, "negative", HARD, 50).amplitude for s in range(1, 401)]
    assert np.median(drawn) == pytest.approx(0.5, rel=0.1)
    assert np.log(drawn).std() == pytest.approx(0.48, abs=0.07)


@pytest.mark.parametrize("wrong", [0, -25, 24.9, 1001, float("nan"), float("inf"), "100", None])
def test_impossible_frame_rates_are_refused(wrong):
    with pytest.raises(SettingsError, match="fps: expected a number from 25 to 1000, received"):
        check_fps(wrong)
