"""The network of a fold: compiled once in a process, but as good as new for every fold.

Tracing and compiling the training step takes longer than many a fold's training, so a process keeps
one compiled network. Before each fold everything in it that changes is set anew: weights, moving
statistics and dropout states from a network freshly built under the fold's own seed, and the
optimiser's moments and step count to zero. A fold then gives the same bits as in a new process.
"""

from __future__ import annotations

import random
from functools import lru_cache
from typing import TYPE_CHECKING, Any

# First, because it sets the environment that TensorFlow reads when it is imported.
from astsvm.network.input_pipeline import prediction_batches, training_batches
from astsvm.network.model import build_network, feature_extractor

# isort: split
import keras
import numpy as np
import numpy.typing as npt

from astsvm.config import NetworkSettings

if TYPE_CHECKING:
    from astsvm.evaluation.fold import FoldTask

__all__ = ["FoldNetwork", "compiled_network"]

Shapes = tuple[tuple[str, tuple[int, int, int, int]], ...]


class FoldNetwork:
    """A network with the initial state of one fold.

    Making one takes over the process's compiled network; an earlier one must not be used then.

    Parameters
    ----------
    task : FoldTask
        The fold.
    seed : sequence of int
        Seeds the initial state, and together with the epoch the order of the clips.
    """

    def __init__(self, task: FoldTask, seed: tuple[int, ...]) -> None:
        self._task = task
        self._seed = seed
        self._streams = task.settings.network.streams
        shapes: Shapes = tuple((name, task.clips.streams[name]) for name in self._streams)
        structure = (task.settings.network.to_json(), shapes, task.classes)
        self._model, self._outputs = compiled_network(
            *structure, task.settings.training.learning_rate
        )
        number = int(np.random.SeedSequence(list(seed)).generate_state(1)[0])
        # Keras draws the seeds of initial weights and dropout from here. Not set_random_seed, which
        # has TensorFlow forget its compiled functions as well: some 8 s a fold.
        random.seed(number)
        _begin_anew(self._model, _built(*structure))

    def train(
        self, labels: npt.NDArray[np.int64], sample_weights: npt.NDArray[np.float32] | None
    ) -> npt.NDArray[np.float64]:
        """Fit the network to the training clips and return the mean loss of every epoch."""
        task, training = self._task, self._task.settings.training
        batches = training_batches(
            task.clips,
            self._streams,
            task.train_indices,
            labels,
            batch_size=training.batch_size,
            epochs=training.epochs,
            shuffle_seed=self._seed,
            sample_weights=sample_weights,
        )
        steps = -(-len(task.train_indices) // training.batch_size)
        history = self._model.fit(
            batches, epochs=training.epochs, steps_per_epoch=steps, shuffle=False, verbose=0
        )
        return np.asarray(history.history["loss"], dtype=np.float64)

    def predict(
        self, indices: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return penultimate features (n, d) and class probabilities (n, classes) of clips."""
        batch_size = self._task.settings.training.batch_size
        batches = prediction_batches(
            self._task.clips, self._streams, indices, batch_size=batch_size
        )
        found = self._outputs.predict(batches, verbose=0)
        return found["features"], found["probabilities"]

    def weights(self) -> list[npt.NDArray[Any]]:
        """Return all weights, moving statistics included."""
        return list(self._model.get_weights())


def _built(network: str, shapes: Shapes, classes: int) -> keras.Model:
    return build_network(dict(shapes), classes, settings=NetworkSettings.from_json(network))


@lru_cache(maxsize=1)
def compiled_network(
    network: str, shapes: Shapes, classes: int, learning_rate: float
) -> tuple[keras.Model, keras.Model]:
    """Return the network to train, compiled, and one that tells features and probabilities.

    They share their weights. A process keeps the last pair it was asked for.
    """
    model = _built(network, shapes, classes)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)
    features = feature_extractor(model).output
    outputs = keras.Model(model.input, {"features": features, "probabilities": model.output})
    return model, outputs


def _begin_anew(model: keras.Model, fresh: keras.Model) -> None:
    """Give a compiled network the state of a fresh one, and its optimiser a clean slate."""
    # `variables` holds the states of the dropout layers besides weights and moving statistics.
    for variable, initial in zip(model.variables, fresh.variables, strict=True):
        variable.assign(initial)
    optimizer = model.optimizer
    for variable in optimizer.variables:
        if variable is not optimizer.learning_rate:
            variable.assign(np.zeros(variable.shape, dtype=variable.dtype))
