"""Every descriptor comes with a machine, whose kernel is what the record says."""

import math

import numpy as np
import pytest
from sklearn.svm import SVC

from astsvm.baselines.bi_woof import BI_WOOF_SVM
from astsvm.baselines.descriptor_svm import DescriptorSvm
from astsvm.baselines.flow_histograms import FHOOF_SVM, HOOF_SVM
from astsvm.baselines.image_blocks import IMAGE_BLOCKS_SVM
from astsvm.baselines.lbp_sip import LBP_SIP_SVM
from astsvm.baselines.lbp_top import LBP_TOP_SVM
from astsvm.baselines.mdmo import MDMO_SVM
from astsvm.baselines.strain_features import OSF_SVM, OSW_SVM
from astsvm.errors import InvalidInputError

ALL = (
    BI_WOOF_SVM, FHOOF_SVM, HOOF_SVM, IMAGE_BLOCKS_SVM, LBP_SIP_SVM, LBP_TOP_SVM, MDMO_SVM,
    OSF_SVM, OSW_SVM,
)  # fmt: skip


@pytest.mark.parametrize("record", ALL)
def test_a_record_is_complete_and_says_where_it_is_from(record):
    assert record.kernel in {"linear", "rbf", "polynomial", "chi_square"}
    assert record.c > 0
    assert record.gamma is None or record.kernel != "linear"
    assert not (record.kernel == "chi_square" and record.standardise)
    assert record.note.endswith(".")


def test_a_record_cannot_be_changed():
    with pytest.raises(AttributeError):
        LBP_TOP_SVM.c = 2.0


def naive(record, x, y, gamma):
    dot = sum(a * b for a, b in zip(x, y, strict=True))
    if record.kernel == "linear":
        return dot
    if record.kernel == "polynomial":
        return (gamma * dot + 1) ** record.degree
    if record.kernel == "rbf":
        return math.exp(-gamma * math.dist(x, y) ** 2)
    terms = [(a - b) ** 2 / (a + b) for a, b in zip(x, y, strict=True) if a + b > 0]
    return math.exp(-gamma * sum(terms))


@pytest.mark.parametrize("kernel", ["linear", "rbf", "polynomial", "chi_square"])
def test_a_kernel_is_its_formula(kernel):
    record = DescriptorSvm(kernel, 1.0, degree=3)
    generator = np.random.default_rng(0)
    rows, columns = generator.random((4, 6)), generator.random((5, 6))
    rows[:2, 0] = columns[:3, 0] = 0
    expected = [[naive(record, x, y, 0.7) for y in columns] for x in rows]
    np.testing.assert_allclose(record.gram(rows, columns, 0.7), expected, rtol=1e-9)


@pytest.mark.parametrize(("kernel", "theirs"), [("rbf", "rbf"), ("polynomial", "poly")])
def test_gamma_is_scikit_learns_scale(kernel, theirs):
    """A machine on our kernel agrees with scikit-learn's own on the same values."""
    generator = np.random.default_rng(0)
    values, labels = 3 * generator.normal(size=(40, 5)), np.arange(40) % 2
    record = DescriptorSvm(kernel, 1.0)
    gram = record.gram(values, values, record.training_gamma(values))
    ours = SVC(kernel="precomputed", C=1.0, tol=1e-6).fit(gram, labels).decision_function(gram)
    machine = SVC(kernel=theirs, C=1.0, degree=2, coef0=1, tol=1e-6).fit(values, labels)
    np.testing.assert_allclose(machine.decision_function(values), ours, atol=1e-4)


def test_gamma_of_chi_square_is_one_over_the_mean_sum():
    """Of (1, 0), (0, 1) and (1, 0) two pairs differ, by 2 each, and one does not."""
    record = DescriptorSvm("chi_square", 1.0)
    assert record.training_gamma([[1, 0], [0, 1], [1, 0]]) == pytest.approx(3 / 4)


def test_gamma_that_is_set_or_cannot_be_told():
    assert DescriptorSvm("rbf", 1.0, gamma=0.25).training_gamma([[1.0], [2.0]]) == 0.25
    for kernel in ("linear", "rbf", "polynomial", "chi_square"):
        assert DescriptorSvm(kernel, 1.0).training_gamma([[1.0, 1.0], [1.0, 1.0]]) == 1
        assert DescriptorSvm(kernel, 1.0).training_gamma([[0.0, 0.0]]) == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 2.0], "values: expected numbers of shape"),
        (np.empty((0, 2)), "values: expected numbers of shape"),
        ([["a", "b"]], "values: expected numbers of shape"),
        ([[1.0, math.nan]], "values: expected finite values"),
        ([[1.0, -1.0]], "values: expected values of 0 or more for a chi-square kernel"),
        ([[1.0, 1.0, 1.0]], "values: expected 2 a clip, as in training, received 3"),
    ],
)
def test_unfit_values_are_refused(values, message):
    with pytest.raises(InvalidInputError, match=message):
        HOOF_SVM.gram(values, [[1.0, 0.0]], 1.0)
