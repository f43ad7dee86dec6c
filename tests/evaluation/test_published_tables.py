"""The paper's figures are those of its text, which states differences between them as well."""

from __future__ import annotations

import pytest

from astsvm.evaluation.published_tables import PUBLISHED

FULL = PUBLISHED["full"]["svm"].figures
STREAMS = [
    PUBLISHED[name][head] for name in ("flow-only", "idsf-only") for head in ("svm", "softmax")
]
ATTENTION = [
    PUBLISHED[name][head]
    for name in ("no-attention", "cam-only", "sam-only")
    for head in ("svm", "softmax")
]


def largest(rows, part, figure):
    """Return by how much the whole method beats the weakest of some rows."""
    return max(FULL[part][figure] - row.figures[part][figure] for row in rows)


@pytest.mark.parametrize(
    ("rows", "part", "uf1", "uar"),
    [
        # Section IV-C-6: "the UAR improving by a maximum of 0.159, 0.065, and 0.109, ...".
        (STREAMS, "casme2", 0.192, 0.159),
        (STREAMS, "samm", 0.049, 0.065),
        (STREAMS, "full", 0.073, 0.109),
        # "The UAR improved by a maximum of 0.169, 0.135, 0.141, and 0.165, ...".
        (ATTENTION, "casme2", 0.199, 0.169),
        (ATTENTION, "smic", 0.118, 0.135),
        (ATTENTION, "samm", 0.146, 0.141),
        (ATTENTION, "full", 0.161, 0.165),
        # "The UAR improved by 0.025, 0.03, 0.027, and 0.069, ...".
        ([PUBLISHED["full"]["softmax"]], "casme2", 0.045, 0.025),
        ([PUBLISHED["full"]["softmax"]], "smic", 0.019, 0.030),
        ([PUBLISHED["full"]["softmax"]], "samm", 0.035, 0.027),
        ([PUBLISHED["full"]["softmax"]], "full", 0.006, 0.069),
        # Section IV-C-4, on Table 7.
        ([PUBLISHED["features-lbp_top"]["svm"]], "full", 0.219, 0.253),
        ([PUBLISHED["features-bi_woof"]["svm"]], "full", 0.177, 0.209),
    ],
)
def test_the_differences_that_the_text_states_come_out(rows, part, uf1, uar):
    assert largest(rows, part, 0) == pytest.approx(uf1, abs=1e-9)
    assert largest(rows, part, 1) == pytest.approx(uar, abs=1e-9)


def test_every_figure_has_a_place_and_is_a_share():
    for heads in PUBLISHED.values():
        for head, row in heads.items():
            assert head in ("svm", "softmax")
            assert row.place
            assert all(0 < value < 1 for pair in row.figures.values() for value in pair)
