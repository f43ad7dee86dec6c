"""The graph gives scikit-learn's scores, whatever classes training showed."""

import numpy as np
import pytest

from astsvm.classifier import SvmHead
from astsvm.config import TrainingSettings


@pytest.mark.parametrize(
    ("classes", "shown"), [(3, (0, 1, 2)), (7, range(7)), (2, (0, 1)), (4, (0, 2, 3)), (3, (1, 2))]
)
@pytest.mark.parametrize("weight", ["none", "balanced"])
def test_it_gives_the_scores_of_the_head(classes, shown, weight):
    from astsvm.export.svm_graph import SvmGraph

    generator = np.random.default_rng(classes)
    labels = np.array([shown[i % len(shown)] for i in range(40)])
    features = generator.normal(labels[:, None], 2, (40, 30)) * generator.uniform(1e-3, 1e3, 30)
    head = SvmHead(classes).fit(features, labels, TrainingSettings(class_weight=weight))
    others = generator.normal(size=(25, 30)) * features.std(axis=0) + features.mean(axis=0)
    for values in (features, others, others.astype(np.float32)):
        scores = np.asarray(SvmGraph(head)(values))
        np.testing.assert_allclose(scores, head.decision_function(values), atol=1e-10)
        np.testing.assert_array_equal(scores.argmax(axis=1), head.predict(values))


def test_with_one_class_there_is_nothing_to_separate():
    from astsvm.export.svm_graph import SvmGraph

    head = SvmHead(3).fit(np.eye(3), [1, 1, 1], TrainingSettings())
    np.testing.assert_array_equal(SvmGraph(head)(np.ones((2, 3))), [[-1, 0, -1]] * 2)
