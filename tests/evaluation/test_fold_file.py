"""A fold file is whole, unchanged and of this run, or it is refused."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.errors import StorageError
from astsvm.evaluation.fold_file import fold_file_name, load_fold, save_fold


def test_comes_back_as_it_was(tmp_path, make_result):
    result = make_result(subject="smic/Jürgen 1")
    save_fold(tmp_path / "fold.npz", result, "f" * 64)
    again = load_fold(tmp_path / "fold.npz", "f" * 64)
    for name, value in leaves(result).items():
        read = leaves(again)[name]
        if isinstance(value, np.ndarray):
            assert read.dtype == value.dtype
            assert np.array_equal(read, value), name
        else:
            assert read == value, name


def leaves(result) -> dict:
    """The fields of a result, with those that are dicts of arrays taken apart."""
    flat = {}
    for name, value in vars(result).items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": array for key, array in value.items()} | {name: list(value)}
        else:
            flat[name] = value
    return flat


def test_a_fold_without_maps_comes_back_without(tmp_path, make_result):
    save_fold(tmp_path / "fold.npz", replace(make_result(), attention={}, motion={}), "f")
    again = load_fold(tmp_path / "fold.npz", "f")
    assert again.attention == again.motion == {}


def test_is_an_ordinary_archive_without_pickles(tmp_path, make_result):
    save_fold(tmp_path / "fold.npz", make_result(), "f")
    with np.load(tmp_path / "fold.npz", allow_pickle=False) as archive:
        assert archive["probabilities"].shape == (3, 3)


def test_every_cut_and_every_flipped_bit_is_found(tmp_path, make_result):
    path = tmp_path / "fold.npz"
    save_fold(path, make_result(), "f")
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    damaged = [whole[: generator.integers(0, len(whole))] for _ in range(30)]
    damaged += [b"", whole[:-1], whole + b"\0"]
    for place in [*generator.integers(0, len(whole), 60), 0, len(whole) - 1]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(generator.integers(0, 8))
        damaged.append(bytes(flipped))
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(StorageError, match="checksum"):
            load_fold(path, "f")


def sealed(body: bytes) -> bytes:
    return body + hashlib.sha256(body).hexdigest().encode()


def archive_of(header: str, **changes) -> bytes:
    """Write a fold by hand: any header, any arrays, a seal that fits."""
    arrays = {name: np.zeros((1, 3)) for name in ("probabilities", "svm_scores")}
    arrays |= {f"epoch_{name}": np.zeros((0, 1, 3)) for name in arrays}
    arrays |= {name: np.zeros(3) for name in ("losses", "scaler_mean", "scaler_scale")}
    file = io.BytesIO()
    np.savez(file, header=np.array(header), **{**arrays, **changes})
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"0" * 64
    return sealed(file.getvalue()[:-64])


def header_of(**changes) -> str:
    names = ("network_sha256", "svm_sha256", "subject")
    header = {"format": "astsvm-fold 2", "fingerprint": "f", "seed": 1, "seconds": 1.0}
    header |= dict.fromkeys(names, "x") | {"clips": ["a/b/c"], "chosen": {}}
    return json.dumps(header | changes)


def one_array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


def broken_deflate() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", b"x" * 1000)
    content = bytearray(file.getvalue())
    content[45] ^= 255
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        sealed(b""),
        sealed(one_array()),
        sealed(broken_deflate()),
        archive_of("[1]"),
        archive_of("3"),
        archive_of("[" * 100_000),
        archive_of(json.dumps({"format": "astsvm-fold 2", "fingerprint": "f"})),
        archive_of(header_of(clips=None)),
        archive_of(header_of(clips=["a/b/c", "a/b/d"])),
        archive_of(header_of(), probabilities=np.array("x")),
        archive_of(header_of(), svm_scores=np.zeros((0, 3))),
        archive_of(header_of(), epoch_svm_scores=np.zeros((2, 2, 3))),
        archive_of(header_of(), epoch_probabilities=np.zeros(3)),
        archive_of(header_of(), **{"attention/flow": np.zeros((2, 4, 4))}),
        archive_of(header_of(), **{"motion/flow": np.zeros(())}),
    ],
    ids=range(15),
)
def test_a_forged_file_with_a_fitting_seal_is_refused_in_words(tmp_path, content):
    (tmp_path / "fold.npz").write_bytes(content)
    with pytest.raises(StorageError, match="not a fold of astsvm"):
        load_fold(tmp_path / "fold.npz", "f")


def test_the_forgeries_differ_from_a_fold_only_in_what_is_forged(tmp_path):
    (tmp_path / "fold.npz").write_bytes(archive_of(header_of()))
    assert load_fold(tmp_path / "fold.npz", "f").clips == ("a/b/c",)


def test_fold_of_another_run_is_refused(tmp_path, make_result):
    save_fold(tmp_path / "fold.npz", make_result(), "f")
    with pytest.raises(StorageError, match="another run"):
        load_fold(tmp_path / "fold.npz", "g")


def test_a_fold_of_an_older_format_is_refused(tmp_path):
    (tmp_path / "fold.npz").write_bytes(archive_of(header_of(format="astsvm-fold 1")))
    with pytest.raises(StorageError, match="version"):
        load_fold(tmp_path / "fold.npz", "f")


def test_missing_file_is_refused_in_words(tmp_path):
    with pytest.raises(StorageError, match="No such file"):
        load_fold(tmp_path / "none.npz", "f")


def test_rewriting_replaces_the_file_and_leaves_nothing_beside_it(tmp_path, make_result):
    path = tmp_path / "fold.npz"
    for draw in range(2):
        save_fold(path, make_result(draw=draw), "f")
    assert np.array_equal(load_fold(path, "f").losses, make_result(draw=1).losses)
    assert [entry.name for entry in tmp_path.iterdir()] == ["fold.npz"]


def test_plain_names_stay_readable():
    assert fold_file_name("casme2/sub01") == "casme2_sub01.npz"


printable = st.characters(categories=["L", "M", "N", "P", "S"], exclude_characters="/\\")
name_text = st.text(printable, min_size=1) | st.sampled_from(["..", "é" * 300, "~", "x" * 500])


@given(database=name_text, subject=name_text)
@settings(deadline=None, max_examples=60)
def test_any_name_becomes_one_plain_file_name(database, subject):
    name = fold_file_name(f"{database}/{subject}")
    assert name.isascii()
    assert Path(name).name == name
    assert len(name) < 200
    assert not name.startswith(".")


def test_names_that_look_alike_stay_apart():
    keys = ["a_b/c", "a/b_c", "a/b c", "a/b%20c", "a/b+c", "a/..", "./a", "a/A", "a/a", "ä/a"]
    keys += [f"long/{'x' * 200}{end}" for end in "ab"]
    assert len({fold_file_name(key) for key in keys}) == len(keys)
