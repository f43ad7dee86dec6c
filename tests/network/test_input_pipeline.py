"""Batches: what is in them, in which order, and how often the reader is asked."""

import numpy as np
import pytest

from astsvm.errors import InvalidInputError

COUNT = 11


class FakeReader:
    """Clips whose every value tells stream and index; it records what was read."""

    def __init__(self, shapes, count=COUNT):
        self.streams = shapes
        self.count = count
        self.reads = []

    def read_batch(self, stream, indices):
        indices = np.asarray(indices)
        self.reads.append((stream, indices.tolist()))
        clips = np.empty((len(indices), *self.streams[stream]), np.float16)
        clips[:] = indices.reshape(-1, 1, 1, 1, 1) + (0.5 if stream == "flow" else 0)
        return clips


@pytest.fixture
def reader():
    return FakeReader({"flow": (2, 3, 4, 2), "idsf": (2, 3, 4, 1)})


def batches(reader, **changes):
    from astsvm.network.input_pipeline import training_batches

    arguments = {
        "streams": ("flow", "idsf"),
        "indices": np.arange(COUNT)[::-1],
        "labels": np.arange(COUNT)[::-1] % 3,
        "batch_size": 4,
        "epochs": 3,
        "shuffle_seed": (7, 11),
        **changes,
    }
    return training_batches(reader, **arguments)


def rows_of(batch):
    """Indices of the clips in a batch, read back from their values."""
    inputs = batch[0]
    rows = inputs["idsf"][:, 0, 0, 0, 0].numpy()
    np.testing.assert_array_equal(inputs["flow"][:, 1, 2, 3, 1], rows + 0.5)
    return rows.astype(int)


@pytest.mark.parametrize("memory_budget", [0, 2**20], ids=["read", "kept"])
def test_every_epoch_holds_every_clip_once_in_the_promised_order(reader, memory_budget):
    found = list(batches(reader, memory_budget=memory_budget))
    assert [len(batch[1]) for batch in found] == [4, 4, 3] * 3
    for epoch in range(3):
        of_epoch = found[3 * epoch : 3 * epoch + 3]
        rows = np.concatenate([rows_of(batch) for batch in of_epoch])
        order = np.random.default_rng([7, 11, epoch + 1]).permutation(COUNT)
        np.testing.assert_array_equal(rows, np.arange(COUNT)[::-1][order])
        labels = np.concatenate([batch[1] for batch in of_epoch])
        np.testing.assert_array_equal(labels, rows % 3)


def test_epochs_and_seeds_differ_and_the_same_seed_does_not(reader):
    def order(seed):
        return np.concatenate([rows_of(b) for b in batches(reader, shuffle_seed=seed)])

    first = order((1, 2))
    np.testing.assert_array_equal(first, order((1, 2)))
    assert not np.array_equal(first, order((1, 3)))
    assert not np.array_equal(first[:COUNT], first[COUNT : 2 * COUNT])


def test_types_and_shapes_are_known_to_tensorflow(reader):
    import tensorflow as tf

    data = batches(reader, sample_weights=np.linspace(1, 2, COUNT))
    inputs, labels, weights = data.element_spec
    assert inputs["flow"] == tf.TensorSpec((None, 2, 3, 4, 2), tf.float16)
    assert inputs["idsf"] == tf.TensorSpec((None, 2, 3, 4, 1), tf.float16)
    assert (labels.dtype, weights.dtype) == (tf.int64, tf.float32)
    assert int(data.cardinality()) == 9


def test_weights_follow_their_clips(reader):
    given = np.linspace(1, 2, COUNT)
    for batch in batches(reader, sample_weights=given[::-1]):
        np.testing.assert_allclose(batch[2], given[rows_of(batch)], rtol=1e-6)


def test_a_batch_is_one_read_per_stream(reader):
    found = [rows_of(batch).tolist() for batch in batches(reader, memory_budget=0)]
    for stream in ("flow", "idsf"):
        assert [rows for name, rows in reader.reads if name == stream] == found


def test_what_fits_the_memory_is_read_once(reader):
    needed = COUNT * 2 * (2 * 3 * 4) * (2 + 1)
    list(batches(reader, memory_budget=needed))
    assert len(reader.reads) == 2
    reader.reads.clear()
    list(batches(reader, memory_budget=needed - 1))
    assert len(reader.reads) == 2 * 9


def test_prediction_keeps_the_order(reader):
    from astsvm.network.input_pipeline import prediction_batches

    indices = [5, 0, 9, 9, 2]
    found = list(prediction_batches(reader, ["idsf"], indices, batch_size=2))
    assert [set(batch) for batch in found] == [{"idsf"}] * 3
    rows = np.concatenate([batch["idsf"][:, 0, 0, 0, 0] for batch in found])
    np.testing.assert_array_equal(rows, indices)


