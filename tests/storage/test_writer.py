from __future__ import annotations

import pickle
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from astsvm.config import PreprocessingSettings
from astsvm.datasets import Dataset, Problem
from astsvm.errors import InvalidInputError, StorageError
from astsvm.storage import open_clips, validate, writer
from astsvm.storage.folder_lock import take_lock
from astsvm.storage.parts import part_is_valid, read_part
from astsvm.storage.writer import PartsFolder

if TYPE_CHECKING:
    from conftest import Maker


def fill(maker: Maker, parts: PartsFolder, dataset: Dataset, order: list[int]) -> None:
    for index in order:
        parts.store(index, maker.processed(dataset.clips[index]))


def test_the_output_appears_at_the_end_and_the_parts_go(maker: Maker) -> None:
    dataset = maker.dataset()
    parts = maker.start(dataset)
    fill(maker, parts, dataset, [0, 1, 2])
    output = maker.folder / "clips.h5"
    assert not output.exists()
    assert parts.path == maker.folder / "clips.h5.parts"
    assert parts.assemble() == ()
    assert sorted(item.name for item in maker.folder.iterdir()) == ["clips.h5", "root"]
    validate(output, deep=True)


def test_every_run_gives_the_same_bytes(maker: Maker) -> None:
    expected = maker.file(output="plain.h5").read_bytes()
    dataset = maker.dataset()
    parts = maker.start(dataset, "other.h5")
    worker = pickle.loads(pickle.dumps(parts))
    fill(maker, worker, dataset, [2])
    parts.store_failure(1, "a first try failed")
    del parts
    resumed = maker.start(dataset, "other.h5", resume=True)
    assert [resumed.is_done(i) for i in range(3)] == [False, False, True]
    fill(maker, resumed, dataset, [1, 0])
    resumed.assemble()
    assert (maker.folder / "other.h5").read_bytes() == expected


def test_another_place_gives_the_same_bytes(maker: Maker, tmp_path: Path) -> None:
    problem = Problem(maker.root / "clips.csv", 9, None, f"{maker.root}/x.avi does not exist")
    expected = maker.file(problems=(problem,)).read_bytes()
    moved = tmp_path / "moved"
    moved.mkdir()
    other = type(maker)(moved)
    problem = Problem(other.root / "clips.csv", 9, None, f"{other.root}/x.avi does not exist")
    assert other.file(problems=(problem,)).read_bytes() == expected
    assert str(tmp_path).encode() not in expected


def test_failed_clips_and_rows_are_recorded_with_their_reason(maker: Maker) -> None:
    dataset = maker.dataset()
    parts = maker.start(dataset)
    fill(maker, parts, dataset, [0, 2])
    parts.store_failure(1, f"{maker.root}/c.avi: no face\nin the onset frame")
    row = Problem(maker.root / "clips.csv", 7, "db/s1/z", "Zoë: offset before onset.")
    (failure,) = parts.assemble([row])
    assert (failure.file, failure.row) == (maker.root / "clips.csv", 4)
    assert failure.clip == dataset.clips[1].key
    with open_clips(maker.folder / "clips.h5") as clips:
        assert len(clips) == 2
        assert [skipped.as_dict() for skipped in clips.skipped] == [
            {
                "clip": "db/s0/c",
                "file": "clips.csv",
                "row": 4,
                "reason": "c.avi: no face in the onset frame",
            },
            {
                "clip": "db/s1/z",
                "file": "clips.csv",
                "row": 7,
                "reason": "Zoë: offset before onset.",
            },
        ]


def test_names_that_no_text_can_hold_do_not_stop_the_assembly(maker: Maker) -> None:
    odd = Problem(maker.root / "s1" / "b\udcff\n.png", None, "db/s1/b\udcff", "why")
    path = maker.file(problems=(odd,))
    with open_clips(path) as clips:
        assert [(row.clip, row.file) for row in clips.skipped] == [("db/s1/b ", "s1/b  .png")]


