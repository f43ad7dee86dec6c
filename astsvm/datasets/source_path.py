"""Where the frames of a clip lie: inside the folder of the sheet, and nowhere else."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

from astsvm.errors import DatasetError

__all__ = ["source_inside"]


def source_inside(root: Path, cell: str) -> Path:
    """Return ``root / cell`` after checking that it exists and lies in `root`.

    A backslash separates folders as well, since sheets travel between systems. The path comes
    back unresolved, so that its part below `root` stays what the sheet says.

    Raises
    ------
    DatasetError
        If the path is absolute, climbs out of `root` by ``..`` or a symbolic link, or is neither
        a file nor a folder.
    """
    below = PurePosixPath(cell.replace("\\", "/"))
    if below.is_absolute() or PureWindowsPath(cell).drive or ".." in below.parts:
        raise DatasetError(
            f"path {cell!r} leaves the dataset's folder; expected a path below {root}. "
            "Move the clip into it."
        )
    # Some systems store accented letters decomposed; the sheet and the disk may differ in that.
    spellings = [unicodedata.normalize(form, str(below)) for form in ("NFC", "NFD")]
    source = next((root / name for name in spellings if _exists(root / name)), None)
    if source is None:
        raise DatasetError(
            f"path {cell[:200]!r} does not exist; it counts from the folder of the sheet. "
            "Correct the path."
        )
    if not source.resolve().is_relative_to(root.resolve()):
        raise DatasetError(
            f"path {cell!r} is a symbolic link that leaves the dataset's folder {root}. "
            "Copy the clip into it."
        )
    if not (source.is_file() or source.is_dir()):
        raise DatasetError(
            f"path {cell!r} is neither a file nor a folder; expected a video, an image or a "
            "folder of frames."
        )
    return source


def _exists(path: Path) -> bool:
    try:
        path.resolve(strict=True)
    except (OSError, RuntimeError):  # missing, too long, unreadable, or a loop of links
        return False
    return True
