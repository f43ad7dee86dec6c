"""Clips in memory answer as the collection they were read from."""

import pickle

import numpy as np
import pytest

from astsvm.errors import InvalidInputError, StorageError
from astsvm.storage import ClipArrays, open_clips


@pytest.fixture(scope="module")
def collection(tmp_path_factory, clip_writer):
    folder = tmp_path_factory.mktemp("arrays")
    with open_clips(clip_writer(folder, "clips", streams=("flow", "idsf"))) as clips:
        yield clips


def test_clips_keep_their_index_and_their_numbers(collection):
    arrays = ClipArrays.read(collection, ["flow"], [7, 2, 5, 2])
    assert arrays.positions.tolist() == [2, 5, 7]
    assert arrays.streams == {"flow": collection.streams["flow"]}
    for indices in ([5], [7, 2, 7], []):
        found = arrays.read_batch("flow", indices)
        assert found.dtype == np.float16
        np.testing.assert_array_equal(found, collection.read_batch("flow", indices))


def test_what_was_not_read_is_not_answered(collection):
    arrays = ClipArrays.read(collection, ["flow"], [2, 5])
    with pytest.raises(InvalidInputError, match="clip 3 is not among the 2 clips"):
        arrays.read_batch("flow", [2, 3])
    with pytest.raises(InvalidInputError, match="there is no stream 'idsf'; expected one of flow"):
        arrays.read_batch("idsf", [2])
    with pytest.raises(InvalidInputError, match="clip 0 is not among the 0 clips"):
        ClipArrays.read(collection, ["flow"], []).read_batch("flow", [0])


def test_every_changed_number_is_found(collection):
    arrays = ClipArrays.read(collection, ["flow", "idsf"], range(4))
    arrays.verify()
    copy = pickle.loads(pickle.dumps(arrays))
    copy.verify()
    for changed in (copy.arrays["flow"], copy.arrays["idsf"], copy.positions):
        raw = changed.reshape(-1).view(np.uint8)
        raw[-1] ^= 1
        with pytest.raises(StorageError, match="SHA-256 differs"):
            copy.verify()
        raw[-1] ^= 1
    copy.verify()
