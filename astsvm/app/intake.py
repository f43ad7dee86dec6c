"""Where clips lie between their arrival and the answer: a folder of this process alone.

Whoever sends a clip gets a ticket for it, a long random word that nobody else is told. The ticket
is looked up, never made into a path, and it is good for one question: then the file is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from astsvm.app.limits import Limits
from astsvm.errors import AstsvmError, FrameReadError, InvalidInputError

__all__ = ["BusyError", "Intake", "ReceivedClip", "StalledError", "TooLargeError"]

_TICKET_BYTES = 24
_LONGEST_NAME = 120


class TooLargeError(InvalidInputError):
    """A clip's file is larger than the app takes."""


class StalledError(InvalidInputError):
    """A clip did not arrive in time."""


class BusyError(AstsvmError):
    """More clips lie here than the app takes at a time."""


@dataclass(frozen=True)
class ReceivedClip:
    """A clip that was sent.

    Parameters
    ----------
    path : Path
        Where it lies; of our choosing but for the suffix, which is one of a known few.
    name : str
        What the sender calls it; shown, never opened.
    arrival : float
        Seconds of the monotonic clock.
    """

    path: Path
    name: str
    arrival: float


class Intake:
    """The folder and its tickets. Use it as a context: leaving it deletes all.

    Parameters
    ----------
    limits : Limits

    Attributes
    ----------
    folder : Path
        Readable by this user only.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.folder = Path(tempfile.mkdtemp(prefix="astsvm-app-"))
        self._clips: dict[str, ReceivedClip] = {}
        self._arriving = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Intake:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> str:
        """Store a clip that arrives piece by piece, and return its ticket.

        Parameters
        ----------
        name : str
            What the sender calls it.
        chunks : async iterator of bytes
            The content of the file.

        Raises
        ------
        FrameReadError
            If the name has not the suffix of a video.
        TooLargeError
            If there is more than the limit.
        StalledError
            If nothing comes for too long, or all of it takes too long.
        BusyError
            If too many clips lie here already.
        OSError
            If the system refuses to store it.
        """
        shown, suffix = checked_name(name)
        self.discard_old()
        with self._place():
            self._require_folder()
            ticket = secrets.token_urlsafe(_TICKET_BYTES)
            path = self.folder / f"{ticket}{suffix}"
            try:
                await self._write(path, chunks)
            except BaseException:
                # Too large or too slow, or the sender has gone: half a clip is nobody's.
                _delete(path)
                raise
            with self._lock:
                self._clips[ticket] = ReceivedClip(path, shown, time.monotonic())
        return ticket

    @contextmanager
    def taken(self, ticket: str) -> Iterator[ReceivedClip]:
        """Hand out a clip for one question, and delete it afterwards, whatever happens.

        Raises
        ------
        InvalidInputError
            If nobody was given this ticket, or it was used, or the clip has lain too long.
        """
        with self._lock:
            clip = self._clips.pop(ticket, None)
        if clip is None:
            raise InvalidInputError(
                "the clip is not here (any more): each is deleted after its answer, and after "
                f"{self.limits.minutes:g} minutes in any case. Choose it again."
            )
        try:
            yield clip
        finally:
            _delete(clip.path)

    def discard_old(self) -> None:
        """Delete the clips that nobody has asked about in time."""
        oldest = time.monotonic() - 60 * self.limits.minutes
        with self._lock:
            old = [ticket for ticket, clip in self._clips.items() if clip.arrival < oldest]
            discarded = [self._clips.pop(ticket) for ticket in old]
        for clip in discarded:
            _delete(clip.path)

    @contextmanager
    def _place(self) -> Iterator[None]:
        with self._lock:
            if len(self._clips) + self._arriving >= self.limits.waiting:
                raise BusyError("too many clips are waiting here. Try again in a minute.")
            self._arriving += 1
        try:
            yield
        finally:
            with self._lock:
                self._arriving -= 1

    def _require_folder(self) -> None:
        """Make the folder again where somebody who cleans up has deleted it."""
        with contextlib.suppress(FileExistsError):
            self.folder.mkdir(mode=0o700)
        found = self.folder.lstat()
        # Its name is known by now, and whoever is first may make it.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise PermissionError(errno.EACCES, "the folder for clips is somebody else's")

    async def _write(self, path: Path, chunks: AsyncIterator[bytes]) -> None:
        size = 0
        with path.open("xb") as stream:
            async with contextlib.aclosing(_in_time(chunks, self.limits)) as pieces:
                async for chunk in pieces:
                    size += len(chunk)
                    if size > self.limits.bytes:
                        raise TooLargeError(
                            f"the file is too large: the app takes {self.limits.describe()}"
                        )
                    stream.write(chunk)


async def _in_time(chunks: AsyncIterator[bytes], limits: Limits) -> AsyncGenerator[bytes, None]:
    """Hand on what arrives, as long as it does."""
    now = asyncio.get_running_loop().time
    latest = now() + 60 * limits.sending
    while True:
        try:
            async with asyncio.timeout_at(min(latest, now() + limits.pause)):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise StalledError(
                f"the clip did not arrive in time: nothing came for {limits.pause:g} seconds, or "
                f"all of it took more than {limits.sending:g} minutes. Send it again."
            ) from error
        yield chunk


def _delete(path: Path) -> None:
    # What cannot be deleted now goes with the folder; the others must not wait for it.
    with contextlib.suppress(OSError):
        path.unlink()


def checked_name(name: str) -> tuple[str, str]:
    """Return the last part of a name as it may be shown, and its suffix.

    Raises
    ------
    FrameReadError
        If the suffix is none of a video.
    """
    from astsvm.preprocessing.video_file import VIDEO_SUFFIXES

    last = PureWindowsPath(PurePosixPath(name).name).name
    shown = "".join(letter if letter.isprintable() else "�" for letter in last)
    suffix = PurePosixPath(shown).suffix.lower()
    if suffix not in VIDEO_SUFFIXES:
        raise FrameReadError(
            f"{shown[:_LONGEST_NAME] or 'the file'}: expected a video, "
            f"{', '.join(sorted(VIDEO_SUFFIXES))}. Folders of frames are for `astsvm predict`."
        )
    return (shown if len(shown) <= _LONGEST_NAME else f"…{shown[1 - _LONGEST_NAME :]}"), suffix
