"""Which clips a fold trains on and which it is tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from astsvm.errors import EvaluationError

__all__ = ["Fold", "HasSubject", "leave_one_subject_out"]


class HasSubject(Protocol):
    """A record that says whose clip it is."""

    @property
    def subject_key(self) -> str:
        """``database/subject``."""
        ...


@dataclass(frozen=True, eq=False)
class Fold:
    """One subject held out.

    Parameters
    ----------
    subject : str
        Key ``database/subject`` of the held-out subject.
    train, test : ndarray of int64
        Positions, ascending, of all other clips and of the held-out subject's clips.
    """

    subject: str
    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]


def leave_one_subject_out(clips: Sequence[HasSubject] | Sequence[str]) -> tuple[Fold, ...]:
    """Hold out every subject once.

    Subjects are told apart by ``database/subject``, so ``sub01`` of two databases are two people.
    The folds come in the sorted order of the subject keys, whatever the order of the clips.

    Parameters
    ----------
    clips : sequence of records, or of subject keys
        One entry for each clip, in the order the positions refer to.

    Returns
    -------
    tuple of Fold
        One for each subject. Every clip is tested exactly once and no subject is on both sides.

    Raises
    ------
    EvaluationError
        If there are fewer than two subjects.
    """
    keys = np.array([clip if isinstance(clip, str) else clip.subject_key for clip in clips])
    subjects = sorted({str(key) for key in keys})
    if len(subjects) < 2:
        found = f"only {subjects[0]}" if subjects else "none"
        raise EvaluationError(
            f"leave one subject out needs clips of at least two subjects, found {found}. "
            "Check the subject column of the sheet, and what the protocol leaves out."
        )
    return tuple(
        Fold(subject, np.flatnonzero(keys != subject), np.flatnonzero(keys == subject))
        for subject in subjects
    )
