"""Writing a clip file so that a crash at any moment costs at most the clips in hand.

:class:`PartsFolder` is ``OUTPUT.parts`` beside the output: finished clips are kept there one by
one (:mod:`astsvm.storage.parts`), until the clip file is put together from them and appears by
rename. A run goes on from the parts an interrupted one has left, if settings, library versions and
the list of clips are the same. The file's bytes depend on the clips alone: not on workers, order
of completion, interruptions, time or place.
"""

from __future__ import annotations

import errno
import os
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from astsvm.clip import Clip
from astsvm.config import PreprocessingSettings
from astsvm.datasets.contract import Dataset, Problem
from astsvm.errors import StorageError
from astsvm.storage import parts
from astsvm.storage.assembly import write_clip_file
from astsvm.storage.encoding import ProcessedClip, encode_entry
from astsvm.storage.entry import Entry
from astsvm.storage.finished_output import (
    CLIP_LEFT_OUT,
    read_finished_output,
    refuse_output,
)
from astsvm.storage.folder_lock import take_lock
from astsvm.storage.manifest import (
    claim_folder,
    describe_run,
    feature_versions,
    manifest_digest,
    refuse_foreign_folder,
)
from astsvm.storage.skipped import skipped_rows

__all__ = ["PartsFolder", "ProcessedClip"]


