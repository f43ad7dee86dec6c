"""Scalars of a run for TensorBoard: a folder for every fold, written from the folds as stored.

::

    RUN/tensorboard/SEED/DATABASE_SUBJECT/   loss and learning rate by epoch, seconds of the fold
    RUN/tensorboard/pooled/                  UF1 and UAR of the finished run, by head and part

Every file is written whole, and anew when a run is resumed, so that nothing stands in it twice.
Its clock starts with the fold, not at a time of day. Nothing here is read by the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from astsvm.errors import StorageError
from astsvm.evaluation.fold import FoldResult
from astsvm.evaluation.predictions import HEADS
from astsvm.evaluation.run_folder import RunFolder
from astsvm.reporting.run_names import part_names, picture_notices, run_notices
from astsvm.storage.atomic import write_atomically

__all__ = ["TensorboardLog"]

_FOLDER = "tensorboard"
_FILE = "events.out.tfevents.0.astsvm"
"""TensorBoard reads what has "tfevents" in its name."""

_FORMAT = "brain.Event:2"
_FIGURES = {"uf1": "UF1", "uar": "UAR"}

Scalar = tuple[float, int, str, float]
"""Seconds since the beginning, step, name, value."""


class TensorboardLog:
    """Keeps a run's ``tensorboard`` folder up to date while the run goes on.

    TensorFlow is imported with the first file that is written; no device is taken.

    Parameters
    ----------
    run : Path
        Folder of the run.
    """

    def __init__(self, run: Path) -> None:
        self._run = RunFolder(run)
        self._written: set[tuple[int, str]] = set()

    def update(self) -> None:
        """Write the files of folds that have been stored since the last time.

        Raises
        ------
        StorageError
            If the run has no readable ``config.json``, or a file cannot be written.
        """
        config = self._run.config()
        for seed in config["seeds"]:
            for subject in config["subjects"]:
                fold = self._run.fold_path(seed, subject)
                if (seed, subject) in self._written or not fold.exists():
                    continue
                try:
                    result = self._run.load_fold(seed, subject, config)
                except StorageError:
                    # Damaged, or of another run: the run will compute it again.
                    continue
                self._write(Path(str(seed), fold.stem), _of_fold(result, config))
                self._written.add((seed, subject))

    def finish(self) -> None:
        """Write what is missing, and the pooled figures of the finished run.

        Raises
        ------
        StorageError
            If the run is not finished, or a file cannot be written.
        """
        self.update()
        self._write(Path("pooled"), _of_run(self._run.config(), self._run.metrics()))

    def _write(self, place: Path, scalars: Iterable[Scalar]) -> None:
        folder = self._run.path / _FOLDER / place
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error.strerror}.") from error
        write_atomically(folder / _FILE, lambda temporary: _write_events(temporary, scalars))


def _of_fold(result: FoldResult, config: dict[str, Any]) -> Iterable[Scalar]:
    """Yield a fold's scalars; of the fold's seconds, every epoch gets an equal part."""
    epochs, rate = len(result.losses), config["settings"]["training"]["learning_rate"]
    group = ", ".join(["training", *run_notices(config)])
    for number, loss in enumerate(result.losses, 1):
        clock = result.seconds * number / epochs
        yield clock, number, f"{group}/loss", float(loss)
        yield clock, number, f"{group}/learning rate", rate
    yield result.seconds, epochs, "fold/seconds", result.seconds


def _of_run(config: dict[str, Any], metrics: dict[str, Any]) -> Iterable[Scalar]:
    group = ", ".join(["pooled", *picture_notices(config, metrics)])
    for part, name in part_names(config, metrics).items():
        for head in HEADS:
            for key, label in _FIGURES.items():
                yield 0.0, 0, f"{group}/{name}: {label} {head}", metrics[head][part][key]


def _write_events(path: Path, scalars: Iterable[Scalar]) -> None:
    from astsvm.network.start import start_tensorflow

    start_tensorflow()
    import tensorflow as tf

    events = [tf.compat.v1.Event(wall_time=0.0, file_version=_FORMAT)]
    for clock, step, name, value in scalars:
        scalar = tf.compat.v1.Summary.Value(tag=name, simple_value=value)
        summary = tf.compat.v1.Summary(value=[scalar])
        events.append(tf.compat.v1.Event(wall_time=clock, step=step, summary=summary))
    try:
        with tf.io.TFRecordWriter(str(path)) as writer:
            for event in events:
                writer.write(event.SerializeToString())
    except tf.errors.OpError as error:
        raise StorageError(
            f"{path.parent}: TensorBoard's file cannot be written: {error}"
        ) from error
