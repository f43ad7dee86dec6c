"""The folder of a run: what it depends on, its folds, predictions, figures and logs.

::

    inputs.h5          of a baseline: what it takes of every clip, a clip file of its own
    config.json        settings, protocol, seeds, data digest, versions: all a result depends on
    folds/SEED/DATABASE_SUBJECT.npz
    predictions.csv    seed, database, subject, clip, truth, both heads, their scores
    choices.csv        what an inner split chose in every fold, if it was asked to
    leak_meter.csv     no result: predictions at epochs chosen on the held-out subjects, if asked
    metrics.json       figures of both heads, intervals, floors, what is missing
    megc_log.txt       official log of the SVM, first seed; megc_log_seedK.txt for the others
    report.html, figures/*.png
    tensorboard/       scalars of every fold, if it was asked to

Every file is written whole or not at all, and none holds a time of day: equal runs give equal
files, but for the seconds that a fold took, which its file tells.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from astsvm.errors import EvaluationError, StorageError
from astsvm.evaluation.choices import choices_csv, read_choices
from astsvm.evaluation.fold import FoldResult
from astsvm.evaluation.fold_file import fold_file_name, load_fold, save_fold
from astsvm.evaluation.megc_log import megc_log
from astsvm.evaluation.predictions import PredictionTable
from astsvm.evaluation.run_config import (
    config_differences,
    fold_fingerprint,
    require_run_config,
    stamped_config,
)
from astsvm.evaluation.run_files import as_pretty_json, read_json_object, read_run_text
from astsvm.storage.atomic import TEMPORARY_SUFFIX, write_text_atomically
from astsvm.storage.folder_lock import lock_holder, take_lock

__all__ = ["RunFolder"]

_LOCK = ".astsvm-lock"
_LEAKED = "leak_meter.csv"
_CHOICES = "choices.csv"
_INPUTS = "inputs.h5"


class RunFolder:
    """Reads and writes the files of a run.

    Parameters
    ----------
    path : Path
        The folder. Nothing is touched until a method is called.
    with_inputs : bool
        The run is of a baseline, whose inputs may lie in the folder before it begins.
    """

    def __init__(self, path: Path, *, with_inputs: bool = False) -> None:
        self.path = Path(path)
        self._expected = {_INPUTS, f"{_INPUTS}.parts"} if with_inputs else set()
        self._release: Callable[[], object] | None = None

    @property
    def figures(self) -> Path:
        """Folder of the pictures."""
        return self.path / "figures"

    @property
    def inputs(self) -> Path:
        """The inputs of a baseline."""
        return self.path / _INPUTS

    @property
    def report(self) -> Path:
        """The report."""
        return self.path / "report.html"

    def begin(self, config: dict[str, Any], *, resume: bool = False) -> None:
        """Make the folder ready for the folds of a run, and keep other processes out of it.

        A run that was begun here, but has no fold yet, is begun anew: nothing is lost by that.

        Parameters
        ----------
        config : dict
            Everything the run depends on; written as ``config.json``.
        resume : bool
            Go on with an existing run, whose config must be the same.

        Raises
        ------
        EvaluationError
            If the folder holds something and `resume` is off, if it is no run's folder, or if the
            run in it has a fold and depends on other things; the message names the keys that
            differ.
        StorageError
            If another process is at work in the folder; the message names it.
        """
        config = stamped_config(config)
        self._require_folder()
        if self._is_in_use():
            # Before the lock, which leaves a file: nothing is put into a stranger's folder.
            self._check_existing(config, resume)
        self._take_lock()
        # Once more: until the lock was taken, another process could begin and even finish.
        if self._is_in_use():
            self._check_existing(config, resume)
        else:
            self._write("config.json", as_pretty_json(config))

    def require_free(self, *, resume: bool = False) -> None:
        """Refuse a folder that no run with inputs can begin in, before the inputs are made.

        Raises
        ------
        EvaluationError
            If the folder holds something and `resume` is off, or a run without inputs.
        """
        self._require_folder()
        if not self._is_in_use():
            return
        if not resume:
            self._check_existing({}, resume)
        if not self.inputs.exists():
            raise EvaluationError(
                f"{self.path} holds no run of a baseline, so none can be resumed in it. Choose "
                "another folder."
            )

    def _require_folder(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise EvaluationError(f"{self.path} exists already and is no folder. Choose another.")

    def close(self) -> None:
        """Let another process write to the folder; nothing happens if it was not begun."""
        if self._release is not None:
            (self.path / _LOCK).unlink(missing_ok=True)
            self._release()
            self._release = None

    def _take_lock(self) -> None:
        if self._release is not None:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor = take_lock(self.path / _LOCK)
        except OSError as error:
            raise EvaluationError(
                f"{self.path}: the run's folder cannot be made: {error.strerror}. "
                "Choose another place."
            ) from error
        self._release = weakref.finalize(self, os.close, descriptor)

    def _is_in_use(self) -> bool:
        """Tell whether the folder holds anything that must not be overwritten."""
        if not self.path.is_dir():
            return False
        # What an interrupted write left behind is nobody's.
        ours = {
            entry.name
            for entry in self.path.iterdir()
            if entry.suffix != TEMPORARY_SUFFIX and entry.name not in {_LOCK, *self._expected}
        }
        return bool(ours) and not (ours == {"config.json"} and self._is_barely_begun())

    def _is_barely_begun(self) -> bool:
        """Tell whether a run ended here before its first fold: it may be begun otherwise."""
        if (self.path / "config.json").is_symlink():
            return False
        try:
            self.config()
        except StorageError:
            return False
        return True

    def _check_existing(self, config: dict[str, Any], resume: bool) -> None:
        if not resume:
            raise EvaluationError(
                f"{self.path} exists already and is not empty; nothing was changed. Choose another "
                "folder, or go on with the run in it: --resume, in Python resume=True."
            )
        if differences := config_differences(self.config(), config):
            raise EvaluationError(
                f"{self.path} holds a run that was begun otherwise, so it cannot be resumed: "
                f"{differences}. Use the same again, or choose another folder."
            )

    def config(self) -> dict[str, Any]:
        """Read ``config.json``.

        Raises
        ------
        StorageError
            If it is missing, damaged, or of another format or newer version.
        """
        config = read_json_object(self.path / "config.json")
        require_run_config(config, self.path / "config.json")
        return config

    def fold_path(self, seed: int, subject: str) -> Path:
        """Return where the result of a fold lies."""
        return self.path / "folds" / str(seed) / fold_file_name(subject)

    def save_fold(self, result: FoldResult, config: dict[str, Any]) -> None:
        """Write the result of a fold durably."""
        path = self.fold_path(result.seed, result.subject)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_fold(path, result, fold_fingerprint(config, result.seed, result.subject))

    def load_fold(self, seed: int, subject: str, config: dict[str, Any]) -> FoldResult:
        """Read the result of a fold.

        Raises
        ------
        StorageError
            If there is none that is whole and of this run.
        """
        path = self.fold_path(seed, subject)
        return load_fold(path, fold_fingerprint(config, seed, subject))

    def write_results(
        self,
        table: PredictionTable,
        metrics: dict[str, Any],
        *,
        leaked: PredictionTable | None = None,
        chosen: Iterable[FoldResult] = (),
    ) -> None:
        """Write predictions, metrics, the logs of every seed, and what folds chose within."""
        # Both this table and the log have a format that others read, with no room for a mark.
        self._write("predictions.csv", table.to_csv())
        if leaked is not None:
            self._write(_LEAKED, leaked.to_csv(metrics.get("marks", ())))
        if choices := choices_csv(chosen):
            self._write(_CHOICES, choices)
        for number, seed in enumerate(table.seeds):
            name = f"megc_log_seed{seed}.txt" if number else "megc_log.txt"
            self._write(name, megc_log(table, seed))
        self._write("metrics.json", as_pretty_json(metrics))

    def has_results(self) -> bool:
        """Tell whether the run was scored: the figures are the last file that it writes."""
        return (self.path / "metrics.json").exists()

    def worker(self) -> str | None:
        """Name the process that is at work in the folder, None if there is none."""
        return lock_holder(self.path / _LOCK)

    def predictions(self) -> PredictionTable:
        """Read ``predictions.csv``.

        Raises
        ------
        StorageError, EvaluationError
            If it is missing or not what the run wrote.
        """
        return self._table("predictions.csv")

    def leaked_predictions(self) -> PredictionTable:
        """Read ``leak_meter.csv``; errors are those of :meth:`predictions`."""
        return self._table(_LEAKED)

    def choices(self) -> list[dict[str, str]]:
        """Read ``choices.csv``, one row a fold; none if nothing was chosen within."""
        if not (self.path / _CHOICES).exists():
            return []
        return read_choices(read_run_text(self.path / _CHOICES))

    def _table(self, name: str) -> PredictionTable:
        names = self.config().get("class_names")
        if not isinstance(names, list) or len(names) < 2:
            raise StorageError(f"{self.path / 'config.json'}: class_names are missing.")
        return PredictionTable.from_csv(read_run_text(self.path / name), names)

    def metrics(self) -> dict[str, Any]:
        """Read ``metrics.json``.

        Raises
        ------
        StorageError
            If it is missing or damaged.
        """
        return read_json_object(self.path / "metrics.json")

    def _write(self, name: str, text: str) -> None:
        write_text_atomically(self.path / name, text)
