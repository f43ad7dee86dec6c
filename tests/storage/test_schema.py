from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astsvm.errors import StorageError
from astsvm.storage import is_clip_file, open_clips, validate
from astsvm.storage.entry import canonical_json, entry_digest
from astsvm.storage.inspection import read_attributes
from astsvm.storage.schema import file_digest, read_index


def fixed(text: str) -> np.bytes_:
    return np.bytes_(text.encode())


def reseal(file: h5py.File) -> None:
    """Make the root checksum right again, as a forger would."""
    clips = [read_attributes(group) for group in file["clips"].values()]
    attributes = read_attributes(file)
    file.attrs["sha256"] = fixed(file_digest(attributes, clips, ()))


@pytest.mark.parametrize("deep", [False, True])
def test_a_sound_file_passes(clip_file: Path, deep: bool) -> None:
    validate(clip_file, deep=deep)
    assert is_clip_file(clip_file)


def test_the_tree_is_the_documented_one(clip_file: Path) -> None:
    found: dict[str, tuple[str, tuple[int, ...]]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith(("clips/000001", "clips/000002")):
            found[name] = (item.dtype.str if item.dtype.kind != "V" else "table", item.shape)
            assert item.chunks is None
            assert item.compression is None

    with h5py.File(clip_file) as file:
        file.visititems(visit)
        assert sorted(file.attrs) == [
            "dataset",
            "format",
            "format-version",
            "generated-by",
            "settings",
            "sha256",
            "synthetic",
            "versions",
        ]
        assert file.attrs["format"] == b"astsvm-clips"
        assert file.attrs["format-version"] == 1
        assert sorted(file["clips"]) == ["000000", "000001", "000002"]
        assert dict(file["clips/000000"].attrs)["subject"] == b"s0"
    assert found == {
        "clips/000000/streams/flow": ("<f2", (2, 3, 4, 2)),
        "clips/000000/streams/idsf": ("<f2", (2, 3, 4, 1)),
        "clips/000000/frames": ("|u1", (3, 3, 4)),
        "clips/000000/landmarks": ("<f4", (5, 2)),
        "clips/000000/transform": ("<f8", (2, 3)),
        "skipped": ("table", (0,)),
    }


@pytest.mark.parametrize("content", [b"", b"\x89HDF", b"not hdf5 at all", bytes(5000)])
def test_a_file_that_is_no_hdf5(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"x\.h5: this is no HDF5 file"):
        validate(path)
    assert not is_clip_file(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.h5", tmp_path):
        with pytest.raises(StorageError, match=r"cannot be read: (No such file|Is a directory)"):
            validate(path)
        assert not is_clip_file(path)


def test_foreign_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "HDF5::Cooler"
        file["pixels"] = np.zeros(3)
    with pytest.raises(StorageError, match=r"x\.h5: .*(no clip file|must be a scalar text)"):
        validate(path)
    assert not is_clip_file(path)
    with h5py.File(path, "w") as file:
        file.attrs["format"] = fixed("HDF5::Cooler")
    with pytest.raises(StorageError, match=r"no clip file: its format is 'HDF5::Cooler'"):
        validate(path)


@pytest.mark.parametrize("keep", [0.02, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_named_so(clip_file: Path, keep: float) -> None:
    data = clip_file.read_bytes()
    clip_file.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(StorageError, match=r"clips\.h5: .*truncated"):
        validate(clip_file)
    with pytest.raises(StorageError, match="truncated"):
        open_clips(clip_file)


def test_a_newer_version_says_update(clip_file: Path) -> None:
    with h5py.File(clip_file, "r+") as file:
        file.attrs["format-version"] = np.int64(2)
    with pytest.raises(StorageError, match=r"format version 2, written by a newer astsvm.*Update"):
        validate(clip_file)
    assert is_clip_file(clip_file)


def test_a_changed_label_is_found_without_reading_arrays(clip_file: Path) -> None:
    with h5py.File(clip_file, "r+") as file:
        file["clips/000001"].attrs["label"] = fixed("y")
    with pytest.raises(StorageError, match="an attribute has changed"):
        validate(clip_file)


def test_a_changed_reason_in_the_table_is_found(make_file: Callable[..., Path]) -> None:
    from astsvm.datasets import Problem

    path = make_file(problems=(Problem(Path("clips.csv"), 4, None, "why"),))
    data = path.read_bytes()
    assert data.count(b"why") == 1
    path.write_bytes(data.replace(b"why", b"who"))
    with pytest.raises(StorageError, match="an attribute has changed"):
        validate(path)


def test_a_flipped_bit_in_an_array_is_found_by_the_deep_check_alone(clip_file: Path) -> None:
    index = read_index(clip_file)
    for name, place in index.entries[1].arrays.items():
        data = bytearray(clip_file.read_bytes())
        data[place.offset + place.bytes // 2] ^= 1
        damaged = clip_file.with_name("damaged.h5")
        damaged.write_bytes(data)
        validate(damaged)
        key = index.entries[1].record.key
        with pytest.raises(StorageError, match=f"1 of 3 clips are damaged.*{key} has changed"):
            validate(damaged, deep=True)
        assert name


def test_nan_is_found_even_under_a_forged_checksum(clip_file: Path) -> None:
    with h5py.File(clip_file, "r+") as file:
        group = file["clips/000001"]
        group["streams/flow"][0, 0, 0, 0] = np.nan
        arrays = {name: group[name][()] for name in ("frames", "landmarks", "transform")}
        arrays |= {f"streams/{name}": group["streams"][name][()] for name in ("flow", "idsf")}
        group.attrs["sha256"] = fixed(entry_digest(read_attributes(group), arrays))
        reseal(file)
    validate(clip_file)
    with pytest.raises(StorageError, match="streams/flow holds NaN"):
        validate(clip_file, deep=True)


def content(path: Path) -> str:
    """Return everything a reader can learn from a file."""
    with open_clips(path) as clips:
        arrays = [clips.read_batch(name, range(len(clips))).tobytes() for name in clips.streams]
        for i in range(len(clips)):
            for array in (clips.frames(i), clips.landmarks(i), clips.transform(i)):
                arrays.append(b"" if array is None else array.tobytes())
        known = [repr(clips.records), repr(clips.skipped), clips.settings, clips.versions]
        return canonical_json([known, clips.synthetic, [a.hex() for a in arrays]])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unnoticed_where_it_matters(
    clip_file: Path, position: float, bit: int
) -> None:
    damaged = clip_file.with_name("damaged.h5")
    shutil.copyfile(clip_file, damaged)
    with damaged.open("r+b") as stream:
        place = int(position * clip_file.stat().st_size)
        stream.seek(place)
        value = stream.read(1)[0]
        stream.seek(place)
        stream.write(bytes([value ^ 1 << bit]))
    try:
        validate(damaged, deep=True)
    except StorageError as error:
        assert "\n" not in str(error)
        return
    assert content(damaged) == content(clip_file)
