"""Which clips take part, and which class each belongs to.

``as-labelled``
    Every clip; the classes are the distinct labels in alphabetical order, or in the official
    order if they are all among negative, positive and surprise. Labels that differ only in case
    are one class, under the spelling that sorts first.
``megc2019``
    The three classes of the MEGC2019 composite (See et al., FG 2019,
    doi 10.1109/FG.2019.8756611), by the tables below. Other labels are left out and counted.
    CASME II sadness and fear are not in the official list, nor are two of its disgust clips.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from astsvm.errors import EvaluationError

__all__ = ["OFFICIAL_CLASSES", "PROTOCOLS", "LabelledClip", "Selection", "apply_protocol"]

OFFICIAL_CLASSES = ("negative", "positive", "surprise")
"""Classes 0, 1 and 2 of MEGC2019."""

MEGC2019_ANY = {
    "negative": "negative",
    "positive": "positive",
    "happiness": "positive",
    "surprise": "surprise",
}
"""Labels that mean the same in every database."""

MEGC2019_OF_DATABASE = {
    "samm": dict.fromkeys(("anger", "contempt", "disgust", "fear", "sadness"), "negative"),
    "casme2": dict.fromkeys(("disgust", "repression"), "negative"),
    "smic": {},
}
"""Further labels of one database."""

MEGC2019_ABSENT = {
    ("casme2", "04", "EP12_01f"): "not in the official MEGC2019 list: its apex is not annotated",
    ("casme2", "05", "EP09_05f"): "not in the official MEGC2019 list: its apex is the onset",
}
"""Clips whose label would fit, but which the composite does not hold."""


class LabelledClip(Protocol):
    """What a protocol needs to know of a clip: `Clip` and `ClipRecord` both tell it."""

    @property
    def database(self) -> str: ...  # noqa: D102
    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def clip(self) -> str: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def subject_key(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The clips that take part in an evaluation.

    Parameters
    ----------
    indices : ndarray of shape (n,), int64
        Positions of the selected clips among the records, ascending.
    labels : ndarray of shape (n,), int64
        Class of each selected clip, an index into `class_names`.
    class_names : tuple of str
        The classes. ``megc2019`` always has three, even if one of them has no clip here.
    left_out : dict of str to int
        How many clips are left out for which reason.
    """

    indices: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    class_names: tuple[str, ...]
    left_out: dict[str, int] = field(default_factory=dict)


def apply_protocol(records: Sequence[LabelledClip], name: str) -> Selection:
    """Map labels to classes and select the clips that take part.

    Parameters
    ----------
    records : sequence of Clip or ClipRecord
        The clips at hand.
    name : str
        ``"as-labelled"`` or ``"megc2019"``.

    Returns
    -------
    Selection

    Raises
    ------
    EvaluationError
        If the protocol is unknown, or fewer than two classes or two subjects are left.
    """
    if name not in PROTOCOLS:
        raise EvaluationError(f"unknown protocol {name!r}; expected one of {', '.join(PROTOCOLS)}.")
    selection = PROTOCOLS[name](records)
    left_out = "; ".join(f"{count} x {reason}" for reason, count in selection.left_out.items())
    explanation = f" Left out: {left_out}." if left_out else ""
    present = [selection.class_names[i] for i in np.unique(selection.labels)]
    if len(present) < 2:
        raise EvaluationError(
            f"protocol {name!r} needs clips of at least 2 classes, but of {len(records)} clips "
            f"{len(selection.indices)} are left, of class {', '.join(present) or 'none'}."
            f"{explanation} Add clips, or choose another protocol."
        )
    subjects = {records[i].subject_key for i in selection.indices}
    if len(subjects) < 2:
        raise EvaluationError(
            f"protocol {name!r} leaves one subject out at a time, so it needs at least 2 "
            f"subjects, but only {', '.join(subjects)} is left.{explanation} Add clips."
        )
    return selection


def _as_labelled(records: Sequence[LabelledClip]) -> Selection:
    folded = [record.label.strip().casefold() for record in records]
    spelling = {
        key: min(
            record.label.strip()
            for record, fold in zip(records, folded, strict=True)
            if fold == key
        )
        for key in set(folded)
    }
    if set(spelling) <= set(OFFICIAL_CLASSES):
        order = [key for key in OFFICIAL_CLASSES if key in spelling]
    else:
        order = sorted(spelling)
    position = {key: i for i, key in enumerate(order)}
    return Selection(
        indices=np.arange(len(records), dtype=np.int64),
        labels=np.array([position[key] for key in folded], dtype=np.int64),
        class_names=tuple(spelling[key] for key in order),
    )


def _megc2019(records: Sequence[LabelledClip]) -> Selection:
    indices: list[int] = []
    labels: list[int] = []
    left_out: Counter[str] = Counter()
    for i, record in enumerate(records):
        database = record.database.casefold()
        label = record.label.strip().casefold()
        table = MEGC2019_ANY | MEGC2019_OF_DATABASE.get(database, {})
        absent = MEGC2019_ABSENT.get(
            (database, record.subject.casefold().removeprefix("sub"), record.clip)
        )
        if absent is not None:
            left_out[f"{record.database} {record.clip}: {absent}"] += 1
        elif label not in table:
            left_out[f"{record.database} label {label!r} belongs to no MEGC2019 class"] += 1
        else:
            indices.append(i)
            labels.append(OFFICIAL_CLASSES.index(table[label]))
    return Selection(
        indices=np.array(indices, dtype=np.int64),
        labels=np.array(labels, dtype=np.int64),
        class_names=OFFICIAL_CLASSES,
        left_out=dict(sorted(left_out.items())),
    )


PROTOCOLS: dict[str, Callable[[Sequence[LabelledClip]], Selection]] = {
    "as-labelled": _as_labelled,
    "megc2019": _megc2019,
}
