"""What an inner split may look at, and that it chooses what did best there."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import f1_score
from sklearn.svm import SVC

from astsvm.config import InnerSettings, Settings, TrainingSettings
from astsvm.errors import EvaluationError
from astsvm.evaluation import fold_network
from astsvm.evaluation.inner_selection import (
    Choice,
    choose_within_training,
    inner_parts,
    settings_of_choice,
)

SUBJECTS, CLIPS = 6, 6
COUNT = SUBJECTS * CLIPS


def task_with(inner: InnerSettings | None, labels=None, subjects: int = SUBJECTS, epochs: int = 10):
    """Make a fold of 6 subjects with 6 clips each; its clips are told apart by index alone."""
    if labels is None:
        labels = np.arange(COUNT) % 3
    return SimpleNamespace(
        subject="db/held out",
        classes=3,
        settings=Settings(training=TrainingSettings(epochs=epochs, inner=inner)),
        train_indices=np.arange(100, 100 + COUNT),
        train_labels=labels,
        train_subjects=tuple(f"db/s{i * subjects // COUNT}" for i in range(COUNT)),
    )


class ImaginaryNetwork:
    """Knows its clips by heart: right in some epochs only, features that say the class."""

    good_epochs = (4,)
    noise = 1.0
    trained: list = []  # noqa: RUF012
    read: list = []  # noqa: RUF012

    def __init__(self, task, seed):
        self.task, self.epoch = task, 0
        type(self).trained.append(seed)

    def train(self, indices, labels, *, epochs, after_epoch):
        np.testing.assert_array_equal(labels, self.task.train_labels[indices - 100])
        type(self).read.append(set(indices))
        for self.epoch in range(1, epochs + 1):
            after_epoch(self.epoch)

    def training_features(self, indices, labels):
        return self.predict(indices).features, labels

    def predict(self, indices):
        truth = self.task.train_labels[indices - 100]
        said = truth if self.epoch in self.good_epochs else (truth + 1) % 3
        generator = np.random.default_rng(indices[0])
        features = 2 * np.eye(3)[truth] + self.noise * generator.normal(size=(len(truth), 3))
        return fold_network.Outputs(features, np.eye(3, dtype=np.float32)[said])


@pytest.fixture
def network(monkeypatch):
    """Replace the network by the imaginary one."""
    monkeypatch.setattr(fold_network, "FoldNetwork", ImaginaryNetwork)
    monkeypatch.setattr(ImaginaryNetwork, "trained", [])
    monkeypatch.setattr(ImaginaryNetwork, "read", [])
    return ImaginaryNetwork


def test_parts_hold_whole_subjects_and_every_clip_once():
    task = task_with(InnerSettings(splits=3))
    parts = inner_parts(task, task.settings.training.inner, (1, 2))
    assert sorted(np.concatenate(parts)) == list(range(COUNT))
    owners = [{task.train_subjects[i] for i in part} for part in parts]
    assert not owners[0] & owners[1]
    assert len(set.union(*owners)) == SUBJECTS
    again = inner_parts(task, task.settings.training.inner, (1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))


def test_other_folds_and_seeds_are_split_otherwise():
    task = task_with(InnerSettings(splits=3))
    splits = {
        str(inner_parts(task, task.settings.training.inner, (seed, tag)))
        for seed in range(1, 4)
        for tag in range(1, 4)
    }
    assert len(splits) > 3


def test_the_epochs_are_those_with_the_best_softmax_and_the_fewest_of_equals(network, monkeypatch):
    assert choose_within_training(task_with(InnerSettings()), (1, 5)).epochs == 4
    monkeypatch.setattr(network, "good_epochs", (6, 8))
    assert choose_within_training(task_with(InnerSettings()), (1, 5)).epochs == 6
    chosen = choose_within_training(task_with(InnerSettings(epochs=(3, 7))), (1, 5))
    assert chosen.epochs == 3


def test_inner_networks_never_train_on_what_judges_them(network):
    task = task_with(InnerSettings(splits=3))
    choose_within_training(task, (1, 5))
    assert network.trained == [(1, 5, 1), (1, 5, 2), (1, 5, 3)]
    everything = set(task.train_indices)
    held_out = [everything - read for read in network.read]
    assert set.union(*held_out) == everything
    assert sum(map(len, held_out)) == COUNT


def test_c_and_gamma_are_those_of_a_plain_grid_search(network, monkeypatch):
    monkeypatch.setattr(network, "noise", 2.5)
    inner = InnerSettings(epochs=(4,), svm_c=(10.0, 0.01, 1.0), gamma_factors=(8.0, 0.1, 1.0))
    task = task_with(inner)
    found = choose_within_training(task, (1, 5))
    parts = inner_parts(task, inner, (1, 5))

    def figure(svm_c: float, factor: float) -> float:
        truth, said = [], []
        for part in parts:
            kept = np.setdiff1d(np.arange(COUNT), part)
            imaginary = ImaginaryNetwork(task, ())
            features = imaginary.predict(task.train_indices[kept]).features
            mean, deviation = features.mean(axis=0), features.std(axis=0)
            scaled = (features - mean) / deviation
            other = imaginary.predict(task.train_indices[part]).features
            gamma = factor / (scaled.shape[1] * scaled.var())
            scores = [
                SVC(C=svm_c, gamma=gamma)
                .fit(scaled, task.train_labels[kept] == c)
                .decision_function((other - mean) / deviation)
                for c in range(3)
            ]
            truth += list(task.train_labels[part])
            said += list(np.argmax(scores, axis=0))
        return f1_score(truth, said, average="macro")

    grid = [(c, g) for c in (0.01, 1.0, 10.0) for g in (0.1, 1.0, 8.0)]
    figures = [figure(*pair) for pair in grid]
    assert len(set(figures)) > 2
    assert (found.svm_c, found.gamma_factor) == grid[int(np.argmax(figures))]


def test_a_factor_of_one_is_what_scikit_learn_calls_scale():
    features = np.random.default_rng(0).normal(3, 2, (40, 7))
    features[:, 2] = 5.0
    settings = settings_of_choice(TrainingSettings(), Choice(3, 4.0, 1.0), features)
    assert settings.svm_c == 4
    assert settings.svm_gamma == pytest.approx(1 / (7 * (6 / 7)))
    constant = settings_of_choice(TrainingSettings(), Choice(3, 4.0, 2.0), np.ones((5, 2)))
    assert constant.svm_gamma == 1


@pytest.mark.parametrize(
    ("inner", "changes", "says"),
    [
        (None, {}, "set training.inner"),
        (InnerSettings(splits=7), {}, "it has 6 training subjects"),
        (InnerSettings(splits=2), {"subjects": 1}, "it has 1 training subjects"),
        (InnerSettings(splits=4), {"labels": np.arange(COUNT) // 3 % 2 * 0 + 1}, "one class only"),
    ],
)
def test_what_cannot_be_split_is_refused_in_words(network, inner, changes, says):
    with pytest.raises(EvaluationError, match=says):
        choose_within_training(task_with(inner, **changes), (1, 5))


def test_a_rare_class_is_no_reason_to_stop(network):
    labels = np.arange(COUNT) % 2
    labels[0] = 2
    assert choose_within_training(task_with(InnerSettings(), labels=labels), (1, 5)).epochs == 4
