from __future__ import annotations

import gc
import os
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from astsvm.config import PreprocessingSettings
from astsvm.datasets import Problem
from astsvm.errors import InvalidInputError, StorageError
from astsvm.storage import open_clips

if TYPE_CHECKING:
    from conftest import Maker


def open_files() -> int:
    """Count the descriptors of this process that are clip files."""
    count = 0
    for descriptor in list(Path("/proc/self/fd").iterdir()):
        try:
            count += descriptor.readlink().suffix == ".h5"
        except FileNotFoundError:  # the descriptor that lists the folder
            continue
    return count


def test_what_was_stored_comes_back(maker: Maker, clip_file: Path) -> None:
    with open_clips(clip_file) as clips:
        assert len(clips) == len(clips.records) == 3
        assert [record.key for record in clips.records] == ["db/s0/a", "db/s0/c", "db/s1/b"]
        assert clips.streams == {"flow": (2, 3, 4, 2), "idsf": (2, 3, 4, 1)}
        assert clips.settings == PreprocessingSettings(size=16, length=3).model_dump(mode="json")
        assert not clips.synthetic
        assert clips.skipped == ()
        assert clips.versions["numpy"] == np.__version__
        for index, clip in enumerate(maker.dataset().clips):
            record, processed = clips.records[index], maker.processed(clip)
            assert (record.label, record.fps, record.onset) == (clip.label, 50.0, None)
            assert record.source == clip.source.name
            assert record.subject_key == clip.subject_key
            for name, values in processed.streams.items():
                batch = clips.read_batch(name, [index])
                assert batch.dtype == np.float16
                np.testing.assert_array_equal(batch[0], values.astype(np.float16))
            for name in ("frames", "landmarks", "transform"):
                found, expected = getattr(clips, name)(index), getattr(processed, name)
                assert found.dtype == expected.dtype
                np.testing.assert_array_equal(found, expected)


def test_the_objective_class_comes_back(maker: Maker) -> None:
    first, *others = maker.dataset().clips
    dataset = replace(maker.dataset(), clips=(replace(first, objective_class="VI"), *others))
    with maker.start(dataset) as parts:
        for index, clip in enumerate(dataset.clips):
            parts.store(index, maker.processed(clip))
        parts.assemble(())
    with open_clips(maker.folder / "clips.h5") as clips:
        assert [record.objective_class for record in clips.records] == ["VI", "", ""]
        clips.verify()


def test_what_was_not_stored_is_none(make_file: Callable[..., Path]) -> None:
    path = make_file(frames=None, landmarks=None, transform=None, fps=None, synthetic=True)
    with open_clips(path) as clips:
        assert clips.frames(0) is None
        assert clips.landmarks(0) is None
        assert clips.transform(0) is None
        assert clips.records[0].fps is None
        assert clips.synthetic


def test_a_batch_is_in_the_order_asked_for(clip_file: Path) -> None:
    with open_clips(clip_file) as clips:
        single = [clips.read_batch("flow", [i])[0] for i in range(3)]
        order = [2, 0, 0, 1]
        batch = clips.read_batch("flow", np.array(order, np.int32))
        np.testing.assert_array_equal(batch, np.stack([single[i] for i in order]))
        assert clips.read_batch("flow", []).shape == (0, 2, 3, 4, 2)


@pytest.mark.parametrize("indices", [[3], [-1], [0.0], [[0]], 0, [2**40], [True]])
def test_wrong_indices_are_refused(clip_file: Path, indices: Any) -> None:
    with open_clips(clip_file) as clips, pytest.raises(InvalidInputError, match="indices must"):
        clips.read_batch("flow", indices)


def test_an_unknown_stream_lists_the_known_ones(clip_file: Path) -> None:
    with (
        open_clips(clip_file) as clips,
        pytest.raises(InvalidInputError, match=r"no stream 'rgb'; expected one of flow, idsf"),
    ):
        clips.read_batch("rgb", [0])


def test_clips_are_found_by_key_and_by_unique_id(make_file: Callable[..., Path]) -> None:
    one, other = make_file("ab", "1.h5"), make_file("bc", "2.h5", database="dc")
    with open_clips(one, other) as clips:
        assert clips.records[clips.index_of("dc/s0/b")].key == "dc/s0/b"
        assert clips.records[clips.index_of("c")].key == "dc/s1/c"
        with pytest.raises(InvalidInputError, match=r"'b' is ambiguous.*db/s1/b, dc/s0/b"):
            clips.index_of("b")
        with pytest.raises(InvalidInputError, match=r"no clip 'db/s1/x'.*db/s1/b"):
            clips.index_of("db/s1/x")


def test_who_asks_for_a_skipped_clip_is_told_why_it_is_missing(maker: Maker) -> None:
    problem = Problem(maker.root / "clips.csv", 9, "db/s1/x", "no face was found.")
    with open_clips(maker.file(problems=(problem,))) as clips:
        for name in ("x", "db/s1/x"):
            with pytest.raises(InvalidInputError, match=f"'{name}' was skipped: no face was"):
                clips.index_of(name)