class PartsFolder:
    """The finished clips of a run that is under way, to be made by :meth:`open`.

    Used in a ``with`` statement, it lets a later run in at the end, whatever happened. It may be
    sent to worker processes: there it can store clips, but not assemble.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        self.root = root
        self._output: Path | None = None
        self._dataset: Dataset | None = None
        self._settings: dict[str, Any] = {}
        self._versions: dict[str, str] = {}
        self._run: str | None = None
        self._finished: tuple[Problem, ...] | None = None
        self._release: Callable[[], object] = _nothing_to_release

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let another run have the parts; they stay, and this object can be forgotten."""
        self._release()

    def __getstate__(self) -> dict[str, Any]:
        # The dataset stays here: it is large, and a worker gets its clip by itself.
        blank = PartsFolder(self.path, self.root)
        blank._run = self._run
        return dict(blank.__dict__)

    @classmethod
    def open(
        cls,
        output: Path,
        dataset: Dataset,
        settings: PreprocessingSettings,
        *,
        resume: bool = False,
        inputs: Mapping[str, Any] | None = None,
    ) -> PartsFolder:
        """Start a run, or go on with one.

        Parameters
        ----------
        output : Path
            The clip file to write; its folder is made if it does not exist. Links are followed.
        dataset : Dataset
            The clips.
        settings : PreprocessingSettings
            How frames become features. For precomputed flow they do not apply, and the file
            says so instead.
        resume : bool
            Go on with the parts that are there; without parts, start. If the output of the same
            run is there whole, only :meth:`tidy` is left to be done.
        inputs : mapping, optional
            What else the features depend on, such as the digest of a landmarks file, as JSON
            values; a run is only gone on with if they are the same.

        Raises
        ------
        StorageError
            If `output` exists, parts of another run are in the way, another process is at work
            on them, or they were made of other clips, settings or versions (which are named).
        """
        # One output has one folder of parts, and one lock, whatever links lead to it.
        output = Path(os.path.realpath(output))
        run = cls(output.with_name(f"{output.name}.parts"), dataset.root)
        run._output, run._dataset = output, dataset
        run._settings = (
            {"precomputed_flow": dataset.name}
            if dataset.precomputed_flow
            else settings.model_dump(mode="json")
        )
        run._versions = feature_versions(settings, precomputed_flow=dataset.precomputed_flow)
        run._enter(resume=resume)
        try:
            run._claim(inputs or {}, resume=resume)
        except BaseException:
            run.close()
            raise
        return run

    def _enter(self, *, resume: bool) -> None:
        """Make the folder and keep others out of it, unless something is in the way."""
        folder, output = self.path, self._output
        try:
            if output is not None and output.exists():
                refuse_output(output, resume=resume, parts=folder.is_dir())
            refuse_foreign_folder(folder)
            folder.mkdir(parents=True, exist_ok=True)
            self._lock()
        except OSError as error:
            advice = (
                "Give the output a shorter name."
                if error.errno == errno.ENAMETOOLONG
                else "Check the output's place and your rights there."
            )
            raise StorageError(f"{folder}: cannot be made: {error.strerror}. {advice}") from error

    def _claim(self, inputs: Mapping[str, Any], *, resume: bool) -> None:
        """Take the folder over for this run, now that nobody else can write the output."""
        dataset, output = self._dataset, self._output
        if dataset is None or output is None:
            raise StorageError(f"{self.path}: only the process that opened it can claim it.")
        if output.exists() and not resume:
            # Another run has finished between the first look and the lock.
            if not parts.holds_results(self.path):
                parts.remove_parts(self.path)
            refuse_output(output, resume=False, parts=False)
        manifest = describe_run(dataset, self._settings, inputs, self._versions)
        claim_folder(self.path, manifest, resume=resume)
        self._run = manifest_digest(manifest)
        if output.exists():
            self._finished = read_finished_output(
                output, self.path, dataset, self._run, self._settings, self._versions
            )

    def tidy(self) -> tuple[Problem, ...] | None:
        """Delete what a run has left that was killed after it had written its output.

        Returns
        -------
        tuple of Problem or None
            One for each clip that failed, as :meth:`assemble` returns them; None if the output is
            still to be written, and nothing was deleted.
        """
        if self._finished is None:
            return None
        parts.remove_parts(self.path)
        self.close()
        return self._finished

    def is_done(self, index: int) -> bool:
        """Tell whether a clip is finished and whole; a failed one is not, and is tried again."""
        return parts.part_is_valid(self.path, index, self._clips[index].key, self._run)

    def recorded_source(self, index: int) -> str | None:
        """Return the digest of the files a finished clip was made of, None if it is not finished.

        It is empty where none was recorded.
        """
        attributes = parts.valid_attributes(self.path, index, self._clips[index].key, self._run)
        return None if attributes is None else str(attributes.get("source_sha256", ""))

    def store(self, index: int, processed: ProcessedClip) -> None:
        """Store a finished clip durably.

        Raises
        ------
        InvalidInputError
            If the clip cannot be stored, for example because a value exceeds float16.
        StorageError
            If it cannot be written.
        """
        self.store_entry(index, encode_entry(processed, self.root))

    def store_entry(self, index: int, entry: Entry) -> None:
        """Store a finished clip that is encoded already, relative to :attr:`root`, as `store`."""
        parts.write_part(self.path, index, entry, self._run)

    def store_failure(self, index: int, reason: str) -> None:
        """Store durably why a clip could not be processed."""
        parts.write_failure(self.path, index, reason)

    def assemble(self, problems: Sequence[Problem] = ()) -> tuple[Problem, ...]:
        """Write the clip file, then delete the parts.

        Parameters
        ----------
        problems : sequence of Problem
            Rows of the sheet that could not become a clip, recorded in the file.

        Returns
        -------
        tuple of Problem
            One for each clip that failed, also recorded in the file.

        Raises
        ------
        StorageError
            If a clip is neither finished nor failed, or writing fails. The parts are kept then.
        """
        clips, dataset, output = self._clips, self._dataset, self._output
        if dataset is None or output is None:
            raise StorageError(f"{self.path}: only the process that opened it can assemble.")
        done = [index for index in range(len(clips)) if self.is_done(index)]
        failures = self._failures(set(done))
        write_clip_file(
            output,
            self._entries(done),
            skipped=skipped_rows(dataset.root, (*problems, *failures)),
            dataset=dataset.full_name,
            synthetic=dataset.synthetic,
            settings=self._settings,
            versions=self._versions,
            expected_bytes=sum(parts.part_bytes(self.path, i) for i in done),
            temporary_folder=self.path,
        )
        parts.remove_parts(self.path)
        self.close()
        return failures

    @property
    def _clips(self) -> tuple[Clip, ...]:
        if self._dataset is None:
            raise StorageError(f"{self.path}: only the process that opened it knows the clips.")
        return self._dataset.clips

    def _entries(self, done: Sequence[int]) -> Iterator[Entry]:
        for index in done:
            yield parts.read_part(self.path, index, self._run)

    def _failures(self, done: set[int]) -> tuple[Problem, ...]:
        failures: list[Problem] = []
        sheet = self._dataset.sheet if self._dataset is not None else None
        for index, clip in enumerate(self._clips):
            if index in done:
                continue
            reason = parts.read_failure(self.path, index)
            if reason is None:
                raise StorageError(
                    f"{self.path}: clip {clip.key} is neither finished nor failed. "
                    "Run again with --resume."
                )
            failures.append(
                Problem(sheet or clip.source, clip.row, clip.key, reason, CLIP_LEFT_OUT)
            )
        return tuple(failures)

    def _lock(self) -> None:
        """Keep a second run out while this one lives; a killed run's lock ends with it."""
        descriptor = take_lock(self.path / parts.LOCK)
        self._release = weakref.finalize(self, os.close, descriptor)


def _nothing_to_release() -> None:
    """Stand in for the lock in a worker process, which holds none."""
