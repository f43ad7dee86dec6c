"""A fold is a pure function of its task, and knows nothing of the held-out subject."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from astsvm.errors import EvaluationError, StorageError
from astsvm.evaluation.fold import FoldTask, array_digest, class_weights, fold_tag, run_fold
from astsvm.execution import run_tasks
from astsvm.storage import open_clips

HELD_OUT = "smic/s1"


def task_of(clips, settings, subject: str = HELD_OUT, seed: int = 1) -> FoldTask:
    keys = [record.subject_key for record in clips.records]
    labels = np.array([("negative", "positive", "surprise").index(r.label) for r in clips.records])
    train = np.flatnonzero([key != subject for key in keys])
    test = np.flatnonzero([key == subject for key in keys])
    return FoldTask(
        clips=clips,
        settings=settings,
        classes=3,
        seed=seed,
        subject=subject,
        train_indices=train,
        train_labels=labels[train],
        test_indices=test,
        test_clips=tuple(clips.records[i].key for i in test),
        train_subjects=tuple(keys[i] for i in train),
    )


def fitted(result) -> tuple:
    """Everything a fold fitted."""
    arrays = (result.losses, result.scaler_mean, result.scaler_scale)
    return (result.network_sha256, result.svm_sha256, array_digest(arrays))


def said(result) -> str:
    maps = [result.attention[name] for name in sorted(result.attention)]
    maps += [result.motion[name] for name in sorted(result.motion)]
    return array_digest((result.probabilities, result.svm_scores, *maps))


def run(*tasks):
    """Run tasks one after the other in one fresh process."""
    outcomes = sorted(run_tasks(run_fold, tasks, workers=1), key=lambda outcome: outcome.index)
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    return [outcome.result for outcome in outcomes]


WAYS = {
    "fixed": {},
    "flip": {"augmentation": "flip"},
    "inner": {"inner": {"splits": 2, "epochs": (1, 2), "svm_c": (0.1, 10.0)}},
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_permuting_the_held_out_subject_changes_nothing_that_is_fitted(
    write_clips, tiny_settings, way
):
    tiny_settings = tiny_settings.replace(training=tiny_settings.training.replace(**WAYS[way]))
    keys = [f"{HELD_OUT}/c{i}" for i in range(3)]
    turned = dict(zip(keys, ("surprise", "negative", "positive"), strict=True))
    redrawn = {key: 900 + number for number, key in enumerate(keys)}
    files = {
        "as it is": write_clips("plain"),
        "labels": write_clips("labels", labels=turned),
        "pixels": write_clips("pixels", draws=redrawn),
        "training pixels": write_clips("other", draws={"samm/s1/c0": 901}),
    }
    tasks = [task_of(open_clips(file), tiny_settings) for file in files.values()]
    plain, labels, pixels, control = run(*tasks)
    assert fitted(labels) == fitted(plain)
    assert said(labels) == said(plain)
    assert fitted(pixels) == fitted(plain)
    assert plain.chosen == labels.chosen == pixels.chosen
    assert bool(plain.chosen) == (way == "inner")
    assert said(pixels) != said(plain)
    # The comparison can fail: pixels of a training clip change everything.
    for one, other in zip(fitted(control), fitted(plain), strict=True):
        assert one != other


@pytest.mark.slow
def test_a_fold_is_the_same_bits_in_a_new_process_and_after_others(
    write_clips, every_layer_settings
):
    clips, settings = open_clips(write_clips("clips")), every_layer_settings
    first = task_of(clips, settings)
    others = [task_of(clips, settings, "samm/s1"), task_of(clips, settings, seed=2)]
    alone, *_ = run(first)
    by_subject, by_seed, afterwards = run(*others, first)
    assert fitted(afterwards) == fitted(alone)
    assert said(afterwards) == said(alone)
    assert len({fitted(r)[0] for r in (alone, by_subject, by_seed)}) == 3


@pytest.mark.slow
def test_predicting_after_every_epoch_changes_nothing_and_ends_with_the_result(
    write_clips, tiny_settings
):
    task = task_of(open_clips(write_clips("clips")), tiny_settings)
    plain, observed = run(task, replace(task, every_epoch=True))
    assert fitted(plain) == fitted(observed)
    assert said(plain) == said(observed)
    assert plain.epoch_probabilities.shape == (0, 3, 3)
    np.testing.assert_array_equal(observed.epoch_probabilities[-1], observed.probabilities)
    np.testing.assert_array_equal(observed.epoch_svm_scores[-1], observed.svm_scores)
    assert observed.epoch_probabilities.shape == observed.epoch_svm_scores.shape == (2, 3, 3)
    assert not np.array_equal(*observed.epoch_probabilities)


@pytest.mark.slow
def test_mirrored_training_clips_are_used_by_network_and_svm(write_clips, tiny_settings):
    training = tiny_settings.training
    flipped = tiny_settings.replace(training=training.replace(augmentation="flip"))
    clips = open_clips(write_clips("clips"))
    plain, mirrored = run(task_of(clips, tiny_settings), task_of(clips, flipped))
    assert plain.network_sha256 != mirrored.network_sha256
    assert plain.svm_sha256 != mirrored.svm_sha256


def test_result_tells_what_was_held_out_and_learnt(write_clips, every_layer_settings):
    clips = open_clips(write_clips("clips"))
    settings = every_layer_settings.replace(
        training=every_layer_settings.training.replace(epochs=30)
    )
    (result,) = run(task_of(clips, settings))
    assert result.clips == tuple(f"{HELD_OUT}/c{i}" for i in range(3))
    assert result.probabilities.shape == result.svm_scores.shape == (3, 3)
    assert result.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert result.losses.shape == (30,)
    assert result.losses[-1] < 0.5 * result.losses[0]
    assert np.argmax(result.svm_scores, axis=1).tolist() == [0, 1, 2]
    assert (result.scaler_scale > 0).all()
    assert result.attention["flow"].shape == result.motion["flow"].shape == (3, 16, 16)
    assert result.attention["flow_frames"].shape == (3, 2)
    # Trained, it looks away from "the same everywhere", where it started.
    assert result.attention["flow"].std(dtype=np.float64) > 0.01
    # The fixture plants the motion of each class in rows of its own.
    assert result.motion["flow"].mean(axis=2).argmax(axis=1).tolist() == pytest.approx(
        [2, 6, 10], abs=3
    )


def test_changed_files_are_refused(write_clips, tiny_settings):
    file = write_clips("clips")
    task = task_of(open_clips(file), tiny_settings)
    write_clips("new", draws={"samm/s1/c0": 5}).replace(file)
    with pytest.raises(StorageError, match="have changed"):
        run(task)


def test_a_class_nobody_else_shows_is_never_predicted(write_clips, tiny_settings):
    clips = open_clips(write_clips("clips"))
    task = task_of(clips, tiny_settings)
    rest = task.train_labels != 2
    (result,) = run(
        replace(task, train_indices=task.train_indices[rest], train_labels=task.train_labels[rest])
    )
    assert np.isfinite(result.svm_scores).all()
    assert 2 not in np.argmax(result.svm_scores, axis=1)


def test_one_class_only_is_refused_before_anything_is_loaded(write_clips, tiny_settings):
    task = task_of(open_clips(write_clips("clips")), tiny_settings)
    with pytest.raises(EvaluationError, match="one class only"):
        run_fold(replace(task, train_labels=np.zeros_like(task.train_labels)))


def test_probabilities_that_are_no_numbers_are_no_prediction(
    write_clips, tiny_settings, monkeypatch
):
    # The last step may break the head alone: the losses before it and the features are finite.
    class Broken:
        def __init__(self, task, seed):
            self.classes = task.classes

        def train(self, indices, labels, *, epochs, after_epoch):
            return np.zeros(epochs)

        def training_features(self, indices, labels):
            return self.predict(indices).features, labels

        def predict(self, indices):
            features = np.random.default_rng(0).normal(size=(len(indices), 4))
            nothing = np.full((len(indices), self.classes), np.nan, np.float32)
            return fold_network.Outputs(features, nothing)

        def weights(self):
            return []

    from astsvm.evaluation import fold_network

    monkeypatch.setattr(fold_network, "FoldNetwork", Broken)
    with pytest.raises(EvaluationError, match="diverged"):
        run_fold(task_of(open_clips(write_clips("clips")), tiny_settings))


def test_class_weights_are_those_of_scikit_learn():
    labels = np.array([0, 0, 0, 1, 2, 2])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert class_weights(labels, 3) == pytest.approx(expected)
    assert class_weights(labels, 4)[3] == 0
    assert class_weights(labels, 4)[:3] == pytest.approx(expected)


def test_tags_depend_on_the_subject_alone_and_are_never_zero():
    tags = [fold_tag(f"smic/s{i}") for i in range(500)]
    assert len(set(tags)) == 500
    assert min(tags) > 0
