"""A run on a cluster writes the bytes of a run in local processes, whatever is lost on the way."""

from __future__ import annotations

import pytest

from astsvm.errors import InvalidInputError
from astsvm.evaluation.loso import run_loso
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.verification import verify_run
from astsvm.execution.cluster import ClusterError

SUBJECTS = (("smic", "s1"), ("smic", "s2"), ("samm", "s1"), ("samm", "s2"))
RESULTS = ("config.json", "predictions.csv", "metrics.json", "megc_log.txt", "megc_log_seed2.txt")


def contents(run):
    return {name: (run / name).read_bytes() for name in RESULTS}


@pytest.mark.slow
def test_a_lost_node_and_a_lost_clip_file_change_no_byte(
    ray_cluster, lose_a_node, write_clips, tiny_settings, tmp_path
):
    clips = write_clips("clips", SUBJECTS)
    run_loso(clips, tiny_settings, tmp_path / "local", seeds=2, workers=2)
    calls = []

    def progress(done, total):
        calls.append((done, total))
        if done == 1:
            # No node may go back to a file that only the driver has.
            clips.unlink()

    lose_a_node()
    metrics = run_loso(
        clips,
        tiny_settings,
        tmp_path / "cluster",
        seeds=2,
        cluster=ray_cluster.address,
        progress=progress,
    )
    assert calls == [(done, 8) for done in range(9)]
    assert metrics["complete"] is True
    assert contents(tmp_path / "cluster") == contents(tmp_path / "local")
    assert verify_run(RunFolder(tmp_path / "cluster")) == metrics


@pytest.mark.slow
def test_a_run_that_lost_its_cluster_is_resumed_with_the_same_bytes(
    ray_cluster, write_clips, tiny_settings, tmp_path, monkeypatch
):
    clips = write_clips("clips", SUBJECTS)
    run = tmp_path / "run"

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    options = {"seeds": 2, "cluster": ray_cluster.address}
    with pytest.raises(KeyboardInterrupt):
        run_loso(clips, tiny_settings, run, **options, progress=stop)
    assert len(list(run.rglob("*.npz"))) == 2
    # What a cluster began, local processes end, and a fold of another kind of failure is told.
    run_loso(clips, tiny_settings, run, seeds=2, workers=2, resume=True)
    run_loso(clips, tiny_settings, tmp_path / "local", seeds=2, workers=2)
    assert contents(run) == contents(tmp_path / "local")


@pytest.mark.slow
def test_a_fold_that_fails_on_a_node_is_named_as_one_that_fails_here(
    ray_cluster, write_clips, tiny_settings, tmp_path
):
    # Without smic/s1 only one class is left to train on.
    labels = {f"samm/s1/c{i}": "negative" for i in range(3)}
    clips = write_clips("clips", (("smic", "s1"), ("samm", "s1")), labels=labels)
    here = run_loso(clips, tiny_settings, tmp_path / "here")
    there = run_loso(clips, tiny_settings, tmp_path / "there", cluster=ray_cluster.address)
    assert "one class only" in there["missing"][0]["reason"]
    assert there == here


def test_a_cluster_that_cannot_be_used_leaves_the_run_to_be_begun(
    ray_cluster, write_clips, tiny_settings, tmp_path
):
    clips, run = write_clips("clips"), tmp_path / "run"
    with pytest.raises(ClusterError, match="no Ray cluster answers"):
        run_loso(clips, tiny_settings, run, cluster="127.0.0.1:1")
    with pytest.raises(ClusterError, match="needs 1 CPUs and 4 GPUs"):
        run_loso(clips, tiny_settings, run, cluster=ray_cluster.address, gpus_per_fold=4)
    with pytest.raises(InvalidInputError, match="gpus_per_task must be a fraction"):
        run_loso(clips, tiny_settings, run, cluster=ray_cluster.address, gpus_per_fold=-1)
    assert {file.name for file in run.iterdir()} == {"config.json"}
