"""Which rows the tables have, which clips allow them, and which of them are one run."""

from __future__ import annotations

import pytest

from astsvm.baselines import all_baselines
from astsvm.config import Settings
from astsvm.errors import SettingsError
from astsvm.evaluation.ablation_plan import plan_ablation
from astsvm.storage import open_clips

BOTH = ("flow", "idsf")
ALL = (8, 9, 10, 11, 12)


@pytest.fixture
def planned(write_clips):
    """Plan an ablation of clips that hold some streams."""

    def plan(streams, tables=(9, 10, 11, 12), settings=None):
        with open_clips(write_clips("-".join(streams), streams=streams)) as clips:
            return plan_ablation(clips, settings or Settings.from_preset("fast"), tables)

    return plan


def rows_of(plan, number):
    (table,) = (table for table in plan.tables if table.number == number)
    return {row.variant.name: row for row in table.rows}


def test_the_tables_have_the_papers_rows(planned):
    plan = planned(BOTH)
    assert list(rows_of(plan, 9)) == ["flow-only", "idsf-only", "full"]
    assert list(rows_of(plan, 10)) == ["no-attention", "cam-only", "sam-only", "full"]
    assert list(rows_of(plan, 11)) == ["2d-only", "3d-only", "full"]
    assert list(rows_of(plan, 12)) == ["full"]
    assert plan.remarks == ()


def test_a_row_changes_one_thing_of_the_method(planned):
    plan = planned(BOTH)
    fast = Settings.from_preset("fast")
    expected = {
        "flow-only": {"streams": ("flow",)},
        "idsf-only": {"streams": ("idsf",)},
        "no-attention": {"attention": "none"},
        "cam-only": {"attention": "cam"},
        "sam-only": {"attention": "sam"},
        "2d-only": {"modules": ("2d",)},
        "3d-only": {"modules": ("3d",)},
        "full": {},
    }
    runs = plan.runs()
    assert next(iter(runs)) == "full"
    assert set(runs) == set(expected)
    for name, changes in expected.items():
        assert runs[name].settings == fast.replace(network=fast.network.replace(**changes))


def test_on_flow_alone_rows_of_both_streams_are_listed_with_the_reason(planned):
    plan = planned(("flow",), ALL)
    table = rows_of(plan, 9)
    assert table["flow-only"].reason == ""
    assert table["idsf-only"].reason == "the stream idsf is not stored"
    assert table["full"].reason == "the stream idsf is not stored"
    assert plan.reference.label == "AST+SVMNet, optical flow only"
    assert set(rows_of(plan, 10)) == {"no-attention", "cam-only", "sam-only", "flow-only"}
    assert all(row.settings.network.streams == ("flow",) for row in rows_of(plan, 10).values())
    # The reference of Tables 10 to 12 is the first row of Table 9: one run.
    assert [name for name in plan.runs() if not name.startswith("features-")] == [
        "flow-only",
        "no-attention",
        "cam-only",
        "sam-only",
        "2d-only",
        "3d-only",
    ]
    assert "there are no frames: the stream idsf is not stored" in (
        rows_of(plan, 8)["features-lbp_top"].reason
    )
    assert "network with one path" in plan.remarks[0]


def test_table_8_holds_every_descriptor_of_the_field(planned):
    rows = rows_of(planned(BOTH, (8,)), 8)
    named = {name.removeprefix("features-") for name in rows if name.startswith("features-")}
    descriptors = {name for name, one in all_baselines().items() if one.kind == "descriptor"}
    assert named == descriptors - {"flow_svm", "flow_svm_raw"}
    assert list(rows)[-2:] == ["idsf-only", "full"]


def test_rows_with_the_same_settings_are_one_run(planned):
    fast = Settings.from_preset("fast")
    settings = fast.replace(network=fast.network.replace(attention="cam"))
    plan = planned(BOTH, (10,), settings)
    assert list(plan.runs()) == ["full", "no-attention", "sam-only"]
    assert plan.run_of(rows_of(plan, 10)["cam-only"]) == "full"


def test_single_images_cannot_judge_what_looks_at_time(write_content_of_one_step):
    with open_clips(write_content_of_one_step) as clips:
        plan = plan_ablation(clips, Settings.from_preset("fast"))
    assert "CAM and 3-D modules cannot be judged" in plan.remarks[1]


@pytest.fixture
def write_content_of_one_step(tmp_path):
    import numpy as np

    from astsvm.clip import Clip
    from astsvm.config import PreprocessingSettings
    from astsvm.datasets import Dataset
    from astsvm.storage import PartsFolder, ProcessedClip

    clip = Clip("db", "s1", "c1", "negative", tmp_path / "image.png")
    dataset = Dataset("flow_images", tmp_path, (clip,), precomputed_flow=True)
    with PartsFolder.open(tmp_path / "flow.h5", dataset, PreprocessingSettings()) as parts:
        parts.store(0, ProcessedClip(clip, {"flow": np.ones((1, 8, 8, 3))}))
        parts.assemble()
    return tmp_path / "flow.h5"


@pytest.mark.parametrize("tables", [(), (7,), (9, 13)])
def test_other_tables_are_refused(planned, tables):
    with pytest.raises(SettingsError, match="expected some of 8, 9, 10, 11, 12"):
        planned(BOTH, tables)


def test_clips_without_any_stream_of_the_method_are_refused(planned):
    fast = Settings.from_preset("fast")
    settings = fast.replace(network=fast.network.replace(streams=("idsf",)))
    with pytest.raises(SettingsError, match="hold flow only"):
        planned(("flow",), settings=settings)
