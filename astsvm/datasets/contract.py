"""What every database loader returns, and the register of loaders.

Adding a database takes one file with a function ``load(root: Path, options: LoadOptions) ->
Dataset`` and one line in :data:`LOADERS`. A loader whose database comes in several forms names them
in ``VARIANTS``, the preferred one first.

A loader never stops at a faulty row: the row becomes a :class:`Problem`, the others are kept.
Clips are ordered by (database, subject, clip), compared as plain text by code point, so that the
order of the sheet's rows or of a folder's listing reaches nothing downstream.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path

from astsvm.clip import Clip
from astsvm.errors import DatasetError

__all__ = [
    "AS_THEY_ARE",
    "CORRECTED",
    "HEARSAY",
    "LOADERS",
    "ROW_LEFT_OUT",
    "SYNTHETIC_MARK",
    "Dataset",
    "LoadOptions",
    "Problem",
    "PublishedCounts",
    "collect_dataset",
    "dataset_names",
    "load_dataset",
]

LOADERS = {
    "folder": "astsvm.datasets.folder",
    "flow_images": "astsvm.datasets.flow_images",
    "flow_folders": "astsvm.datasets.flow_folders",
    "casme2": "astsvm.datasets.casme2",
    "casme": "astsvm.datasets.casme",
    "casme_sq": "astsvm.datasets.casme_sq",
    "casme3": "astsvm.datasets.casme3",
    "fourdme": "astsvm.datasets.fourdme",
    "mmew": "astsvm.datasets.mmew",
    "smic": "astsvm.datasets.smic",
    "samm": "astsvm.datasets.samm",
}
"""Name of a database -> module whose ``load(root)`` reads it."""

SYNTHETIC_MARK = "SYNTHETIC.json"
"""A corpus whose root holds this file was drawn by the generator."""

HEARSAY = "the layout is known from other programs; no real file was at hand"

CORRECTED = "corrected or doubtful: "
"""Begins a clip's note on what was done to it, so that it can be told from other notes."""

ROW_LEFT_OUT = "the row is left out, the other rows are kept"


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot become a clip.

    Parameters
    ----------
    file : Path
        The sheet.
    row : int or None
        1-based row of the sheet, the header being row 1.
    clip : str or None
        Key or id of the clip, as far as the row tells.
    reason : str
        What was expected, what came, and how to correct it.
    action : str
        What is done about it now.
    """

    file: Path
    row: int | None
    clip: str | None
    reason: str
    action: str = ROW_LEFT_OUT

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the fields by name, as JSON takes them."""
        return asdict(self) | {"file": str(self.file)}

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        clip = "" if self.clip is None else f", clip {self.clip}"
        return f"{self.file}{row}{clip}: {self.reason} ({self.action})"