def test_float16_values_arrive_unchanged():
    values = np.random.default_rng(0).normal(size=(3, 1, 28, 28, 3)).astype(np.float16)
    reader = FakeReader({"flow": (1, 28, 28, 3)})
    reader.read_batch = lambda stream, indices: values[indices]
    from astsvm.network.input_pipeline import prediction_batches

    batch = next(iter(prediction_batches(reader, ["flow"], [2, 0, 1], batch_size=3)))
    np.testing.assert_array_equal(batch["flow"], values[[2, 0, 1]].astype(np.float32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"streams": ("strain",)}, "strain"),
        ({"streams": ()}, "streams"),
        ({"streams": ("flow", "flow")}, "none twice"),
        ({"indices": []}, "indices"),
        ({"indices": np.arange(COUNT) - 1}, "indices"),
        ({"indices": np.arange(COUNT) + 0.5}, "indices"),
        ({"labels": np.zeros(COUNT - 1, int)}, "expected 11 labels"),
        ({"labels": np.full(COUNT, np.nan)}, "labels"),
        ({"batch_size": 0}, "batch_size"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": True}, "epochs"),
        ({"shuffle_seed": ()}, "shuffle_seed"),
        ({"shuffle_seed": (-1,)}, "shuffle_seed"),
        ({"sample_weights": np.ones(COUNT - 1)}, "sample_weights"),
        ({"sample_weights": np.full(COUNT, np.nan)}, "sample_weights"),
        ({"sample_weights": -np.ones(COUNT)}, "sample_weights"),
    ],
)
def test_bad_arguments_are_refused(reader, change, message):
    with pytest.raises(InvalidInputError, match=message):
        batches(reader, **change)


def test_a_reader_that_gives_something_else_is_refused(reader):
    reader.read_batch = lambda stream, indices: np.zeros((len(indices), 2, 3, 4, 2), np.float32)
    with pytest.raises(InvalidInputError, match="expected float16"):
        batches(reader)


def test_a_real_clip_file_feeds_the_batches(tmp_path):
    from astsvm.clip import Clip
    from astsvm.config import PreprocessingSettings
    from astsvm.datasets import Dataset
    from astsvm.network.input_pipeline import prediction_batches
    from astsvm.storage import PartsFolder, ProcessedClip, open_clips

    generator = np.random.default_rng(0)
    clips = tuple(Clip("folder", "s", f"c{i}", "x", tmp_path / f"{i}.avi", row=i) for i in range(5))
    flow = generator.normal(size=(5, 1, 28, 28, 3)).astype(np.float32)
    dataset = Dataset("folder", tmp_path, clips, (), False, sheet=tmp_path / "clips.csv")
    parts = PartsFolder.open(tmp_path / "clips.h5", dataset, PreprocessingSettings())
    for index, clip in enumerate(clips):
        parts.store(index, ProcessedClip(clip=clip, streams={"flow": flow[index]}, fps=50.0))
    parts.assemble(())
    with open_clips(tmp_path / "clips.h5") as collection:
        for budget in (0, 2**20):
            data = prediction_batches(
                collection, ["flow"], [3, 1, 4, 0], batch_size=3, memory_budget=budget
            )
            found = np.concatenate([batch["flow"] for batch in data])
            np.testing.assert_array_equal(found, flow[[3, 1, 4, 0]].astype(np.float16))


def test_a_coin_chooses_between_a_clip_and_its_mirror_image(reader):
    from astsvm.network.input_pipeline import epoch_orders

    plain = epoch_orders(200, 3, (7, 11))
    tossed = epoch_orders(200, 3, (7, 11), mirror=True)
    np.testing.assert_array_equal(tossed % 200, plain)
    assert all(70 < (row >= 200).sum() < 130 for row in tossed)
    assert not np.array_equal(tossed[0] >= 200, tossed[1] >= 200)


@pytest.mark.parametrize("memory_budget", [0, 2**20], ids=["read", "kept"])
def test_mirrored_batches_keep_clip_label_and_weight_together(reader, memory_budget):
    weights = np.arange(COUNT)[::-1] / 2
    turned = 0
    found = list(batches(reader, mirror=True, sample_weights=weights, memory_budget=memory_budget))
    assert len(found) == 9
    for inputs, labels, weight in found:
        idsf, flow = inputs["idsf"][:, 0, 0, 0, 0].numpy(), inputs["flow"].numpy()
        np.testing.assert_array_equal(labels, idsf % 3)
        np.testing.assert_array_equal(weight, idsf / 2)
        np.testing.assert_array_equal(flow[:, 1, 2, 3, 1], idsf + 0.5)
        np.testing.assert_array_equal(np.abs(flow[:, 1, 2, 3, 0]), idsf + 0.5)
        turned += int((flow[:, 0, 0, 0, 0] < 0).sum())
    assert 5 < turned < 28


def test_prediction_reads_only_what_is_asked_for(reader):
    from astsvm.network.input_pipeline import prediction_batches

    (plain,) = prediction_batches(reader, ["flow"], [3, 1], batch_size=4)
    (turned,) = prediction_batches(reader, ["flow"], [3, 1], batch_size=4, mirror=True)
    np.testing.assert_array_equal(plain["flow"][..., 0], -turned["flow"][..., 0])
    assert plain["flow"][0, 0, 0, 0, 0] == 3.5
