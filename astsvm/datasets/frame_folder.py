"""The frames of a clip as files: their order, their numbers, and where a frame number lies.

Databases number frames in their files' names (``img46.jpg``, ``006_05562.jpg``); everything after
the loaders counts positions in the folder, from 0. The order of frames is decided here and nowhere
else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from astsvm.errors import DatasetError

__all__ = ["IMAGE_SUFFIXES", "FrameFolder", "Span", "frame_names", "natural_order"]

IMAGE_SUFFIXES: Final = frozenset(
    {".bmp", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Files with these suffixes are frames; any other file in a folder of frames is ignored."""

LEAST_SHARE = 0.5
"""Share of a clip's frames that must be there."""

_LAST_NUMBER = re.compile(r"([0-9]{1,18})[^0-9]*$")


def natural_order(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return a sort key that counts runs of digits as numbers and ignores case.

    Names that count the same, such as ``a1`` and ``a01``, are told apart by their text, so the
    order never depends on how a directory lists its files.
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    key = tuple((0, int(p), "") if "0" <= p[0] <= "9" else (1, 0, p) for p in parts)
    return key, name


def frame_names(folder: Path) -> list[str]:
    """Return the names of the images in a folder in natural order, hidden ones left out.

    Raises
    ------
    OSError
        If the folder cannot be listed.
    """
    with os.scandir(folder) as entries:
        names = [
            entry.name
            for entry in entries
            if PurePath(entry.name).suffix.lower() in IMAGE_SUFFIXES
            and not entry.name.startswith(".")
            and entry.is_file()
        ]
    return sorted(names, key=natural_order)


@dataclass(frozen=True, slots=True)
class Span:
    """Onset, apex and offset as positions in a folder, and what had to be done about gaps.

    Parameters
    ----------
    onset, offset : int
        0-based positions, both included.
    apex : int or None
        Position of the apex, None where it is unknown or its frame is not there.
    remarks : tuple of (str, str)
        What was found, and what is done about it, for each deviation.
    """

    onset: int
    apex: int | None
    offset: int
    remarks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FrameFolder:
    """The frames in a folder.

    Parameters
    ----------
    path : Path
        The folder.
    positions : mapping of int to int
        Frame number, the last one in a file's name, -> position in natural order.
    count : int
        Number of frames.
    """

    path: Path
    positions: Mapping[int, int]
    count: int

    @classmethod
    def open(cls, path: Path) -> FrameFolder:
        """List a folder; no frame is opened.

        Raises
        ------
        DatasetError
            If it cannot be listed, holds no image, or two images bear one number.
        """
        try:
            names = frame_names(path)
        except OSError as error:
            raise DatasetError(
                f"{path}: the folder of frames cannot be listed: {error.strerror}. "
                "Check that it is there and may be read."
            ) from error
        if not names:
            raise DatasetError(f"{path}: the folder holds no image. Unpack the archive again.")
        positions: dict[int, int] = {}
        for position, name in enumerate(names):
            match = _LAST_NUMBER.search(PurePath(name).stem)
            number = int(match[1]) if match else position
            if number in positions:
                raise DatasetError(
                    f"{path}: two images bear the number {number}, {names[positions[number]]} and "
                    f"{name}. Delete the one that is not of this clip."
                )
            positions[number] = position
        return cls(path, positions, len(names))

    def whole(self, expected: int | None = None) -> Span:
        """Return the span of all frames; `expected` is how many the sheet speaks of."""
        remarks = _gaps(sorted(self.positions))
        if expected is not None and expected != self.count:
            remarks = ((f"{self.count} frames are there, the sheet says {expected}", "all taken"),)
        return Span(0, None, self.count - 1, remarks)

    def locate(
        self, onset: int, apex: int | None, offset: int, *, corrections: bool = True
    ) -> Span:
        """Find frames by their numbers.

        A folder that holds exactly as many frames as the clip, counted from 0 or 1 without a gap,
        and none of its numbers, is the clip, numbered anew. Frames missing at the end or in between
        are remarked upon, and those there are close up in time; with `corrections` off, an offset
        beyond the last frame is an error. Where more than half are missing, sheet or folder is
        wrong, and no clip is left.

        Raises
        ------
        DatasetError
            If the onset is not there, or fewer than half of the clip's frames are, or fewer than
            two.
        """
        length = offset - onset + 1
        if self._is_numbered_anew(onset, offset):
            if not corrections:
                raise DatasetError(
                    f"{self.path}: expected the frames {onset} to {offset}, but they are numbered "
                    f"anew from {min(self.positions)} on. Allow corrections to take them in order."
                )
            found = f"the {length} frames are numbered anew from {min(self.positions)} on"
            apex = None if apex is None else apex - onset
            return Span(0, apex, length - 1, ((found, "taken in their order"),))
        inside = sorted(number for number in self.positions if onset <= number <= offset)
        remarks: list[tuple[str, str]] = []
        enough = max(2, length * LEAST_SHARE)
        if not inside or inside[0] != onset or len(inside) < enough:
            raise DatasetError(
                f"{self.path}: expected the frames {onset} to {offset}, found {len(inside)} of "
                f"{length}{f', the first is {inside[0]}' if inside else ''}; the folder holds "
                f"{min(self.positions)} to {max(self.positions)}. Correct the sheet, or unpack the "
                "archive again."
            )
        if self.positions[inside[-1]] - self.positions[onset] != len(inside) - 1:
            raise DatasetError(
                f"{self.path}: between the frames {onset} and {inside[-1]} lie images with other "
                "numbers. Delete those that are not of this clip."
            )
        if inside[-1] != offset:
            if not corrections:
                raise DatasetError(
                    f"{self.path}: the offset frame {offset} is not there; the last one is "
                    f"{inside[-1]}. Unpack the archive again, or allow corrections."
                )
            found = f"the offset frame {offset} is not there"
            remarks.append((found, f"the clip ends with the last frame there is, {inside[-1]}"))
        remarks += _gaps(inside)
        if apex is not None and apex not in self.positions:
            remarks.append((f"the apex frame {apex} is not there", "the apex is dropped"))
        return Span(
            self.positions[onset],
            None if apex is None else self.positions.get(apex),
            self.positions[inside[-1]],
            tuple(remarks),
        )

    def _is_numbered_anew(self, onset: int, offset: int) -> bool:
        """Tell whether the folder is just the clip, counted from 0 or 1 instead of the onset."""
        first, last = min(self.positions), max(self.positions)
        return (
            self.count == offset - onset + 1 == last - first + 1
            and first in (0, 1)
            and last < onset
        )


def _gaps(numbers: list[int]) -> tuple[tuple[str, str], ...]:
    """Remark upon frames that are missing between the first and the last one."""
    missing = numbers[-1] - numbers[0] + 1 - len(numbers)
    if not missing:
        return ()
    there = set(numbers)
    first = next(n for n in range(numbers[0], numbers[-1]) if n not in there)
    found = (
        f"{missing} of the {missing + len(numbers)} frames {numbers[0]} to {numbers[-1]} are "
        f"missing, the first {first}"
    )
    return ((found, "the clip is kept with the frames there are"),)