@dataclass(frozen=True, slots=True)
class PublishedCounts:
    """What the owners of a database say it holds, to be seen beside what was found.

    Parameters
    ----------
    clips, subjects : int
        Totals.
    labels : mapping of str to int
        Clips of each label, as the loader writes it.
    """

    clips: int
    subjects: int
    labels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a database is to be read.

    Parameters
    ----------
    variant : str
        One of the loader's variants, or empty for the first that is there.
    corrections : bool
        Whether known errors of the published sheets are corrected.
    """

    variant: str = ""
    corrections: bool = True


AS_THEY_ARE = LoadOptions()
"""The first variant that is there, with corrections."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """The clips of a database and the rows that could not become one.

    Parameters
    ----------
    name : str
        Name of the loader, for example ``"folder"``.
    root : Path
        Folder that every :attr:`Clip.source` lies in.
    clips : tuple of Clip
        Ordered by (database, subject, clip); keys are unique.
    problems : tuple of Problem
        Ordered by row.
    synthetic : bool
        Whether the clips were drawn by the generator.
    precomputed_flow : bool
        Whether the sources are flow images, to be stored as they are, instead of frames.
    sheet : Path or None
        The sheet that :attr:`Clip.row` counts in.
    corrections : tuple of Problem
        What was corrected or is doubtful about clips that are kept.
    published : PublishedCounts or None
        What the owners say the database holds.
    variant : str
        Which of several forms of the database was read, for example ``"Cropped"``.
    hearsay : str
        Set where the layout is known from other programs only and no real file was at hand.
    """

    name: str
    root: Path
    clips: tuple[Clip, ...]
    problems: tuple[Problem, ...] = ()
    synthetic: bool = False
    precomputed_flow: bool = False
    sheet: Path | None = None
    corrections: tuple[Problem, ...] = ()
    published: PublishedCounts | None = None
    variant: str = ""
    hearsay: str = ""

    @property
    def full_name(self) -> str:
        """Name of the loader, with the variant after a colon, as :func:`load_dataset` takes it."""
        return f"{self.name}:{self.variant}" if self.variant else self.name


def dataset_names() -> tuple[str, ...]:
    """Return the names that :func:`load_dataset` knows."""
    return tuple(LOADERS)


def load_dataset(name: str, root: Path | str, *, corrections: bool = True) -> Dataset:
    """Read the annotation of a database; no frame is decoded.

    Parameters
    ----------
    name : str
        One of :func:`dataset_names`, with a variant after a colon where the loader has several:
        ``"casme2:RAW"``.
    root : Path or str
        Folder of the database.
    corrections : bool
        Whether known errors of the published sheets are corrected; each is then listed in
        :attr:`Dataset.corrections`.

    Returns
    -------
    Dataset
        Clips in plain text order of their keys, and the rows that had to be left out.

    Raises
    ------
    DatasetError
        If the name is unknown, the root is no folder, or its sheet cannot be understood.
    """
    root = Path(root)
    asked, _, variant = name.partition(":")
    name = asked.casefold()
    if name not in LOADERS:
        close = difflib.get_close_matches(name, LOADERS, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise DatasetError(
            f"unknown dataset {asked!r}; expected one of {', '.join(LOADERS)}.{hint}"
        )
    if not root.is_dir():
        raise DatasetError(
            f"{root}: expected the folder of the dataset {name!r}, but there is no such folder. "
            "Correct the path."
        )
    loader = import_module(LOADERS[name])
    variants = getattr(loader, "VARIANTS", ())
    chosen = next((known for known in variants if known.casefold() == variant.casefold()), "")
    if variant and not chosen:
        raise DatasetError(
            f"unknown variant {variant!r} of {name}; expected "
            f"{'one of ' + ', '.join(variants) if variants else 'none'}."
        )
    dataset = loader.load(root, LoadOptions(chosen, corrections))
    if not isinstance(dataset, Dataset):
        raise TypeError(f"the loader of {name!r} must return a Dataset, not {type(dataset)}")
    return dataset


def collect_dataset(
    name: str, root: Path, sheet: Path, clips: Iterable[Clip], problems: Iterable[Problem]
) -> Dataset:
    """Order the clips, settle duplicate keys, and tell whether the corpus is synthetic.

    Rows of one key that say exactly the same are one clip: the first is kept. Rows of one key
    that differ are all left out, since nothing tells which is right, and keeping the first
    would make the result depend on the order of the rows.
    """
    by_key: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        by_key[clip.key].append(clip)
    kept: list[Clip] = []
    found = list(problems)
    for same_key in by_key.values():
        same_key.sort(key=lambda clip: clip.row or 0)
        if len({replace(clip, row=None) for clip in same_key}) == 1:
            kept.append(same_key[0])
            duplicates = same_key[1:]
            verdict = "lead to the same clip. Delete all but one"
            action = "the repeated row is left out, its clip is kept"
        else:
            duplicates = same_key
            verdict = "differ, and nothing tells which is right. Correct or delete one of them"
            action = ROW_LEFT_OUT
        rows = ", ".join(str(clip.row) for clip in same_key)
        found.extend(
            Problem(sheet, clip.row, clip.key, f"duplicate clip: rows {rows} {verdict}.", action)
            for clip in duplicates
        )
    kept.sort(key=lambda clip: (clip.database, clip.subject, clip.clip))
    found.sort(key=lambda problem: (problem.row or 0, problem.reason))
    return Dataset(
        name=name,
        root=root,
        clips=tuple(kept),
        problems=tuple(found),
        synthetic=(root / SYNTHETIC_MARK).is_file(),
        sheet=sheet,
    )
