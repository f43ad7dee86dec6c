"""The label protocols as data: which labels make which class, and which clips stay out.

Every protocol is one record of :data:`PROTOCOLS`; :mod:`astsvm.datasets.protocols` applies them.
Adding one is adding a record. The numbers of clips below were counted in the published sheets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from astsvm.clip import OBJECTIVE_CLASSES

__all__ = ["ANY_DATABASE", "OFFICIAL_CLASSES", "PROTOCOLS", "LabelProtocol"]

OFFICIAL_CLASSES = ("negative", "positive", "surprise")
"""Classes 0, 1 and 2 of MEGC2019."""

ANY_DATABASE = "*"
"""In :attr:`LabelProtocol.tables`: what holds for every database."""


@dataclass(frozen=True, slots=True)
class LabelProtocol:
    """Which clips take part in an evaluation, and which class each belongs to.

    Parameters
    ----------
    name : str
        As `--protocol` takes it.
    classes : tuple of str
        The classes; class 0 is the first. Empty if the labels that occur are the classes.
    tables : mapping of str to mapping of str to str
        Database -> label in lower case (or objective class) -> class. What stands under
        :data:`ANY_DATABASE` holds for every database. A clip of another database or label is left
        out.
    text : str
        What the protocol is, in one sentence for people.
    source : str
        Where it comes from, with DOI.
    attribute : {"label", "objective_class"}
        What of a clip is looked up.
    exclusions : mapping of str to str
        ``database/subject/clip`` of a clip whose label would fit, but which is left out -> reason.
        Subjects are written as the database's own sheet writes them.
    """

    name: str
    classes: tuple[str, ...]
    tables: Mapping[str, Mapping[str, str]]
    text: str
    source: str
    attribute: Literal["label", "objective_class"] = "label"
    exclusions: Mapping[str, str] = field(default_factory=dict)


def _themselves(classes: tuple[str, ...]) -> dict[str, str]:
    """Return the table of labels that are the classes."""
    return {label: label for label in classes}


_CASME2 = "Yan et al., PLoS ONE 2014, doi 10.1371/journal.pone.0086041"
_OBJECTIVE = "Davison, Merghani and Yap, J. Imaging 2018, doi 10.3390/jimaging4100119"
_CASME2_FIVE = ("happiness", "disgust", "repression", "surprise", "others")
_CASME2_SEVEN = (*_CASME2_FIVE, "sadness", "fear")
_CASME3_SEVEN = ("happy", "disgust", "fear", "anger", "sad", "surprise", "others")
_SAMM_SEVEN = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
_RELABELLED = (
    "not in the official MEGC2019 list: it is sadness in the sheet of 2014, which the list "
    "follows, and surprise in that of 2019"
)

_ALL = (
    LabelProtocol(
        name="as-labelled",
        classes=(),
        tables={},
        text="Every stored clip takes part, with the classes of its sheet.",
        source="ours",
    ),
    # CASME II 88/32/25, SAMM 92/26/15, SMIC-HS 70/51/43: 442 clips of 68 subjects. CASME II
    # sadness and fear are not in the official list.
    LabelProtocol(
        name="megc2019",
        classes=OFFICIAL_CLASSES,
        tables={
            ANY_DATABASE: _themselves(OFFICIAL_CLASSES) | {"happiness": "positive"},
            "casme2": dict.fromkeys(("disgust", "repression"), "negative"),
            "samm": dict.fromkeys(("anger", "contempt", "disgust", "fear", "sadness"), "negative"),
        },
        text=(
            "The three classes of the MEGC2019 composite: negative, positive and surprise; clips "
            "with other labels are left out."
        ),
        source="See et al., FG 2019, doi 10.1109/FG.2019.8756611",
        exclusions={
            "casme2/04/EP12_01f": ("not in the official MEGC2019 list: its apex is not annotated"),
            "casme2/05/EP09_05f": "not in the official MEGC2019 list: its apex is the onset",
            "casme2/24/EP07_01": _RELABELLED,
            "casme2/24/EP07_04f": _RELABELLED,
            "casme2/24/EP10_03": _RELABELLED,
        },
    ),
    # 246 clips of the sheet of 2014, 249 of that of 2019, which calls three sad ones surprise.
    LabelProtocol(
        name="casme2-5",
        classes=_CASME2_FIVE,
        tables={"casme2": _themselves(_CASME2_FIVE)},
        text=(
            "The five classes of CASME II: happiness, disgust, repression, surprise and others; "
            "its few clips of sadness and fear, and other databases, are left out."
        ),
        source=_CASME2,
    ),
    # 255 clips.
    LabelProtocol(
        name="casme2-7",
        classes=_CASME2_SEVEN,
        tables={"casme2": _themselves(_CASME2_SEVEN)},
        text=(
            "All seven labels of CASME II: happiness, disgust, repression, surprise, others, "
            "sadness and fear; other databases are left out."
        ),
        source=_CASME2,
    ),
    # 860 clips of part A; part C is labelled by three classes and others.
    LabelProtocol(
        name="casme3-7",
        classes=_CASME3_SEVEN,
        tables={"casme3": _themselves(_CASME3_SEVEN)},
        text=(
            "The seven labels of CAS(ME)^3: happy, disgust, fear, anger, sad, surprise and others; "
            "other databases are left out."
        ),
        source="Li et al., IEEE TPAMI 2023, doi 10.1109/TPAMI.2022.3174895",
    ),
    # 133 clips.
    LabelProtocol(
        name="samm-7",
        classes=_SAMM_SEVEN,
        tables={"samm": _themselves(_SAMM_SEVEN)},
        text=(
            "Seven emotions of SAMM: anger, contempt, disgust, fear, happiness, sadness and "
            "surprise; its clips labelled other, and other databases, are left out."
        ),
        source="Davison et al., IEEE Trans. Affect. Comput. 2018, doi 10.1109/TAFFC.2016.2573832",
    ),
    # 174 clips of CASME II by its sheet of 2019 (that of 2014 has no objective classes), 68 of
    # SAMM.
    LabelProtocol(
        name="objective-5",
        classes=OBJECTIVE_CLASSES[:5],
        tables={ANY_DATABASE: _themselves(OBJECTIVE_CLASSES[:5])},
        text=(
            "The objective classes I to V, which go by action units instead of emotions, as in "
            "MEGC2018; clips of classes VI and VII, and clips without one, are left out."
        ),
        source=f"{_OBJECTIVE}; Yap et al., FG 2018, doi 10.1109/FG.2018.00106",
        attribute="objective_class",
    ),
    LabelProtocol(
        name="objective-7",
        classes=OBJECTIVE_CLASSES,
        tables={ANY_DATABASE: _themselves(OBJECTIVE_CLASSES)},
        text=(
            "The objective classes I to VII, which go by action units instead of emotions; clips "
            "without one are left out."
        ),
        source=_OBJECTIVE,
        attribute="objective_class",
    ),
)

PROTOCOLS: dict[str, LabelProtocol] = {protocol.name: protocol for protocol in _ALL}
"""Name -> protocol."""
