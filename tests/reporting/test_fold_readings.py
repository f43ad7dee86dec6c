"""What is read from folds is theirs, and what cannot be read is told."""

from __future__ import annotations

import numpy as np

from astsvm.evaluation.summary import MissingFold
from astsvm.reporting.fold_readings import read_folds


def test_losses_by_seed_and_maps_of_the_wanted_clips_only(finished_run):
    folder = finished_run(seeds=2, people={"smic": (3, 9)})
    config = folder.config()
    fold = folder.load_fold(2, "smic/s02", config)
    wanted = fold.clips[1]
    readings = read_folds(folder, config, (), {(2, wanted)})
    assert {seed: len(rows) for seed, rows in readings.losses.items()} == {1: 3, 2: 3}
    assert list(readings.maps) == [wanted]
    maps = readings.maps[wanted]
    assert sorted(maps.attention) == ["flow", "flow_frames", "idsf", "idsf_frames"]
    np.testing.assert_array_equal(maps.attention["flow"], fold.attention["flow"][1])
    np.testing.assert_array_equal(maps.motion["idsf"], fold.motion["idsf"][1])
    assert readings.unreadable == []


def test_missing_folds_are_not_looked_for_and_damaged_ones_are_told(finished_run):
    gap = MissingFold(1, "smic/s01", 3, "killed")
    folder = finished_run(people={"smic": (3, 9)}, missing=(gap,))
    folder.fold_path(1, "smic/s02").write_bytes(b"cut")
    readings = read_folds(folder, folder.config(), {(1, "smic/s01")}, ())
    assert len(readings.losses[1]) == 1
    assert len(readings.unreadable) == 1
    assert "smic_s02" in readings.unreadable[0]
