"""The models that come with astsvm: where they lie, what they are, whether they are whole.

In a checkout they lie in ``weights/``, in an installed wheel in ``astsvm/weights``; nothing is
downloaded. ``MANIFEST.json`` beside them lists each with its checksum, licence, source and figures.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from astsvm.errors import MissingResourceError, SettingsError, StorageError
from astsvm.frozen_settings import FrozenSettings
from astsvm.recognizer.manifest import RunRecord

__all__ = [
    "WEIGHTS_MANIFEST",
    "ShippedModel",
    "WeightsManifest",
    "default_model",
    "read_weights_manifest",
    "verified_models",
    "weights_folder",
]

WEIGHTS_MANIFEST = "MANIFEST.json"
_ADVICE = "Install astsvm again, or train a model: astsvm train CLIPS --final -o MODEL"

Text = Annotated[str, Field(min_length=1)]


class ShippedModel(FrozenSettings):
    """One file of ``weights/``."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=1)]
    licence: Text
    source: Text
    """What it was trained on."""
    synthetic: bool
    metrics: RunRecord
    """Of leaving one subject out, with the same clips and settings."""
    command: Text
    commit: Text


class WeightsManifest(FrozenSettings):
    """``MANIFEST.json``."""

    format: Literal["astsvm-weights"] = "astsvm-weights"
    format_version: Literal[1] = 1
    default: Text
    """Name of the model that `astsvm predict` takes where none is named."""
    files: dict[Annotated[str, Field(pattern=r"^[a-z0-9_-]+\.astsvm$")], ShippedModel]


def weights_folder() -> Path:
    """Return the folder of the shipped models.

    Raises
    ------
    MissingResourceError
        If there is none.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "weights", package.parent / "weights"):
        if (folder / WEIGHTS_MANIFEST).is_file():
            return folder
    raise MissingResourceError(
        f"the shipped models were expected in {package / 'weights'}, but there are none. {_ADVICE}."
    )


def read_weights_manifest(folder: Path) -> WeightsManifest:
    """Read ``MANIFEST.json``.

    Raises
    ------
    StorageError
        If it cannot be read, is damaged, or names no default that it lists.
    """
    path = folder / WEIGHTS_MANIFEST
    try:
        manifest = WeightsManifest(**json.loads(path.read_bytes()))
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}. {_ADVICE}.") from error
    except (ValueError, TypeError, RecursionError, SettingsError) as error:
        text = " ".join(str(error).split())[:300]
        raise StorageError(f"{path} is damaged: {text}. {_ADVICE}.") from error
    if manifest.default not in manifest.files:
        raise StorageError(f"{path} lists no file {manifest.default!r}. {_ADVICE}.")
    return manifest


def verified_models(folder: Path | None = None) -> dict[str, ShippedModel]:
    """Return the shipped models by name, each file compared with its checksum.

    Raises
    ------
    MissingResourceError, StorageError
        If there are none, or a file is missing or not what it was.
    """
    folder = weights_folder() if folder is None else folder
    files = read_weights_manifest(folder).files
    for name, listed in files.items():
        _verify(folder / name, listed)
    return dict(files)


def default_model() -> Path:
    """Return the file of the model to take where none is named, its checksum verified.

    Raises
    ------
    MissingResourceError, StorageError
        If it is missing or not what it was.
    """
    folder = weights_folder()
    manifest = read_weights_manifest(folder)
    path = folder / manifest.default
    _verify(path, manifest.files[manifest.default])
    return path


def _verify(path: Path, listed: ShippedModel) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}. {_ADVICE}.") from error
    if (len(content), hashlib.sha256(content).hexdigest()) != (listed.size, listed.sha256):
        raise StorageError(
            f"{path} is not the file that {WEIGHTS_MANIFEST} lists: its size or SHA-256 differs. "
            f"{_ADVICE}."
        )
