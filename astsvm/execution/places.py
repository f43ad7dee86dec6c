"""Places for processes, each with an environment of its own, such as the GPU it may see."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from astsvm.execution.environment import environment

__all__ = ["kept_places", "take_place"]

_WAIT_SECONDS = 0.05


@contextmanager
def kept_places(places: Sequence[Mapping[str, str]]) -> Iterator[Callable[[], object]]:
    """Give what each new process has to call to take a place; there may be no places at all.

    Where all places are alike, processes inherit their environment, and nothing is to be taken.
    """
    if all(place == places[0] for place in places):
        with environment(places[0] if places else {}):
            yield _stay
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield partial(take_place, Path(folder), tuple(places))


def _stay() -> None:
    """Take no place."""


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