def test_a_clip_that_overflows_float16_leaves_no_part(maker: Maker) -> None:
    dataset = maker.dataset()
    parts = maker.start(dataset)
    streams = {"flow": np.full((1, 2, 2, 2), 70000, np.float32)}
    with pytest.raises(InvalidInputError, match="float16"):
        parts.store(0, maker.processed(dataset.clips[0], streams=streams))
    assert not parts.is_done(0)


def test_a_file_without_any_clip_still_holds_the_reasons(maker: Maker) -> None:
    dataset = maker.dataset("a")
    parts = maker.start(dataset)
    parts.store_failure(0, "no face in it\udcff")
    assert [problem.reason for problem in parts.assemble()] == ["no face in it?"]
    with open_clips(maker.folder / "clips.h5") as clips:
        assert len(clips) == 0
        assert [skipped.reason for skipped in clips.skipped] == ["no face in it?"]


def test_a_clip_neither_finished_nor_failed_stops_the_assembly(maker: Maker) -> None:
    dataset = maker.dataset()
    parts = maker.start(dataset)
    fill(maker, parts, dataset, [0, 1])
    with pytest.raises(StorageError, match=r"db/s1/b is neither finished nor failed.*--resume"):
        parts.assemble()
    assert parts.is_done(0)


def test_clips_of_two_shapes_are_refused(maker: Maker) -> None:
    dataset = maker.dataset()
    parts = maker.start(dataset)
    fill(maker, parts, dataset, [0, 1])
    odd = {"flow": np.zeros((1, 2, 2, 2), np.float32)}
    parts.store(2, maker.processed(dataset.clips[2], streams=odd))
    with pytest.raises(StorageError, match=r"clip db/s1/b has streams.*one kind only"):
        parts.assemble()
    assert not (maker.folder / "clips.h5").exists()
    assert parts.is_done(1)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "swap", "foreign"])
def test_a_damaged_part_is_done_again(maker: Maker, damage: str) -> None:
    dataset = maker.dataset()
    parts = maker.start(dataset)
    fill(maker, parts, dataset, [0, 1, 2])
    path = parts.path / "000001.h5"
    data = bytearray(path.read_bytes())
    if damage == "flip":
        place = data.index(read_part(parts.path, 1).arrays["streams/flow"].tobytes())
        data[place + 3] ^= 4
    elif damage == "swap":
        data = bytearray((parts.path / "000002.h5").read_bytes())
    path.write_bytes({"cut": data[:900], "empty": b"", "foreign": b"x" * 99}.get(damage, data))
    assert [parts.is_done(i) for i in range(3)] == [True, False, True]
    with pytest.raises(StorageError, match="neither finished nor failed"):
        parts.assemble()


def test_an_existing_output_is_not_overwritten(maker: Maker, clip_file: Path) -> None:
    before = clip_file.read_bytes()
    for resume, says in ((False, "exists already"), (True, "no parts of an interrupted run")):
        with pytest.raises(StorageError, match=says):
            maker.start(maker.dataset(), resume=resume)
    assert clip_file.read_bytes() == before


def test_leftovers_of_a_killed_write_do_not_stay(maker: Maker) -> None:
    dataset = maker.dataset()
    parts = maker.start(dataset)
    (parts.path / ".astsvm-0123.partial").write_bytes(b"half")
    fill(maker, parts, dataset, [0, 1, 2])
    parts.assemble()
    assert not parts.path.exists()


def test_two_runs_cannot_write_one_file(maker: Maker) -> None:
    first = maker.start(maker.dataset())
    with pytest.raises(StorageError, match="is writing here now"):
        maker.start(maker.dataset(), resume=True)
    assert not first.is_done(0)
    first.close()
    with maker.start(maker.dataset(), resume=True):
        pass
    maker.start(maker.dataset(), resume=True)


