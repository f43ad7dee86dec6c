"""A run's plan: a fold for every seed and subject, and all that the result depends on."""

from __future__ import annotations

import pytest

from astsvm.config import InnerSettings, PreprocessingSettings
from astsvm.datasets.contract import CORRECTED
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


def test_where_clips_come_from_and_what_was_corrected_stands_in_the_plan(
    write_clips, tiny_settings
):
    notes = ("action units 4", f"{CORRECTED}apex 9: dropped")
    with open_clips(write_clips("clips", notes=notes)) as clips:
        data = plan_run(clips, tiny_settings, "as-labelled", 1).config["data"]
        keys = [record.key for record in clips.records]
    assert data["datasets"] == ["folder"]
    assert data["corrected"] == [f"{key}: apex 9: dropped" for key in keys]


def test_files_without_a_clip_say_why(write_clips, tiny_settings, tmp_path):
    from astsvm.datasets import Dataset, Problem
    from astsvm.storage import PartsFolder

    dataset = Dataset("folder", tmp_path, ())
    with PartsFolder.open(tmp_path / "none.h5", dataset, PreprocessingSettings()) as parts:
        parts.assemble((Problem(tmp_path / "clips.csv", 2, "db/1/a", "no face found"),))
    with (
        open_clips(tmp_path / "none.h5") as clips,
        pytest.raises(SettingsError, match=r"hold no clip\. The first that was skipped: .*no face"),
    ):
        plan_run(clips, tiny_settings, "as-labelled", 1)


def test_a_run_on_gpus_is_another_run(write_clips, tiny_settings):
    with open_clips(write_clips("clips")) as clips:
        found = [
            plan_run(clips, tiny_settings, "as-labelled", 1, gpus=gpus).config
            for gpus in ("", "NVIDIA A100")
        ]
    assert {key for key in found[0] if found[0][key] != found[1][key]} == {"folds_on_gpus"}


def test_a_final_model_has_a_subject_more_for_its_inner_split(write_clips, tiny_settings):
    with open_clips(write_clips("clips")) as clips:
        subjects = len({record.subject_key for record in clips.records})

        def split(parts):
            training = tiny_settings.training.replace(inner=InnerSettings(splits=parts))
            return tiny_settings.replace(training=training)

        plan_run(clips, split(subjects), "as-labelled", 1, final=True)
        with pytest.raises(SettingsError, match=f"every fold trains on {subjects - 1} subject"):
            plan_run(clips, split(subjects), "as-labelled", 1)
        with pytest.raises(SettingsError, match=f"there are {subjects} subjects only"):
            plan_run(clips, split(subjects + 1), "as-labelled", 1, final=True)
