"""Numbers, seeds and names of synthetic subjects and clips."""

from __future__ import annotations

import numpy as np

from astsvm.errors import SettingsError

__all__ = ["check_integer", "check_seed", "clip_name", "subject_name"]


def subject_name(number: int) -> str:
    """Return the name of a subject: ``s01`` for 1."""
    return f"s{number:02d}"


def clip_name(subject: int, clip: int) -> str:
    """Return the id of a clip: ``s01_c03`` for the third clip of the first subject."""
    return f"{subject_name(subject)}_c{clip:02d}"


def check_integer(name: str, value: int, low: int = 1, high: int = 9999) -> int:
    """Return an integer argument, refusing what is none from `low` to `high`.

    Raises
    ------
    SettingsError
        If it is not.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise SettingsError(
            f"{name}: expected an integer from {low} to {high}, received {value!r}."
        )
    return int(value)


def check_seed(seed: int) -> int:
    """Return a seed, refusing what is no integer from 0 to 2**32 - 1.

    Raises
    ------
    SettingsError
        If it is not.
    """
    return check_integer("seed", seed, 0, 2**32 - 1)
