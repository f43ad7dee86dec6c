"""Which clips take part, and which class each belongs to.

What the protocols are stands as data in :mod:`astsvm.datasets.protocol_tables`; one function
applies them all. Each clip is either selected or counted as left out, with the reason, and the
order of the clips changes nothing but their positions.

Labels that differ only in case or in surrounding space are one label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from astsvm.datasets.protocol_tables import (
    ANY_DATABASE,
    OFFICIAL_CLASSES,
    PROTOCOLS,
    LabelProtocol,
)
from astsvm.errors import EvaluationError

__all__ = [
    "OFFICIAL_CLASSES",
    "PROTOCOLS",
    "LabelProtocol",
    "LabelledClip",
    "Selection",
    "apply_protocol",
]


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
    def objective_class(self) -> str: ...  # noqa: D102
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
        The classes. All but ``as-labelled`` always have all of theirs, even if one of them has no
        clip here.
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
        One of :data:`PROTOCOLS`.

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
    selection = _select(records, PROTOCOLS[name])
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


def _select(records: Sequence[LabelledClip], protocol: LabelProtocol) -> Selection:
    if not protocol.classes:
        protocol = _with_labels_as_classes(records, protocol)
    exclusions = {_plain_key(*key.split("/")): why for key, why in protocol.exclusions.items()}
    indices: list[int] = []
    labels: list[int] = []
    left_out: Counter[str] = Counter()
    for i, record in enumerate(records):
        excluded = exclusions.get(_plain_key(record.database, record.subject, record.clip))
        wanted = _class_of(record, protocol)
        if excluded is not None:
            left_out[f"{record.database} {record.clip}: {excluded}"] += 1
        elif wanted is None:
            left_out[_why_not(record, protocol)] += 1
        else:
            indices.append(i)
            labels.append(protocol.classes.index(wanted))
    return Selection(
        indices=np.array(indices, dtype=np.int64),
        labels=np.array(labels, dtype=np.int64),
        class_names=protocol.classes,
        left_out=dict(sorted(left_out.items())),
    )


def _with_labels_as_classes(
    records: Sequence[LabelledClip], protocol: LabelProtocol
) -> LabelProtocol:
    """Fill in the labels that occur, under the spelling that sorts first.

    They come in alphabetical order, or in the official order if they are all among negative,
    positive and surprise.
    """
    spellings: dict[str, str] = {}
    for record in records:
        label = record.label.strip()
        folded = _folded(label)
        spellings[folded] = min(label, spellings.get(folded, label))
    order = sorted(spellings)
    if spellings.keys() <= set(OFFICIAL_CLASSES):
        order.sort(key=OFFICIAL_CLASSES.index)
    classes = tuple(spellings[folded] for folded in order)
    return replace(protocol, classes=classes, tables={ANY_DATABASE: spellings})


def _class_of(record: LabelledClip, protocol: LabelProtocol) -> str | None:
    """Return a clip's class, None if it has none."""
    value = record.objective_class
    if protocol.attribute == "label":
        value = _folded(record.label)
    for database in (record.database.casefold(), ANY_DATABASE):
        if value in protocol.tables.get(database, {}):
            return protocol.tables[database][value]
    return None


def _why_not(record: LabelledClip, protocol: LabelProtocol) -> str:
    """Say why a clip has no class."""
    database = record.database
    if not protocol.tables.keys() & {database.casefold(), ANY_DATABASE}:
        return f"{database}: {protocol.name} is for another database"
    if protocol.attribute == "label":
        value = f"label {_folded(record.label)!r}"
    elif record.objective_class:
        value = f"objective class {record.objective_class}"
    else:
        return f"{database} clip without an objective class"
    return f"{database}: {value} has no class in {protocol.name}"


def _folded(label: str) -> str:
    return label.strip().casefold()


def _plain_key(database: str, subject: str, clip: str) -> tuple[str, str, str]:
    """Return a clip's key without what varies between loaders: ``sub04``, ``04`` and ``4``."""
    subject = subject.casefold().removeprefix("sub").lstrip("0")
    return database.casefold(), subject, clip.casefold()