def test_a_killed_run_can_be_gone_on_with(maker: Maker, tmp_path: Path) -> None:
    """Kill the process in the middle of writing the final file."""
    expected = maker.file(output="plain.h5").read_bytes()
    dataset = maker.dataset()
    parts = maker.start(dataset)
    fill(maker, parts, dataset, [0, 1, 2])
    state = tmp_path / "dataset.pickle"
    state.write_bytes(
        pickle.dumps((maker.folder / "clips.h5", dataset, PreprocessingSettings(size=16, length=3)))
    )
    del parts
    script = """
import os, pickle, signal, sys
from astsvm.storage import assembly
from astsvm.storage.writer import PartsFolder
output, dataset, settings = pickle.load(open(sys.argv[1], "rb"))
parts = PartsFolder.open(output, dataset, settings, resume=True)
assembly.validate = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
parts.assemble()
"""
    run = subprocess.run([sys.executable, "-c", script, str(state)], check=False, timeout=60)
    assert run.returncode == -signal.SIGKILL
    assert not (maker.folder / "clips.h5").exists()
    resumed = maker.start(dataset, resume=True)
    assert [resumed.is_done(i) for i in range(3)] == [True] * 3
    resumed.assemble()
    assert (maker.folder / "clips.h5").read_bytes() == expected
    assert not resumed.path.exists()


