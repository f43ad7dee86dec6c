"""The files of a clip's source, packed to be sent to a machine that does not have them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from astsvm.datasets.frame_folder import frame_names
from astsvm.errors import FrameReadError
from astsvm.preprocessing.frames import MOST_FRAMES, iter_frames

__all__ = ["PackedSource", "pack_source", "unpack_source"]


@dataclass(frozen=True, slots=True)
class PackedSource:
    """A video, an image or a folder of frames.

    Parameters
    ----------
    name : str
        Name of the file or folder.
    content : bytes or None
        Of a file; None for a folder, and where there was nothing.
    frames : dict of str to bytes, or None
        Of a folder: the images by name. Those outside of the clip are empty; they are there
        because frames are counted by their place in the folder.
    """

    name: str
    content: bytes | None = None
    frames: dict[str, bytes] | None = None


def pack_source(source: Path, onset: int | None, offset: int | None) -> PackedSource:
    """Read the files that a clip needs.

    Parameters
    ----------
    source : Path
        As :func:`astsvm.preprocessing.frames.iter_frames` takes it. If there is nothing, that is
        found out where the source is unpacked.
    onset, offset : int or None
        0-based positions of the clip in a folder, both included.

    Raises
    ------
    FrameReadError
        If a file is there, but cannot be read; in the words of reading it here.
    """
    try:
        if source.is_dir():
            return PackedSource(source.name, frames=_packed_frames(source, onset, offset))
        if source.is_file():
            return PackedSource(source.name, content=source.read_bytes())
    except OSError as error:
        for _ in iter_frames(source, onset, offset):
            pass  # until the one that cannot be read
        raise FrameReadError(
            f"{source}: cannot be read: {error.strerror}. Check the path and its rights."
        ) from error
    return PackedSource(source.name)


def unpack_source(packed: PackedSource, folder: Path) -> Path:
    """Write a packed source into `folder`, and return its path there."""
    source = folder / packed.name
    if packed.content is not None:
        source.write_bytes(packed.content)
    if packed.frames is not None:
        source.mkdir()
        for name, content in packed.frames.items():
            (source / name).write_bytes(content)
    return source


def _packed_frames(folder: Path, onset: int | None, offset: int | None) -> dict[str, bytes]:
    names = frame_names(folder)
    of_clip = slice(onset or 0, None if offset is None else offset + 1)
    # One frame too many is enough to be refused for.
    needed = set(islice(names[of_clip], MOST_FRAMES + 1))
    return {name: (folder / name).read_bytes() if name in needed else b"" for name in names}
