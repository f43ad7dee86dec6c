"""What the paper reports in its ablations, to stand beside ours: only what can be read there.

Xue et al., IEEE Access 2024, doi:10.1109/ACCESS.2024.3395116. Its figures are of MEGC2019 (442
clips of 68 subjects), one number each, without intervals. Whether those of a single database are
parts of the composite or runs of their own, it does not say. Tables 8 and 11 could not be read in
the copy at hand; what its text says of them is quoted.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["PUBLISHED", "UNREADABLE", "Published"]

_Figures = dict[str, tuple[float, float]]


class Published(NamedTuple):
    """Figures of one row and head.

    Parameters
    ----------
    place : str
        Where they stand.
    figures : dict of str to (float, float)
        UF1 and UAR by part: ``full``, ``casme2``, ``smic``, ``samm``.
    """

    place: str
    figures: _Figures


def _row(place: str, *pairs: tuple[float, float]) -> Published:
    """Take (UF1, UAR) of MEGC2019, CASME II, SMIC and SAMM, as far as they are known."""
    return Published(place, dict(zip(("full", "casme2", "smic", "samm"), pairs, strict=False)))


PUBLISHED: Final[dict[str, dict[str, Published]]] = {
    "full": {
        "svm": _row(
            "Tables 9, 10 and 12", (0.807, 0.832), (0.913, 0.892), (0.712, 0.758), (0.751, 0.778)
        ),
        "softmax": _row("Table 12", (0.801, 0.763), (0.868, 0.867), (0.693, 0.728), (0.716, 0.751)),
    },
    "flow-only": {
        "svm": _row("Table 9", (0.738, 0.729), (0.726, 0.743), (0.701, 0.698), (0.703, 0.716)),
        "softmax": _row("Table 9", (0.734, 0.723), (0.721, 0.733), (0.698, 0.697), (0.702, 0.713)),
    },
    "idsf-only": {
        "svm": _row("Table 9", (0.787, 0.804), (0.834, 0.841), (0.747, 0.743), (0.749, 0.762)),
        "softmax": _row("Table 9", (0.783, 0.789), (0.817, 0.824), (0.704, 0.736), (0.744, 0.753)),
    },
    "no-attention": {
        "svm": _row("Table 10", (0.672, 0.693), (0.727, 0.746), (0.635, 0.664), (0.643, 0.678)),
        "softmax": _row("Table 10", (0.646, 0.667), (0.714, 0.723), (0.594, 0.623), (0.605, 0.637)),
    },
    "cam-only": {
        "svm": _row("Table 10", (0.784, 0.801), (0.844, 0.865), (0.709, 0.747), (0.743, 0.754)),
        "softmax": _row("Table 10", (0.765, 0.789), (0.831, 0.846), (0.698, 0.734), (0.731, 0.736)),
    },
    "sam-only": {
        "svm": _row("Table 10", (0.791, 0.803), (0.858, 0.868), (0.703, 0.732), (0.726, 0.755)),
        "softmax": _row("Table 10", (0.776, 0.798), (0.845, 0.853), (0.687, 0.729), (0.715, 0.738)),
    },
    "features-lbp_top": {
        "svm": _row("text on Table 7: .219 and .253 below the method", (0.588, 0.579)),
    },
    "features-bi_woof": {
        "svm": _row("text on Table 7: .177 and .209 below the method", (0.630, 0.623)),
    },
}
"""By variant and head."""

UNREADABLE: Final[dict[int, str]] = {
    8: "Table 8 of the paper could not be read in the copy at hand. Its text says that IDSF beats "
    "the best of the other features by .157 UF1 and .181 UAR on MEGC2019.",
    11: "Table 11 of the paper could not be read in the copy at hand. Its text says that the whole "
    "network beats one kind of module by up to .069 UF1 and .112 UAR on MEGC2019, and that spatial "
    "information contributes more than temporal.",
}
"""By number of the table."""
