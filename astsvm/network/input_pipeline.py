"""Batches for training and prediction: tf.data over batched reads of stored clips.

A batch is one read per stream, made from a list of indices; there is no Python generator per clip.
Clips stay float16, as they are stored: the network converts them where it uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from astsvm.errors import InvalidInputError
from astsvm.network.mirroring import MirroredReader

__all__ = ["MEMORY_BUDGET", "ClipReader", "epoch_orders", "prediction_batches", "training_batches"]

MEMORY_BUDGET = 64 * 2**20
"""Default bytes up to which the clips of a data set are read once and kept."""

_Read = Callable[[str, npt.NDArray[np.int64]], npt.NDArray[np.float16]]


class ClipReader(Protocol):
    """What the batches need of a clip collection."""

    @property
    def streams(self) -> Mapping[str, tuple[int, int, int, int]]:
        """Shape (T, H, W, C) per stream."""

    def read_batch(self, stream: str, indices: npt.ArrayLike) -> npt.NDArray[np.float16]:
        """Return the clips at `indices`, in their order: (B, T, H, W, C) float16."""


def training_batches(
    reader: ClipReader,
    streams: Sequence[str],
    indices: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    batch_size: int,
    epochs: int,
    shuffle_seed: Sequence[int],
    sample_weights: npt.ArrayLike | None = None,
    mirror: bool = False,
    memory_budget: int = MEMORY_BUDGET,
) -> tf.data.Dataset:
    """Return the shuffled batches of all epochs, one epoch after the other.

    Parameters
    ----------
    reader : ClipReader
        Where the clips are; read from one background thread while the data set is iterated.
    streams : sequence of str
        Streams to read.
    indices, labels : array_like of shape (n,), integer
        The training clips and their classes.
    batch_size, epochs : int
        Batches never cross an epoch's end; its last batch may be smaller.
    shuffle_seed : sequence of int
        Epoch e, from 0, is ordered by ``default_rng([*shuffle_seed, e + 1])``.
    sample_weights : array_like of shape (n,), optional
        Weight of every clip in the loss.
    mirror : bool
        In every epoch a fair coin decides for each clip whether it or its mirror image is read.
    memory_budget : int
        Up to this many bytes of clips are read once and kept in memory.

    Returns
    -------
    tf.data.Dataset
        ``ceil(n / batch_size) * epochs`` elements ``({stream: float16}, int64 labels)``, or with
        the float32 weights as a third part, in the same order every time.

    Raises
    ------
    InvalidInputError
        If sizes disagree, nothing is left to read, a stream is unknown or a number is out of range.
    """
    rows = _integers("indices", indices)
    classes = _integers("labels", labels, len(rows))
    _check_positive(batch_size=batch_size, epochs=epochs)
    targets: list[npt.NDArray[Any]] = [classes]
    if sample_weights is not None:
        targets.append(_weights(sample_weights, len(rows)))
    orders = epoch_orders(len(rows), epochs, shuffle_seed, mirror=mirror)
    if mirror:
        reader, rows = MirroredReader(reader), np.concatenate([2 * rows, 2 * rows + 1])
        targets = [np.concatenate([table, table]) for table in targets]
    return _batches(reader, streams, rows, targets, orders, batch_size, memory_budget)


def prediction_batches(
    reader: ClipReader,
    streams: Sequence[str],
    indices: npt.ArrayLike,
    *,
    batch_size: int,
    mirror: bool = False,
    memory_budget: int = MEMORY_BUDGET,
) -> tf.data.Dataset:
    """Return the clips once, in the order of `indices`, as batches ``{stream: float16}``.

    Parameters and errors are those of :func:`training_batches`, but with `mirror` the mirror image
    of every clip is read instead.
    """
    rows = _integers("indices", indices)
    if mirror:
        reader, rows = MirroredReader(reader), 2 * rows + 1
    _check_positive(batch_size=batch_size)
    order = np.arange(len(rows))[None]
    return _batches(reader, streams, rows, [], order, batch_size, memory_budget)


def epoch_orders(
    count: int, epochs: int, shuffle_seed: Sequence[int], *, mirror: bool = False
) -> npt.NDArray[np.int64]:
    """Return one permutation of range(count) per epoch, shape (epochs, count).

    With `mirror`, `count` is added to an entry where the coin showed the mirror image. The order
    of the clips is the same with and without.
    """
    seed = [int(part) for part in shuffle_seed]
    if not seed or min(seed) < 0:
        raise InvalidInputError(
            f"shuffle_seed must be one or more numbers of at least 0, received {shuffle_seed!r}."
        )
    orders = np.empty((epochs, count), dtype=np.int64)
    for epoch in range(epochs):
        generator = np.random.default_rng([*seed, epoch + 1])
        orders[epoch] = generator.permutation(count)
        if mirror:
            orders[epoch] += count * generator.integers(0, 2, count)
    return orders


def _batches(
    reader: ClipReader,
    streams: Sequence[str],
    rows: npt.NDArray[np.int64],
    targets: list[npt.NDArray[Any]],
    orders: npt.NDArray[np.int64],
    batch_size: int,
    memory_budget: int,
) -> tf.data.Dataset:
    shapes = _shapes(reader, streams)
    read = _reading(reader, shapes, rows, memory_budget)
    steps = -(-orders.shape[1] // batch_size)
    order_table, target_tables = tf.constant(orders), [tf.constant(table) for table in targets]

    def load(step: tf.Tensor) -> Any:
        start = (step % steps) * batch_size
        positions = order_table[step // steps, start : start + batch_size]
        inputs = {}
        for name, shape in shapes.items():
            clips = tf.numpy_function(
                lambda chosen, name=name: read(name, chosen), [positions], tf.float16
            )
            clips.set_shape((None, *shape))
            inputs[name] = clips
        if not target_tables:
            return inputs
        return (inputs, *(tf.gather(table, positions) for table in target_tables))

    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False
    # One reading thread beside the computing one: a fold uses one core.
    options.threading.private_threadpool_size = 1
    data = tf.data.Dataset.range(steps * len(orders)).map(load).prefetch(1)
    return data.with_options(options)


def _reading(
    reader: ClipReader,
    shapes: Mapping[str, tuple[int, int, int, int]],
    rows: npt.NDArray[np.int64],
    memory_budget: int,
) -> _Read:
    """Return the function that reads clips by their position in `rows`."""
    needed = sum(2 * int(np.prod(shape)) for shape in shapes.values()) * len(rows)
    if needed > memory_budget:
        return lambda name, chosen: _read(reader, name, rows[chosen], shapes[name])
    kept = {name: _read(reader, name, rows, shape) for name, shape in shapes.items()}
    return lambda name, chosen: kept[name][chosen]


def _read(
    reader: ClipReader,
    name: str,
    rows: npt.NDArray[np.int64],
    shape: tuple[int, int, int, int],
) -> npt.NDArray[np.float16]:
    clips = np.asarray(reader.read_batch(name, rows))
    if clips.shape != (len(rows), *shape) or clips.dtype != np.float16:
        raise InvalidInputError(
            f"stream {name!r}: expected float16 clips of shape {(len(rows), *shape)}, the reader "
            f"gave {clips.dtype} of shape {clips.shape}."
        )
    return clips


def _shapes(reader: ClipReader, streams: Sequence[str]) -> dict[str, tuple[int, int, int, int]]:
    unknown = [name for name in streams if name not in reader.streams]
    if not streams or unknown or len(set(streams)) != len(streams):
        raise InvalidInputError(
            f"streams must name one or more of {', '.join(reader.streams)}, none twice; "
            f"received {list(streams)}."
        )
    return {name: reader.streams[name] for name in streams}


def _integers(name: str, values: npt.ArrayLike, count: int | None = None) -> npt.NDArray[np.int64]:
    array = np.asarray(values)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iu" or array.min() < 0:
        raise InvalidInputError(
            f"{name} must be a non-empty row of whole numbers of at least 0, "
            f"received {array.dtype} of shape {array.shape}."
        )
    if count is not None and len(array) != count:
        raise InvalidInputError(f"expected {count} {name}, one per clip, received {len(array)}.")
    return array.astype(np.int64)


def _weights(values: npt.ArrayLike, count: int) -> npt.NDArray[np.float32]:
    weights = np.asarray(values, dtype=np.float32)
    if weights.shape != (count,) or not np.isfinite(weights).all() or weights.min() < 0:
        raise InvalidInputError(
            f"sample_weights must be {count} finite numbers of at least 0, "
            f"received shape {weights.shape}."
        )
    return weights


def _check_positive(**numbers: int) -> None:
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InvalidInputError(f"{name} must be a positive whole number, received {value!r}.")
