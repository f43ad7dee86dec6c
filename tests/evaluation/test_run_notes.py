"""What is told before the work."""

from __future__ import annotations

from astsvm.evaluation.run_notes import tell_of_surprises
from astsvm.evaluation.run_plan import plan_run
from astsvm.storage import open_clips


def test_what_one_may_not_have_meant_is_told_before_the_work(write_clips, tiny_settings, caplog):
    labels = {"smic/s1/c0": "others", "smic/s1/c2": "others", "smic/s2/c2": "others"}
    labels["samm/s1/c2"] = "others"
    with open_clips(write_clips("clips", labels=labels)) as clips:
        for protocol in ("megc2019", "as-labelled"):
            tell_of_surprises(plan_run(clips, tiny_settings, protocol, 1), tiny_settings)
    assert "leaves clips out: 1 x samm: label 'others' has no class" in caplog.text
    assert "3 x smic: label 'others'" in caplog.text
    assert "no clip is of the class surprise" in caplog.text
    assert "labels of 2 databases are mixed" in caplog.text
