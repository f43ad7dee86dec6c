"""Places for processes, each with an environment of its own, such as the GPU it may see."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["take_place"]

_WAIT_SECONDS = 0.05


def take_place(folder: Path, places: Sequence[Mapping[str, str]]) -> int:
    """Take the first place that no living process has, and set its environment variables.

    A place is held by a lock on a file, which the system lets go of when the process ends, however
    it ends. If all are taken, this waits until one is free.

    Parameters
    ----------
    folder : Path
        Where the files lie; the same for all processes that share the places.
    places : sequence of mapping of str to str
        The environment variables of each place.

    Returns
    -------
    int
        The number of the place, from 0.
    """
    while True:
        for number, variables in enumerate(places):
            descriptor = os.open(folder / str(number), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            os.environ.update(variables)
            return number
        time.sleep(_WAIT_SECONDS)
