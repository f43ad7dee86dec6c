"""The network of a fold: compiled once in a process, but as good as new for every fold.

Tracing and compiling the training step takes longer than many a fold's training, so a process keeps
one compiled network. Before each fold everything in it that changes is set anew: weights, moving
statistics and dropout states from a network freshly built under the fold's own seed, and the
optimiser's moments and step count to zero. A fold then gives the same bits as in a new process.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

# First, because it sets the environment that TensorFlow reads when it is imported.
from astsvm.network.input_pipeline import prediction_batches, training_batches
from astsvm.network.model import build_network, feature_extractor

# isort: split
import keras
import numpy as np
import numpy.typing as npt

from astsvm.config import NetworkSettings
from astsvm.evaluation.attention_maps import ClipMaps, clip_maps
from astsvm.evaluation.fold import class_weights

if TYPE_CHECKING:
    from astsvm.evaluation.fold import FoldTask

__all__ = ["FoldNetwork", "Outputs", "compiled_network"]

Shapes = tuple[tuple[str, tuple[int, int, int, int]], ...]

# Outside the compiled network every step at full size keeps its result: few clips at a time.
_CLIPS_A_MAP_BATCH = 8


class Outputs(NamedTuple):
    """Penultimate features (n, d) and class probabilities (n, classes) of n clips, float32."""

    features: npt.NDArray[np.float32]
    probabilities: npt.NDArray[np.float32]


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
        self._streams = task.streams
        shapes: Shapes = tuple((name, task.clips.streams[name]) for name in self._streams)
        self._baseline = task.method.network if task.method else ""
        network = "" if self._baseline else task.settings.network.to_json()
        self._structure = (self._baseline, network, shapes, task.classes)
        self._model, self._outputs = compiled_network(
            *self._structure, task.settings.training.learning_rate
        )
        number = int(np.random.SeedSequence(list(seed)).generate_state(1)[0])
        # Keras draws the seeds of initial weights and dropout from here. Not set_random_seed, which
        # has TensorFlow forget its compiled functions as well: some 8 s a fold.
        random.seed(number)
        _begin_anew(self._model, _built(*self._structure))

    def train(
        self,
        indices: npt.NDArray[np.int64],
        labels: npt.NDArray[np.int64],
        *,
        epochs: int,
        after_epoch: Callable[[int], None] | None = None,
    ) -> npt.NDArray[np.float64]:
        """Fit the network to clips and return the mean loss of every epoch.

        `after_epoch` is called with the number of epochs done; it may predict, which leaves the
        rest of the training as it would have been.
        """
        task, training = self._task, self._task.settings.training
        weights = None
        if training.class_weight == "balanced":
            weights = class_weights(labels, task.classes)[labels]
        batches = training_batches(
            task.clips,
            self._streams,
            indices,
            labels,
            batch_size=training.batch_size,
            epochs=epochs,
            shuffle_seed=self._seed,
            sample_weights=weights,
            mirror=training.augmentation == "flip",
        )
        history = self._model.fit(
            batches,
            epochs=epochs,
            steps_per_epoch=-(-len(indices) // training.batch_size),
            shuffle=False,
            verbose=0,
            callbacks=[_AfterEpoch(after_epoch)] if after_epoch else None,
        )
        return np.asarray(history.history["loss"], dtype=np.float64)

    def predict(self, indices: npt.NDArray[np.int64], *, mirror: bool = False) -> Outputs:
        """Return what the network makes of clips, or of their mirror images."""
        batches = prediction_batches(
            self._task.clips,
            self._streams,
            indices,
            batch_size=self._task.settings.training.batch_size,
            mirror=mirror,
        )
        found = self._outputs.predict(batches, verbose=0)
        return Outputs(found["features"], found["probabilities"])

    def training_features(
        self, indices: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return the features a head is fitted to, and their labels.

        Where training clips are mirrored, the head gets every clip and its mirror image.
        """
        features = self.predict(indices).features
        if self._task.settings.training.augmentation == "none":
            return features, labels
        turned = self.predict(indices, mirror=True).features
        return np.concatenate([features, turned]), np.concatenate([labels, labels])

    def maps(self, indices: npt.NDArray[np.int64]) -> ClipMaps:
        """Return where the network looks in clips, and the motion there; none of a baseline."""
        if self._baseline:
            return ClipMaps({}, {})
        batches = prediction_batches(
            self._task.clips, self._streams, indices, batch_size=_CLIPS_A_MAP_BATCH
        )
        return clip_maps(self._model, self._streams, batches)

    def copy(self) -> keras.Model:
        """Return a network with the same weights that nothing takes over, not compiled."""
        model = _built(*self._structure)
        model.set_weights(self.weights())
        return model

    def weights(self) -> list[npt.NDArray[Any]]:
        """Return all weights, moving statistics included."""
        return list(self._model.get_weights())


class _AfterEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, call: Callable[[int], None]) -> None:
        super().__init__()
        self._call = call

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._call(epoch + 1)


def _built(baseline: str, network: str, shapes: Shapes, classes: int) -> keras.Model:
    if baseline:
        from astsvm.baselines.registry import find_baseline

        ((_, shape),) = shapes
        return find_baseline(baseline).build(shape, classes)
    return build_network(dict(shapes), classes, settings=NetworkSettings.from_json(network))


@lru_cache(maxsize=1)
def compiled_network(
    baseline: str, network: str, shapes: Shapes, classes: int, learning_rate: float
) -> tuple[keras.Model, keras.Model]:
    """Return the network to train, compiled, and one that tells features and probabilities.

    They share their weights. A process keeps the last pair it was asked for.
    """
    model = _built(baseline, network, shapes, classes)
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
