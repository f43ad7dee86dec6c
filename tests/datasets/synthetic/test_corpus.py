from __future__ import annotations

import hashlib
import json
import multiprocessing
from pathlib import Path

import cv2
import numpy as np
import pytest

from astsvm.datasets import load_dataset
from astsvm.datasets.synthetic import SyntheticClip, corpus, draw_subject, write_corpus
from astsvm.errors import AstsvmError, SettingsError, StorageError
from astsvm.execution import TaskOutcome
from astsvm.execution.local import WorkerLostError

SMALL = {"subjects": 2, "clips": 2, "size": (320, 240), "fps": 50, "seed": 3}


def digest(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("synthetic") / "a corpus ü"
    calls: list[tuple[int, int]] = []
    summary = write_corpus(root, **SMALL, progress=lambda done, total: calls.append((done, total)))
    return root, summary, calls


def test_summary_and_progress(written):
    root, summary, calls = written
    assert summary.root == root
    assert (summary.subjects, summary.clips) == (2, 4)
    assert sum(summary.labels.values()) == 4
    assert min(summary.labels.values()) == 1
    assert summary.frames == len(list(root.rglob("*.png")))
    assert calls == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_folder_loader_reads_it_as_synthetic(written):
    root, _, _ = written
    dataset = load_dataset("folder", root)
    assert dataset.synthetic
    assert not dataset.problems
    assert [clip.key for clip in dataset.clips] == [
        f"synthetic/s0{s}/s0{s}_c0{c}" for s in (1, 2) for c in (1, 2)
    ]
    assert {clip.label for clip in dataset.clips} == {"negative", "positive", "surprise"}


def test_files_hold_the_clips_frames(written):
    root, _, _ = written
    clip = load_dataset("folder", root).clips[3]
    same = SyntheticClip(draw_subject(2, seed=3, size=(320, 240)), 2, clip.label, fps=50)
    assert (clip.onset, clip.apex, clip.offset, clip.fps) == (
        same.onset, same.apex, same.offset, 50.0,
    )  # fmt: skip
    files = sorted(clip.source.iterdir())
    assert [file.name for file in files] == [f"frame_{i:04d}.png" for i in range(len(same))]
    encoded = np.frombuffer(files[same.apex].read_bytes(), dtype=np.uint8)
    stored = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(stored, same.frame(same.apex))


def test_workers_do_not_change_a_byte(written, tmp_path):
    root, _, _ = written
    calls: list[tuple[int, int]] = []
    write_corpus(tmp_path / "again", **SMALL, workers=2, progress=lambda *call: calls.append(call))
    assert digest(tmp_path / "again") == digest(root)
    assert calls == [(0, 4), (2, 4), (4, 4)]


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(StorageError, match=r"not empty\. Name another folder") as error:
        write_corpus(tmp_path, **SMALL)
    assert "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(StorageError, match="found a file"):
        write_corpus(tmp_path / "mine.txt", **SMALL)
    with pytest.raises(StorageError, match="cannot be written"):
        write_corpus(tmp_path / "mine.txt" / "below", **SMALL)


def test_a_corpus_cut_short_is_marked_and_not_taken_for_whole(tmp_path):
    def interrupt(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_corpus(tmp_path, **SMALL, progress=interrupt)
    assert json.loads((tmp_path / "SYNTHETIC.json").read_text())["synthetic"] is True
    assert not (tmp_path / "clips.csv").exists()
    with pytest.raises(AstsvmError):
        load_dataset("folder", tmp_path)


def test_a_dying_worker_is_reported(tmp_path, monkeypatch):
    def run_tasks(function, tasks, *, workers):
        yield TaskOutcome(0, None, WorkerLostError("its process died: ended by SIGKILL."))

    monkeypatch.setattr(corpus, "run_tasks", run_tasks)
    with pytest.raises(StorageError, match=r"drawing stopped: its process died.*fewer workers"):
        write_corpus(tmp_path, **SMALL, workers=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subjects": 0}, "subjects: expected an integer from 1"),
        ({"clips": 2.5}, "clips: expected an integer from 1"),
        ({"subjects": 1, "clips": 2}, "at least 3 clips in all"),
        ({"difficulty": "impossible"}, "difficulty: expected one of"),
        ({"seed": -1}, "seed: expected an integer"),
        ({"size": (100, 100)}, "size: expected two integers"),
        ({"size": (640, 481)}, "size: expected two integers"),
        ({"size": 640}, "size: expected two integers"),
        ({"size": (320.0, 240.0)}, "size: expected two integers"),
        ({"fps": 0}, "fps: expected a number"),
        ({"layout": "casme"}, "layout: expected one of folder, casme2, smic, samm"),
        ({"layout": "samm"}, "fps: expected 200 or none, the rate of samm"),
        ({"layout": "samm", "fps": None, "subjects": 1000}, "subjects: expected .* to 999"),
        ({"layout": "smic", "fps": None, "faults": True}, "at least 13 clips of smic"),
        ({"faults": True}, "faults: expected the layout of a real database"),
        ({"workers": 0}, "workers: expected an integer"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(tmp_path, change, message):
    with pytest.raises(SettingsError, match=message) as error:
        write_corpus(tmp_path / "new", **{**SMALL, **change})
    assert "\n" not in str(error.value)
    assert not (tmp_path / "new").exists()


def test_a_worker_that_imports_its_script_does_not_begin_the_corpus_again(tmp_path, monkeypatch):
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(WorkerLostError, match="__main__"):
        write_corpus(tmp_path / "corpus", subjects=1, clips=3, workers=2)
    assert list(tmp_path.iterdir()) == []
