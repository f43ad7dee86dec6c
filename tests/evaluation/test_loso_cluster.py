"""A run on a cluster writes the bytes of a run in local processes, whatever is lost on the way."""

from __future__ import annotations

import pytest

from astsvm.errors import InvalidInputError
from astsvm.evaluation.loso import run_loso
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.verification import verify_run
from astsvm.execution.cluster import ClusterError

SUBJECTS = (("smic", "s1"), ("smic", "s2"), ("samm", "s1"))
RESULTS = ("config.json", "predictions.csv", "metrics.json", "megc_log.txt", "megc_log_seed2.txt")


def contents(run):
    return {name: (run / name).read_bytes() for name in RESULTS}


@pytest.mark.slow
def test_an_interruption_a_lost_node_and_a_lost_clip_file_change_no_byte(
    ray_cluster, lose_a_node, write_clips, tiny_settings, tmp_path
):
    clips, run, local = write_clips("clips", SUBJECTS), tmp_path / "run", tmp_path / "local"
    run_loso(clips, tiny_settings, local, seeds=2, workers=2)
    options = {"seeds": 2, "cluster": ray_cluster.address}

    def interrupt(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_loso(clips, tiny_settings, run, **options, progress=interrupt)
    assert len(list(run.rglob("*.npz"))) == 2
    calls = []

    def lose_clips(done, total):
        calls.append((done, total))
        if done == 3:
            # No node may go back to a file that only the driver has.
            clips.unlink()

    lose_a_node()
    metrics = run_loso(clips, tiny_settings, run, **options, resume=True, progress=lose_clips)
    assert calls == [(done, 6) for done in range(2, 7)]
    assert metrics["complete"] is True
    assert contents(run) == contents(local)
    assert verify_run(RunFolder(run)) == metrics


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
