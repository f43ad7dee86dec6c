"""What a layout makes of a planned corpus: clips with names, folders of frames, and sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from astsvm.datasets.synthetic.plan import CorpusPlan

__all__ = [
    "LARGEST_DATABASE",
    "Arrangement",
    "Cell",
    "Entry",
    "Fault",
    "FrameFiles",
    "Layout",
    "Outcome",
    "Row",
]

LARGEST_DATABASE = 999
"""Subjects, and clips of a subject, that a layout of a real database can name."""

Cell = str | int | None
Outcome = Literal["left out", "kept", "read"]
"""What a loader is to do: leave the clip out and say so; keep it and say so; read it in silence."""


@dataclass(frozen=True, slots=True)
class FrameFiles:
    """A folder with frames of one clip.

    Parameters
    ----------
    folder : str
        Relative to the corpus.
    names : mapping of int to str
        0-based frame of the clip -> file name, whose suffix tells the encoding: ``.png``, ``.bmp``
        or ``.jpg``. JPEG (quality 95) is lossy, as it is in the databases that use it.
    colour : bool
        BGR instead of grey.
    face_only : bool
        The face cut out instead of the whole frame.
    """

    folder: str
    names: Mapping[int, str]
    colour: bool = False
    face_only: bool = False

    @classmethod
    def numbered(
        cls,
        folder: str,
        frames: range,
        pattern: str,
        first_number: int,
        *,
        colour: bool = False,
        face_only: bool = False,
    ) -> FrameFiles:
        """Name frames by number: frame 3 by ``"img%d.jpg" % (first_number + 3)``."""
        names = {index: pattern % (first_number + index) for index in frames}
        return cls(folder, names, colour, face_only)


@dataclass(frozen=True, slots=True)
class Row:
    """What the sheet says of a clip, before it is put into the sheet's own columns."""

    subject: Cell
    clip: str
    onset: Cell
    apex: Cell
    offset: Cell
    emotion: str
    action_units: Cell = None
    objective_class: Cell = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One clip: what is planted, what the sheet says of it, and which files hold its frames.

    Parameters
    ----------
    subject, clip : int
        1-based numbers within the corpus.
    label : str
        Class of the generator.
    key : str
        What the clip is called in the database, ``SUBJECT/CLIP``.
    rows : tuple of Row
        Rows of the sheet: one, unless a fault is planted.
    folders : tuple of FrameFiles
        Where its frames lie.
    emotion : str
        As the database calls it; empty where it is the class.
    first_number : int
        The database's number of the clip's first frame.
    """

    subject: int
    clip: int
    label: str
    key: str
    rows: tuple[Row, ...]
    folders: tuple[FrameFiles, ...]
    emotion: str = ""
    first_number: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is planted in a clip.

    Parameters
    ----------
    clip : str
        ``DATABASE/SUBJECT/CLIP``, with the subject and clip as they ought to be written.
    kind : str
        One of :data:`astsvm.datasets.synthetic.layouts.faults.KINDS`.
    outcome : {"left out", "kept", "read"}
        What a loader is to do about it.
    """

    clip: str
    kind: str
    outcome: Outcome

    def as_dict(self) -> dict[str, str]:
        """Return the fields by name, as JSON takes them."""
        return {"clip": self.clip, "kind": self.kind, "outcome": self.outcome}


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A whole corpus before it is written.

    Parameters
    ----------
    entries : tuple of Entry
        Every clip, faulty ones included.
    sheet : bytes
        The annotation sheet.
    faults : tuple of Fault
        In the order of their clips.
    """

    entries: tuple[Entry, ...]
    sheet: bytes
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How one database lies on the disk.

    Parameters
    ----------
    name : str
        As ``load_dataset`` knows it.
    sheet : str
        Name of its sheet.
    fps : float
        Frames per second.
    any_fps : bool
        Whether the sheet can tell another rate.
    first_subject : int
        Added to subject numbers before a face is drawn, so that no two layouts show one face
        and no subject of one is known from another.
    fault_kinds : tuple of str
        Faults that can be planted.
    entries_of : callable
        Arranges the clips of a subject (1-based number) from the class of each.
    sheet_bytes : callable
        Makes the sheet of all clips.
    """

    name: str
    sheet: str
    fps: float
    any_fps: bool
    first_subject: int
    fault_kinds: tuple[str, ...]
    entries_of: Callable[[CorpusPlan, int, list[str]], Iterable[Entry]]
    sheet_bytes: Callable[[CorpusPlan, Sequence[Entry]], bytes]
