"""Trained models in forms that other software serves: SavedModel, ONNX, Keras.

Importing this package is cheap; TensorFlow loads when something is exported.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from astsvm.errors import SettingsError

if TYPE_CHECKING:
    from astsvm.export.model_parts import ModelParts
    from astsvm.recognizer import Recognizer

__all__ = ["FORMATS", "ExportFormat", "export_model"]

ExportFormat = Literal["savedmodel", "onnx", "keras"]
FORMATS: tuple[str, ...] = get_args(ExportFormat)

ABOUT = "astsvm.json"
"""Stands beside every export: labels, settings, what it was trained on, whether synthetic."""


def export_model(recognizer: Recognizer, folder: str | Path, kind: ExportFormat) -> Path:
    """Write a trained model for other software, whole or not at all.

    Parameters
    ----------
    recognizer : Recognizer
        The model.
    folder : path
        The folder to make. It gets ``astsvm.json``, and with

        ``savedmodel``  a TensorFlow SavedModel, from frames to classes, see
                        :mod:`astsvm.export.saved_model`. TensorFlow Serving wants a number, the
                        version, as the folder's name.
        ``onnx``        ``model.onnx``, from features to classes, see
                        :mod:`astsvm.export.onnx_file`.
        ``keras``       ``network.keras``, the network alone; ``import astsvm.network.model`` makes
                        its layers known to Keras.

    kind : {"savedmodel", "onnx", "keras"}

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SettingsError
        If there is no such format, or the model's flow exists in OpenCV only.
    MissingResourceError
        If the format needs a library that is not installed.
    StorageError
        If there is something at `folder` already, or it cannot be written.
    """
    if kind not in FORMATS:
        raise SettingsError(f"kind: expected one of {', '.join(FORMATS)}, received {kind!r}.")
    from astsvm.export.model_parts import ModelParts
    from astsvm.storage.atomic import write_folder_atomically

    parts, target = ModelParts.of(recognizer), Path(folder)

    def fill(place: Path) -> None:
        _write(recognizer, parts, kind, place)
        text = json.dumps({"format": kind, **parts.about}, indent=1, sort_keys=True)
        (place / ABOUT).write_text(text + "\n", encoding="utf-8")

    write_folder_atomically(target, fill)
    return target


def _write(recognizer: Recognizer, parts: ModelParts, kind: ExportFormat, place: Path) -> None:
    if kind == "savedmodel":
        from astsvm.export.saved_model import write_saved_model

        write_saved_model(parts, place)
    elif kind == "onnx":
        from astsvm.export.onnx_file import write_onnx

        write_onnx(parts, place / "model.onnx")
    else:
        recognizer.model.network.save(place / "network.keras")
