"""Precomputed onset-to-apex flow images in folders, as STSTNet and HTNet lay them out.

::

    ROOT/sub01/u_test/1/EP02_01f.png            the subject's own clips, by label
    ROOT/sub01/u_train/0/006_1_2.png            everybody else's: ignored

STSTNet: Liong et al., FG 2019, doi 10.1109/FG.2019.8756567. HTNet: Wang et al., arXiv 2307.14637.
The layout is known from these programs; no real file was at hand. An image is what
:mod:`astsvm.datasets.flow_images` describes. `u_train` repeats the images of all other subjects,
once for each subject that is left out, so the clips of the whole set are those of all `u_test`.

========  =========================================================================================
what      from where
========  =========================================================================================
subject   the folder in ROOT; ``s1`` is written ``s01``, as in the official list
database  the subject's name: ``sub01`` is ``casme2``, ``s1`` and ``s01`` are ``smic``, ``006`` is
          ``samm``, any other name ``flow_images``
label     the folder in ``u_test``: ``0`` negative, ``1`` positive, ``2`` surprise, or a name
clip      the file's name without its suffix. Both programs write the subject before the clip id
          (``sub01_EP02_01f``, ``006_006_1_2``) and a blank behind it; both are taken off, so that a
          clip has the id of its database
========  =========================================================================================

As in an index, all images must be of one size.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from astsvm.clip import Clip
from astsvm.datasets.contract import (
    AS_THEY_ARE,
    HEARSAY,
    Dataset,
    LoadOptions,
    Problem,
    collect_dataset,
)
from astsvm.datasets.flow_images import flow_image_size, keep_one_size
from astsvm.datasets.folder_tree import FolderTree
from astsvm.datasets.protocol_tables import OFFICIAL_CLASSES
from astsvm.datasets.source_path import source_inside
from astsvm.errors import DatasetError, FrameReadError

__all__ = ["DATABASE_OF_OTHERS", "load"]

OWN = "u_test"
DATABASE_OF_SUBJECT = {
    "casme2": re.compile(r"sub[0-9]{2}", re.ASCII),
    "smic": re.compile(r"s[0-9]{1,2}", re.ASCII),
    "samm": re.compile(r"[0-9]{3}", re.ASCII),
}
DATABASE_OF_OTHERS = "flow_images"
CLIP_LEFT_OUT = "the clip is left out"
FOLDER_LEFT_OUT = "the folder is left out"


def load(root: Path, options: LoadOptions = AS_THEY_ARE) -> Dataset:
    """Read the folders below `root`.

    Parameters
    ----------
    root : Path
        Folder that holds the subjects' folders.
    options : LoadOptions
        Without meaning here: the layout has one form and no published errors.

    Returns
    -------
    Dataset
        One clip for each sound PNG in a ``u_test``. Onset, apex and offset are None.

    Raises
    ------
    DatasetError
        If no folder in `root` holds a ``u_test``.
    """
    tree = FolderTree(root)
    clips: list[Clip] = []
    sizes: list[tuple[int, int]] = []
    problems: list[Problem] = []
    for found in _unique(_read_folders(tree)):
        if isinstance(found, Problem):
            problems.append(found)
            continue
        try:
            sizes.append(flow_image_size(found.source))
            clips.append(found)
        except FrameReadError as error:
            problems.append(_problem(found.source, found.key, error, CLIP_LEFT_OUT))
    clips, odd = keep_one_size(clips, sizes)
    dataset = collect_dataset("flow_folders", root, root, clips, ())
    return replace(
        dataset,
        problems=tuple(
            sorted([*problems, *odd], key=lambda problem: (str(problem.file), problem.reason))
        ),
        precomputed_flow=True,
        sheet=None,
        hearsay=HEARSAY,
    )


def _read_folders(tree: FolderTree) -> Iterator[Clip | Problem]:
    """Yield a clip for every image, a problem for every folder and file that is none."""
    subjects = list(tree.children())
    if not any((subject / OWN).is_dir() for subject in subjects):
        raise DatasetError(
            f"{tree.root}: expected flow images such as sub01/{OWN}/0/EP02_01f.png, but no folder "
            f"in it holds a folder {OWN}. Name the folder that holds the subjects' folders."
        )
    for subject in subjects:
        try:
            images = _own_images(tree, subject)
        except DatasetError as error:
            yield _problem(subject, None, error, FOLDER_LEFT_OUT)
            continue
        for image in images:
            yield _clip(tree.root, subject.name, image)


def _own_images(tree: FolderTree, subject: Path) -> list[Path]:
    """Return the files in the folders of the labels in order, hidden ones left out."""
    own = tree.find(subject.name, OWN)
    if own is None:
        raise DatasetError(
            f"expected a folder {OWN} with the subject's own clips, found none. "
            "Copy it again, or delete the folder if it is no subject."
        )
    images: list[Path] = []
    for label in tree.children(subject.name, OWN):
        try:
            images += sorted(path for path in label.iterdir() if not path.name.startswith("."))
        except OSError as error:
            raise DatasetError(
                f"{label}: the folder cannot be listed: {error.strerror}. Check its rights."
            ) from error
    if not images:
        raise DatasetError(f"{own} holds no image in a folder of a label. Copy it again.")
    return images


def _clip(root: Path, subject: str, image: Path) -> Clip | Problem:
    database = next(
        (name for name, pattern in DATABASE_OF_SUBJECT.items() if pattern.fullmatch(subject)),
        DATABASE_OF_OTHERS,
    )
    clip = _clip_id(database, subject, image.stem.strip())
    if database == "smic":
        # Some copies write s1, others s01: one person must not get two keys.
        subject = f"s{int(subject[1:]):02d}"
    try:
        if image.suffix.lower() != ".png":
            raise DatasetError("expected a PNG flow image. Export it again as PNG, or delete it.")
        return Clip(
            database=database,
            subject=subject,
            clip=clip,
            label=_label(image.parent.name),
            source=source_inside(root, image.relative_to(root).as_posix()),
        )
    except DatasetError as error:
        return _problem(image, f"{database}/{subject}/{clip}", error, CLIP_LEFT_OUT)


def _clip_id(database: str, subject: str, stem: str) -> str:
    """Take off the subject's name where it stands before the clip's own id."""
    rest = stem.removeprefix(f"{subject}_")
    # The ids of SMIC and SAMM begin with the subject themselves; those of CASME II never do.
    twice = database == "casme2" or rest.startswith(f"{subject}_")
    return rest if twice and rest else stem


def _label(folder: str) -> str:
    """Translate the name of a label's folder."""
    name = folder.strip().lower()
    if not (name.isascii() and name.isdigit()):
        return name
    if int(name) >= len(OFFICIAL_CLASSES):
        known = ", ".join(f"{number} {label}" for number, label in enumerate(OFFICIAL_CLASSES))
        raise DatasetError(
            f"the label {name} is not known; expected {known}, or the name of a label. "
            "Rename the folder."
        )
    return OFFICIAL_CLASSES[int(name)]


def _unique(found: Iterator[Clip | Problem]) -> Iterator[Clip | Problem]:
    """Replace the clips that come more than once by problems: nothing tells which is right."""
    by_key: dict[str, list[Clip]] = defaultdict(list)
    for item in found:
        if isinstance(item, Problem):
            yield item
        else:
            by_key[item.key].append(item)
    for clips in by_key.values():
        if len(clips) == 1:
            yield clips[0]
            continue
        places = " and ".join(f"{clip.source.parent.name}/{clip.source.name}" for clip in clips)
        reason = f"the clip comes {len(clips)} times, as {places}. Delete all but the right one."
        yield from (Problem(clip.source, None, clip.key, reason, CLIP_LEFT_OUT) for clip in clips)


def _problem(path: Path, clip: str | None, error: Exception, action: str) -> Problem:
    return Problem(path, None, clip, str(error).removeprefix(f"{path}: "), action)