def test_several_files_are_one_collection_whatever_their_order(
    make_file: Callable[..., Path],
) -> None:
    one, other = make_file("ab", "1.h5"), make_file("cd", "2.h5")
    whole = make_file("abcd", "3.h5")
    # In "cd" c has subject s0 and d has s1, as in "abcd".
    with open_clips(one, other) as a, open_clips(other, one) as b, open_clips(whole) as c:
        assert a.records == b.records == c.records
        assert a.digest == b.digest == c.digest
        everything = range(4)
        for name in a.streams:
            np.testing.assert_array_equal(
                a.read_batch(name, everything), c.read_batch(name, everything)
            )
            np.testing.assert_array_equal(
                a.read_batch(name, everything), b.read_batch(name, everything)
            )


def test_the_digest_tells_data_and_labels_apart(make_file: Callable[..., Path]) -> None:
    digests = set()
    for number, options in enumerate(({}, {"fps": 51.0}, {"names": "acb"})):
        with open_clips(make_file(output=f"{number}.h5", **options)) as clips:
            digests.add(clips.digest)
    assert len(digests) == 3


def test_files_that_do_not_fit_together_are_refused(make_file: Callable[..., Path]) -> None:
    one = make_file("ab", "1.h5")
    other = make_file("cd", "2.h5", settings=PreprocessingSettings(size=32, length=3))
    with pytest.raises(StorageError, match=r"1\.h5.*2\.h5.*settings \(size: 16, not 32\)"):
        open_clips(one, other)
    third = make_file("ef", "3.h5", streams={"flow": np.zeros((1, 2, 2, 2), np.float32)})
    with pytest.raises(StorageError, match=r"streams \(flow: .*idsf: .*not absent"):
        open_clips(one, third)
    with pytest.raises(StorageError, match=r"clip db/s0/a comes twice"):
        open_clips(one, make_file("a", "4.h5"))
    with pytest.raises(StorageError, match="comes twice"):
        open_clips(one, one)
    assert open_files() == 0


def test_no_path_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="at least one clip file"):
        open_clips()


def test_files_are_closed_by_with_by_close_and_by_neglect(clip_file: Path) -> None:
    with open_clips(clip_file) as clips:
        assert open_files() == 1
    assert open_files() == 0
    with pytest.raises(StorageError, match="is closed"):
        clips.read_batch("flow", [0])
    clips.close()
    clips = open_clips(str(clip_file))
    assert open_files() == 1
    del clips
    gc.collect()
    assert open_files() == 0


def test_a_pickled_collection_opens_when_it_is_used(clip_file: Path) -> None:
    with open_clips(clip_file) as clips:
        copy = pickle.loads(pickle.dumps(clips))
        assert open_files() == 1
        assert copy.digest == clips.digest
        assert open_files() == 2
        np.testing.assert_array_equal(copy.read_batch("idsf", [1]), clips.read_batch("idsf", [1]))
        assert len(pickle.dumps(clips)) < 1000
    copy.close()


def test_a_pickled_collection_refuses_other_data(make_file: Callable[..., Path]) -> None:
    path = make_file()
    with open_clips(path) as clips:
        state = pickle.dumps(clips)
    path.unlink()
    make_file(fps=60.0)
    twice = pickle.dumps(pickle.loads(state))
    for copy in (pickle.loads(state), pickle.loads(twice)):
        with pytest.raises(StorageError, match="have changed since"):
            copy.read_batch("flow", [0])


def test_a_file_cut_while_open_is_an_error_not_garbage(clip_file: Path) -> None:
    with open_clips(clip_file) as clips:
        os.truncate(clip_file, 3000)
        with pytest.raises(StorageError, match=r"clips\.h5: .* of clip db/.*cut while in use"):
            clips.read_batch("flow", range(3))


def test_verify_finds_a_flipped_bit(clip_file: Path) -> None:
    with open_clips(clip_file) as clips:
        clips.verify()
        data = clip_file.read_bytes()
        values = clips.read_batch("flow", [1]).tobytes()
        place = data.index(values)
        with clip_file.open("r+b") as stream:
            stream.seek(place)
            stream.write(bytes([values[0] ^ 1]))
        with pytest.raises(StorageError, match="db/s0/c has changed"):
            clips.verify()


def test_threads_read_the_same(clip_file: Path) -> None:
    with open_clips(clip_file) as clips:
        expected = clips.read_batch("flow", [0, 1, 2])
        copy = pickle.loads(pickle.dumps(clips))
        with ThreadPoolExecutor(8) as pool:
            batches = list(pool.map(lambda _: copy.read_batch("flow", [0, 1, 2]), range(64)))
        assert open_files() == 2
        copy.close()
    for batch in batches:
        np.testing.assert_array_equal(batch, expected)
