"""Finding folders whose names vary between copies of an archive: ``s1`` and ``s01``, ``Sub01``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from astsvm.errors import DatasetError

__all__ = ["FolderTree", "find_sheet", "plain_name"]


def plain_name(name: str) -> str:
    """Reduce a name to what does not vary: lower case, numbers without leading zeros."""
    text = unicodedata.normalize("NFC", name).casefold().strip()
    return re.sub(r"0*([0-9]+)", r"\1", text)


class FolderTree:
    """The folders below a root, found by their plain names; each is listed once.

    Parameters
    ----------
    root : Path
        Where to begin.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._listed: dict[Path, dict[str, list[Path]]] = {}

    def find(self, *names: str) -> Path | None:
        """Go down from the root by `names`.

        Returns
        -------
        Path or None
            The folder, None if there is none.

        Raises
        ------
        DatasetError
            If two folders go by one of the names.
        """
        folder = self.root
        for name in names:
            found = self._children(folder).get(plain_name(name), [])
            if len(found) > 1:
                raise DatasetError(
                    f"{folder}: {' and '.join(path.name for path in found)} may both be "
                    f"{name!r}. Delete or rename one of them."
                )
            if not found:
                return None
            folder = found[0]
        return folder

    def children(self, *names: str) -> Iterator[Path]:
        """Yield the folders in the folder `names`, in the order of their names."""
        folder = self.find(*names)
        if folder is not None:
            for paths in self._children(folder).values():
                yield from paths

    def inside(self, folder: Path) -> Iterator[Path]:
        """Yield the folders in a folder below the root, in the order of their names."""
        for paths in self._children(folder).values():
            yield from paths

    def _children(self, folder: Path) -> dict[str, list[Path]]:
        if folder not in self._listed:
            try:
                paths = sorted(path for path in folder.iterdir() if path.is_dir())
            except OSError as error:
                raise DatasetError(
                    f"{folder}: the folder cannot be listed: {error.strerror}. Check its rights."
                ) from error
            listed: dict[str, list[Path]] = {}
            for path in paths:
                # A link out of the database would bring in somebody else's files.
                if not path.name.startswith(".") and path.resolve().is_relative_to(
                    self.root.resolve()
                ):
                    listed.setdefault(plain_name(path.name), []).append(path)
            self._listed[folder] = listed
        return self._listed[folder]


def find_sheet(
    root: Path,
    names: tuple[str, ...],
    example: str,
    *,
    expected: str = "a header",
    also: Iterable[Path] = (),
) -> Path:
    """Find the annotation sheet in the root or in a folder directly below it.

    Parameters
    ----------
    root : Path
        Folder of the database.
    names : tuple of str
        Patterns of the sheet's name such as ``"CASME2-coding*.xls*"``; of several sheets the one
        of the earliest pattern is taken, then one in the root itself, then the one with the later
        date in its name, then the one with the shorter name.
    example : str
        A header line to show in errors.
    expected : str
        What the example is, for sheets without a header.
    also : iterable of Path, optional
        Further folders to look in.

    Raises
    ------
    DatasetError
        If there is none.
    """
    folders = {root, *also, *(path for path in root.iterdir() if path.is_dir())}
    files = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    for pattern in names:
        found = [
            path
            for path in files
            if fnmatchcase(path.name.casefold(), pattern.casefold())
            and not path.name.startswith((".", "~$"))
        ]
        if found:
            return max(found, key=lambda path: _rank(root, path))
    suffixes = {".xls", ".xlsx", ".csv"}
    others = sorted({path.name for path in files if path.suffix.casefold() in suffixes})
    seen = f" Seen: {', '.join(others[:5])}; rename it if it is the sheet." if others else ""
    raise DatasetError(
        f"{root / ' or '.join(names)}: there is no such file. Expected {expected} such as: "
        f"{example}. Put the sheet into that folder.{seen}"
    )


def _rank(root: Path, path: Path) -> tuple[bool, list[int], int, str]:
    """Rank a sheet: in the root before below, later dates before earlier, plain before longer."""
    numbers = [int(text) for text in re.findall(r"[0-9]{1,18}", path.name)]
    return path.parent == root, numbers, -len(path.name), str(path)
