"""Every descriptor comes with a machine that its values suit."""

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


def test_polynomial_and_rbf_are_scikit_learns_own():
    """What the record's formulas say is what SVC with gamma="scale" and coef0=1 computes."""
    generator = np.random.default_rng(0)
    values, labels = generator.normal(size=(30, 4)), np.arange(30) % 2
    gamma = 1 / (values.shape[1] * values.var())
    record = DescriptorSvm("polynomial", 1.0, degree=3)
    gram = (gamma * values @ values.T + 1) ** record.degree
    formula = SVC(kernel="precomputed", C=record.c).fit(gram, labels).decision_function(gram)
    machine = SVC(kernel="poly", C=record.c, degree=record.degree, coef0=1).fit(values, labels)
    np.testing.assert_allclose(machine.decision_function(values), formula, atol=1e-2)
