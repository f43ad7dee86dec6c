"""Which clips of an interrupted run are finished, and still of the files that are there now."""

from __future__ import annotations

from astsvm.clip import Clip
from astsvm.datasets import Dataset
from astsvm.errors import StorageError
from astsvm.storage.writer import PartsFolder

__all__ = ["finished_clips"]


def finished_clips(parts: PartsFolder, dataset: Dataset) -> set[int]:
    """Return which clips are finished; all their files are read for it.

    Raises
    ------
    StorageError
        If what any of them was made of has changed.
    """
    finished, changed = set(), []
    for index, clip in enumerate(dataset.clips):
        recorded = parts.recorded_source(index)
        if recorded is None:
            continue
        finished.add(index)
        if recorded != _source_digest(clip, whole=dataset.precomputed_flow):
            changed.append(clip)
    if changed:
        raise StorageError(
            f"{parts.path} cannot be gone on with: the source files of {len(changed)} finished "
            f"clip(s) have changed since, the first is {changed[0].key} ({changed[0].source}). Put "
            "them back, or delete that folder and start again."
        )
    return finished


def _source_digest(clip: Clip, *, whole: bool) -> str | None:
    from astsvm.preprocessing.source_digest import digest_beforehand

    return digest_beforehand(clip.source, *(() if whole else (clip.onset, clip.offset)))
