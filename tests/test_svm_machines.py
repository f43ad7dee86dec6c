"""Machines of other kinds than the method's: kernels by their formulas, pairs of classes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC

from astsvm.classifier import SvmHead
from astsvm.config import TrainingSettings
from astsvm.errors import InvalidInputError, SettingsError
from astsvm.svm_machines import ChiSquareKernel


def blobs(classes=3, clips=20, width=8, seed=0):
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), clips)
    centres = generator.normal(size=(classes, width)) * 2
    scales = np.logspace(-2, 2, width)
    return (centres[labels] + generator.normal(size=(len(labels), width))) * scales + 5, labels


def kernel_of(settings, one, other, gamma):
    """A kernel by its formula, value by value."""
    rows, columns = one[:, None].astype(float), other[None].astype(float)
    if settings.svm_kernel == "linear":
        return (rows * columns).sum(axis=2)
    if settings.svm_kernel == "polynomial":
        return (gamma * (rows * columns).sum(axis=2) + 1) ** settings.svm_degree
    if settings.svm_kernel == "rbf":
        return np.exp(-gamma * ((rows - columns) ** 2).sum(axis=2))
    sums = rows + columns
    terms = np.divide((rows - columns) ** 2, sums, out=np.zeros_like(sums), where=sums > 0)
    return np.exp(-gamma * terms.sum(axis=2))


@pytest.mark.parametrize("multiclass", ["one_vs_rest", "one_vs_one"])
@pytest.mark.parametrize("kernel", ["linear", "rbf", "polynomial", "chi_square"])
def test_every_kernel_is_its_formula(kernel, multiclass):
    features, labels = blobs()
    features = np.abs(features)
    features[::4, 0] = 0
    settings = TrainingSettings(
        svm_kernel=kernel,
        svm_gamma=0.02,
        svm_degree=3,
        svm_standardise=False,
        svm_multiclass=multiclass,
        svm_c=0.5,
    )
    train = np.arange(len(labels)) % 3 > 0
    head = SvmHead(3).fit(features[train], labels[train], settings)
    machine = SVC(kernel="precomputed", C=0.5)
    machine = OneVsRestClassifier(machine) if multiclass == "one_vs_rest" else machine
    gram = kernel_of(settings, features[train], features[train], 0.02)
    expected = machine.fit(gram, labels[train]).decision_function(
        kernel_of(settings, features, features[train], 0.02)
    )
    np.testing.assert_allclose(head.decision_function(features), expected, rtol=2e-2, atol=2e-2)


def test_a_machine_for_each_pair_predicts_what_libsvm_does():
    features, labels = blobs(classes=5)
    settings = TrainingSettings(svm_multiclass="one_vs_one")
    head = SvmHead(5).fit(features[::2], labels[::2], settings)
    scaled = (features - features[::2].mean(0)) / features[::2].std(0)
    machine = SVC(break_ties=True).fit(scaled[::2], labels[::2])
    np.testing.assert_array_equal(head.predict(features), machine.predict(scaled))


def test_features_are_left_as_they_are_if_the_settings_say_so():
    features, labels = blobs()
    head = SvmHead(3).fit(features, labels, TrainingSettings(svm_standardise=False))
    np.testing.assert_array_equal(head.scaler_mean, np.zeros(8))
    np.testing.assert_array_equal(head.scaler_scale, np.ones(8))
    vectors, coefficients, intercept, gamma = head.support_arrays()[:4]
    squares = ((features[:, None] - vectors[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(
        head.decision_function(features)[:, 0],
        np.exp(-gamma * squares) @ coefficients[0] + intercept,
        atol=1e-9,
    )


def test_the_width_of_chi_square_is_one_over_the_mean_distance():
    # Of three clips two pairs are at 2, one at 0.
    values = np.array([[1.0, 0], [0, 1], [1, 0]])
    assert ChiSquareKernel.scaled_to(values).gamma == pytest.approx(3 / 4)
    assert ChiSquareKernel.scaled_to(np.ones((3, 2))).gamma == 1


def test_chi_square_compares_nothing_negative():
    features, labels = blobs()
    settings = TrainingSettings(svm_kernel="chi_square", svm_standardise=False)
    with pytest.raises(InvalidInputError, match="values of 0 or more; features hold -"):
        SvmHead(3).fit(-np.abs(features), labels, settings)


@pytest.mark.parametrize(
    "odd",
    [{"svm_kernel": "linear"}, {"svm_multiclass": "one_vs_one"}, {"svm_standardise": False}],
)
def test_only_the_methods_own_machines_can_be_saved(odd):
    head = SvmHead(3).fit(*blobs(), TrainingSettings(**odd))
    assert all(np.isfinite(array).all() for array in head.support_arrays())
    with pytest.raises(InvalidInputError, match="one for each class, can be saved"):
        head.to_bytes()


def test_support_of_a_chi_square_machine_names_training_clips():
    features, labels = blobs()
    settings = TrainingSettings(svm_kernel="chi_square", svm_standardise=False)
    arrays = SvmHead(3).fit(np.abs(features), labels, settings).support_arrays()
    assert len(arrays) == 3 * 4
    assert set(arrays[0]) <= set(range(60))
    assert len(arrays[0]) == arrays[1].shape[1]


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"svm_kernel": "chi_square"}, "needs svm_standardise false"),
        ({"svm_kernel": "linear", "inner": {}}, "svm_kernel rbf and svm_standardise true"),
        ({"svm_standardise": False, "inner": {}}, "svm_kernel rbf and svm_standardise true"),
    ],
)
def test_settings_of_a_machine_that_make_no_sense_are_refused(odd, message):
    with pytest.raises(SettingsError, match=message):
        TrainingSettings(**odd)
