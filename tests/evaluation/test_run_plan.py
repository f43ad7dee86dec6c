"""A run's plan: a fold for every seed and subject, and all that the result depends on."""

from __future__ import annotations

import pytest

from astsvm.config import PreprocessingSettings
from astsvm.errors import SettingsError
from astsvm.evaluation.run_plan import plan_run
from astsvm.storage import open_clips


def test_every_subject_is_held_out_with_every_seed(write_clips, tiny_settings):
    with open_clips(write_clips("clips")) as clips:
        plan = plan_run(clips, tiny_settings, "as-labelled", seeds=2)
        subjects = {record.subject_key for record in clips.records}
    assert [(task.seed, task.subject) for task in plan.tasks] == [
        (seed, subject) for seed in (1, 2) for subject in sorted(subjects)
    ]
    for task in plan.tasks:
        assert all(key.startswith(f"{task.subject}/") for key in task.test_clips)
        assert not set(task.train_indices) & set(task.test_indices)
        assert len(task.train_indices) + len(task.test_indices) == len(plan.truth)


def test_clips_made_otherwise_than_the_settings_say_are_noticed(write_clips, tiny_settings):
    path = write_clips("clips")
    with open_clips(path) as clips:
        made = PreprocessingSettings(**clips.settings)
        alike = tiny_settings.replace(preprocessing=made.model_dump())
        other = made.replace(size=made.size * 2)
        differing = tiny_settings.replace(preprocessing=other.model_dump())
        said = [
            plan_run(clips, settings, "as-labelled", 1).config["other_than_settings"]
            for settings in (alike, differing)
        ]
    assert said == ["", f"size: {made.size}, not {made.size * 2}"]


def test_a_stream_that_is_not_stored_is_asked_for_in_vain(write_clips, tiny_settings):
    network = tiny_settings.network.replace(streams=("flow", "idsf"))
    both = tiny_settings.replace(network=network.model_dump())
    with (
        open_clips(write_clips("clips")) as clips,
        pytest.raises(SettingsError, match=r"idsf is missing\. Pass --streams flow"),
    ):
        plan_run(clips, both, "as-labelled", 1)
