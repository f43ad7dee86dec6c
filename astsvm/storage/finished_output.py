"""An output that is there already: somebody's to be left alone, or a killed run's last step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from astsvm.datasets.contract import Dataset, Problem
from astsvm.errors import StorageError
from astsvm.storage.differences import describe_differences
from astsvm.storage.parts import valid_attributes
from astsvm.storage.schema import FileIndex, read_index, validate
from astsvm.storage.skipped import printable_text

__all__ = ["CLIP_LEFT_OUT", "read_finished_output", "refuse_output"]

CLIP_LEFT_OUT = "the clip is left out, the other clips are kept"


def refuse_output(output: Path, *, resume: bool, parts: bool) -> None:
    """Refuse an output that exists, unless a run with parts beside it is to be gone on with.

    Raises
    ------
    StorageError
        Then.
    """
    if resume and parts and output.is_file():
        return
    parts_gone = ", and no parts of an interrupted run lie beside it" if resume else ""
    raise StorageError(
        f"{output} exists already{parts_gone}; nothing was changed. If it is finished, use "
        "it; to make it anew, delete it or name another output."
    )


def read_finished_output(
    output: Path,
    folder: Path,
    dataset: Dataset,
    run: str,
    settings: Mapping[str, Any],
    versions: Mapping[str, str],
) -> tuple[Problem, ...]:
    """Read the output of a run that was killed between writing it and removing its last part.

    Parameters
    ----------
    output : Path
        The clip file.
    folder : Path
        The parts that are left.
    dataset, settings, versions
        What the run was made of.
    run : str
        By what its parts are told.

    Returns
    -------
    tuple of Problem
        One for each clip that failed.

    Raises
    ------
    StorageError
        If the file is damaged, or is not what this run has written.
    """
    try:
        validate(output, deep=True)
        index = read_index(output)
    except StorageError as error:
        raise StorageError(
            f"{output} exists already, but is no whole clip file ({error}). Nothing was changed; "
            "move it away to go on with the parts beside it."
        ) from error
    if reason := _difference(index, dataset, settings, versions):
        _refuse_other(output, reason)
    stored = {entry.record.key: entry.record.sha256 for entry in index.entries}
    for number, clip in enumerate(dataset.clips):
        part = valid_attributes(folder, number, clip.key, run)
        if part is not None and part["sha256"] != stored.get(clip.key):
            _refuse_other(output, f"its clip {clip.key} is not the one that was finished")
    return _failures(index, dataset, set(stored))


def _difference(
    index: FileIndex, dataset: Dataset, settings: Mapping[str, Any], versions: Mapping[str, str]
) -> str:
    found = {"dataset": index.dataset, "settings": index.settings, "versions": index.versions}
    ours = {"dataset": dataset.full_name, "settings": settings, "versions": versions}
    return describe_differences(found, ours)


def _refuse_other(output: Path, reason: str) -> NoReturn:
    raise StorageError(
        f"{output} exists already, and is not the file of the run whose parts lie beside it: "
        f"{reason}. Nothing was changed; move it away, or name another output."
    )


def _failures(index: FileIndex, dataset: Dataset, stored: set[str]) -> tuple[Problem, ...]:
    reasons = {row.clip: row.reason for row in reversed(index.skipped)}
    if foreign := stored - {clip.key for clip in dataset.clips}:
        _refuse_other(index.path, f"it holds {min(foreign)}")
    failures = []
    for clip in dataset.clips:
        if clip.key in stored:
            continue
        reason = reasons.get(printable_text(clip.key))
        if reason is None:
            _refuse_other(index.path, f"it lacks {clip.key}")
        file = dataset.sheet or clip.source
        failures.append(Problem(file, clip.row, clip.key, reason, CLIP_LEFT_OUT))
    return tuple(failures)