def test_too_little_space_is_met_before_writing(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = maker.dataset()
    parts = maker.start(dataset)
    fill(maker, parts, dataset, [0, 1, 2])
    usage = shutil.disk_usage(maker.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(StorageError, match=r"MiB are needed, but only 0 MiB are free"):
        parts.assemble()
    assert parts.is_done(2)


def test_precomputed_flow_does_not_claim_settings_it_never_used(maker: Maker) -> None:
    from dataclasses import replace

    dataset = replace(maker.dataset(), name="flow_images", precomputed_flow=True)
    parts = maker.start(dataset)
    fill(maker, parts, dataset, [0, 1, 2])
    parts.assemble()
    with open_clips(maker.folder / "clips.h5") as clips:
        assert clips.settings == {"precomputed_flow": "flow_images"}


def test_a_part_belongs_to_its_clip(maker: Maker) -> None:
    dataset = maker.dataset()
    parts = maker.start(dataset)
    fill(maker, parts, dataset, [0])
    assert part_is_valid(parts.path, 0, dataset.clips[0].key)
    assert not part_is_valid(parts.path, 0, dataset.clips[1].key)
    assert not part_is_valid(parts.path, 1, dataset.clips[1].key)


def test_a_worker_cannot_assemble(maker: Maker) -> None:
    worker = pickle.loads(pickle.dumps(maker.start(maker.dataset())))
    with pytest.raises(StorageError, match="only the process that opened it"):
        worker.assemble()


def test_the_outputs_folder_is_made(maker: Maker) -> None:
    dataset = maker.dataset()
    parts = maker.start(dataset, "new/folder/clips.h5")
    fill(maker, parts, dataset, [0, 1, 2])
    parts.assemble()
    validate(maker.folder / "new" / "folder" / "clips.h5")


def test_a_part_of_another_run_is_done_again(maker: Maker) -> None:
    """As an orphaned worker of a killed run writes it into the folder of the next one."""
    dataset = maker.dataset()
    other = PreprocessingSettings(size=32, length=3)
    with maker.start(dataset, "other.h5", settings=other) as before:
        orphan = pickle.loads(pickle.dumps(before))
    shutil.rmtree(before.path)
    parts = maker.start(dataset)
    fill(maker, parts, dataset, [0, 1, 2])
    orphan.path = parts.path
    fill(maker, orphan, dataset, [1])
    assert [parts.is_done(i) for i in range(3)] == [True, False, True]
    with pytest.raises(StorageError, match="neither finished nor failed"):
        parts.assemble()
    parts.close()
    assert parts.recorded_source(1) is None


def leave_parts(maker: Maker, monkeypatch: pytest.MonkeyPatch, removed: int) -> Dataset:
    """Write the output of a run that is killed when some of its parts are removed."""
    dataset = maker.dataset()
    with maker.start(dataset) as run, monkeypatch.context() as patch:
        fill(maker, run, dataset, [0, 2])
        run.store_failure(1, "no face")
        real, left = Path.unlink, [removed]

        def unlink(path: Path, missing_ok: bool = False) -> None:
            if path.parent == run.path and path.suffix in (".h5", ".json", "") and not missing_ok:
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt
            real(path, missing_ok=missing_ok)

        patch.setattr(Path, "unlink", unlink)
        with pytest.raises(KeyboardInterrupt):
            run.assemble()
    return dataset


@pytest.mark.parametrize("removed", range(5))
def test_a_whole_output_beside_the_rest_of_its_parts_is_only_tidied(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, removed: int
) -> None:
    dataset = leave_parts(maker, monkeypatch, removed)
    output = maker.folder / "clips.h5"
    state = output.stat()
    with pytest.raises(StorageError, match="exists already"):
        maker.start(dataset)
    with maker.start(dataset, resume=True) as run:
        (failure,) = run.tidy() or ()
    assert (failure.clip, failure.reason) == (dataset.clips[1].key, "no face")
    assert not run.path.exists()
    assert output.stat() == state


def test_an_unfinished_run_has_nothing_to_tidy(maker: Maker) -> None:
    dataset = maker.dataset()
    with maker.start(dataset) as run:
        fill(maker, run, dataset, [0])
    with maker.start(dataset, resume=True) as run:
        assert run.tidy() is None
        assert run.is_done(0)


def test_an_output_that_is_not_of_the_parts_beside_it_is_left_alone(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = leave_parts(maker, monkeypatch, 1)
    output = maker.folder / "clips.h5"
    whole = output.read_bytes()
    others = {
        maker.file(output="a.h5", settings=PreprocessingSettings(size=32, length=3)): "settings",
        maker.file("ab", output="b.h5"): "it lacks db/s0/c",
        maker.file("abcd", output="c.h5"): "it holds",
        maker.file(output="d.h5", fps=30.0): "is not the one that was finished",
    }
    for other, reason in others.items():
        output.write_bytes(other.read_bytes())
        with pytest.raises(StorageError, match=f"is not the file of the run.*({reason})"):
            maker.start(dataset, resume=True)
        assert output.read_bytes() == other.read_bytes()
    output.write_bytes(whole[:-40])
    with pytest.raises(StorageError, match=r"no whole clip file.*move it away"):
        maker.start(dataset, resume=True)
    assert output.read_bytes() == whole[:-40]


def test_a_link_to_nothing_is_followed_before_anything_is_made(maker: Maker) -> None:
    elsewhere = maker.folder / "elsewhere"
    elsewhere.mkdir()
    (maker.folder / "link.h5").symlink_to(elsewhere / "clips.h5")
    dataset = maker.dataset()
    with maker.start(dataset, "link.h5") as run:
        assert run.path == elsewhere / "clips.h5.parts"
        fill(maker, run, dataset, [0, 1, 2])
        run.assemble()
    validate(elsewhere / "clips.h5", deep=True)
    assert (maker.folder / "link.h5").is_symlink()
    assert [item.name for item in elsewhere.iterdir()] == ["clips.h5"]


def test_two_names_of_one_output_share_a_lock(maker: Maker) -> None:
    (maker.folder / "link.h5").symlink_to(maker.folder / "clips.h5")
    with (
        maker.start(maker.dataset(), "link.h5"),
        pytest.raises(StorageError, match="is writing here now"),
    ):
        maker.start(maker.dataset())


def test_a_run_that_finishes_before_the_lock_is_had_is_not_replaced(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = maker.folder / "clips.h5"

    def overtaken(path: Path) -> int:
        output.write_bytes(b"finished meanwhile")
        return take_lock(path)

    monkeypatch.setattr(writer, "take_lock", overtaken)
    with pytest.raises(StorageError, match="exists already"):
        maker.start(maker.dataset())
    assert output.read_bytes() == b"finished meanwhile"
    assert not (maker.folder / "clips.h5.parts").exists()


@pytest.mark.parametrize("length", [250, 300])
def test_a_name_that_is_too_long_for_its_parts_is_told(maker: Maker, length: int) -> None:
    with pytest.raises(StorageError, match=r"File name too long.*shorter name") as caught:
        maker.start(maker.dataset(), "x" * (length - 3) + ".h5")
    assert "\n" not in str(caught.value)
