"""What a report reads from the folds of a run: the training losses, and the maps of a few clips."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from astsvm.errors import StorageError
from astsvm.evaluation.fold import FoldResult
from astsvm.evaluation.run_folder import RunFolder

__all__ = ["FoldReadings", "MapsOfClip", "read_folds"]

Maps = dict[str, npt.NDArray[np.float16]]


@dataclass(frozen=True, eq=False)
class MapsOfClip:
    """Where a network looked in one clip, and the motion there.

    Parameters
    ----------
    attention, motion : dict of str to ndarray
        As in :class:`astsvm.evaluation.attention_maps.ClipMaps`, but of a single clip: (h, w) for
        places and (T,) for frames.
    """

    attention: Maps
    motion: Maps


@dataclass(eq=False)
class FoldReadings:
    """What was read.

    Parameters
    ----------
    losses : dict of int to list of ndarray of shape (epochs,)
        By seed, the training losses of its folds.
    maps : dict of str to MapsOfClip
        By clip key, of the clips that were wanted.
    unreadable : list of str
        Why folds that the run has scored could not be read.
    """

    losses: dict[int, list[npt.NDArray[np.float64]]] = field(default_factory=dict)
    maps: dict[str, MapsOfClip] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


def read_folds(
    folder: RunFolder,
    config: dict[str, Any],
    missing: Collection[tuple[int, str]],
    wanted: Collection[tuple[int, str]],
) -> FoldReadings:
    """Read the folds of a run, one at a time.

    Parameters
    ----------
    folder : RunFolder
        The run.
    config : dict
        Its ``config.json``.
    missing : collection of (seed, subject key)
        Folds that the run itself says it has not; they are not looked for.
    wanted : collection of (seed, clip key)
        Clips whose maps are to be kept.
    """
    found = FoldReadings()
    for seed in config["seeds"]:
        for subject in config["subjects"]:
            if (seed, subject) in missing:
                continue
            try:
                result = folder.load_fold(seed, subject, config)
            except StorageError as error:
                found.unreadable.append(str(error))
                continue
            found.losses.setdefault(seed, []).append(result.losses)
            for position, key in enumerate(result.clips):
                if (seed, key) in wanted:
                    found.maps[key] = _of_clip(result, position)
    return found


def _of_clip(result: FoldResult, position: int) -> MapsOfClip:
    return MapsOfClip(
        {name: values[position] for name, values in result.attention.items()},
        {name: values[position] for name, values in result.motion.items()},
    )
