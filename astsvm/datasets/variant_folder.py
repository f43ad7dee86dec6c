"""Databases whose frames come in several forms, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from astsvm.datasets.folder_tree import FolderTree
from astsvm.errors import DatasetError

__all__ = ["clip_folders", "find_variant"]


def find_variant(
    root: Path, wanted: str, folders: Mapping[str, tuple[str, ...]]
) -> tuple[str, FolderTree]:
    """Find the folder of a variant.

    Parameters
    ----------
    root : Path
        Folder of the database.
    wanted : str
        The variant, or empty for the first that is there.
    folders : mapping of str to tuple of str
        Variant, the preferred one first -> names that its folder may go by.

    Raises
    ------
    DatasetError
        If it is not there.
    """
    tree = FolderTree(root)
    variants = (wanted,) if wanted else tuple(folders)
    others = [child.name for child in tree.children()]
    for variant in variants:
        for name in folders[variant]:
            # Some programs unpack an archive into a folder of its own name, or of its file's.
            for way in ((name, name), (name,), *((other, name) for other in others)):
                found = tree.find(*way)
                # An empty one is a place where somebody meant to unpack.
                if found is not None and any(FolderTree(found).children()):
                    return variant, FolderTree(found)
    names = ", ".join(folders[variant][0] for variant in variants)
    raise DatasetError(
        f"{root}: expected a folder of frames called {names}, found "
        f"{', '.join(others[:8]) or 'no folder'}. Give the folder that holds both the sheet and "
        "the folder of frames."
    )


def clip_folders(tree: FolderTree, prefix: str = "") -> Iterator[tuple[str, str, Path]]:
    """List (subject, clip, folder) of ``PREFIXsubject/clip`` folders."""
    for subject in tree.children():
        for clip in tree.inside(subject):
            yield subject.name.casefold().removeprefix(prefix), clip.name, clip
