"""What a bundle says of itself: ``manifest.json``.

Validated on reading as settings are: no unknown key, no number out of range. It holds no time of
day and no path, so that the same training writes the same manifest.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from astsvm.errors import SettingsError, StorageError
from astsvm.frozen_settings import FrozenSettings
from astsvm.printable import printable, require_printable

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "CalibrationRecord",
    "HeadFigures",
    "Manifest",
    "MemberRecord",
    "RunRecord",
    "TrainingData",
    "TrainingRecord",
    "read_manifest",
]

FORMAT: Final = "astsvm-model"
FORMAT_VERSION: Final = 1

_LARGEST_SCALE, _LARGEST_BIAS = 1e12, 1e6
"""Far beyond what a fit gives, and far from where a sum is no number any more."""

Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(require_printable)]
"""Names are shown on terminals: a control character in one could write anything there."""
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0, le=1)]
StreamShape = tuple[
    Annotated[int, Field(ge=1, le=1000)],
    Annotated[int, Field(ge=1, le=4096)],
    Annotated[int, Field(ge=1, le=4096)],
    Annotated[int, Field(ge=1, le=16)],
]


class MemberRecord(FrozenSettings):
    """Size in bytes and SHA-256 of another member of the bundle."""

    size: Count
    sha256: Digest


class TrainingData(FrozenSettings):
    """The clips a model was trained on."""

    digest: Digest
    """Of all clips of the files, see :attr:`astsvm.storage.ClipCollection.digest`."""
    datasets: tuple[Name, ...]
    clips: Annotated[int, Field(ge=1)]
    subjects: Annotated[int, Field(ge=1)]
    clips_by_class: dict[Name, Count]
    left_out: Count
    """Clips that the protocol has no class for."""
    streams: dict[Name, StreamShape]
    """Shape (T, H, W, C) of what the network takes."""
    precomputed_flow: Name | None = None
    """Loader of flow images made elsewhere; None where astsvm computed the features from frames."""


class TrainingRecord(FrozenSettings):
    """How a model was trained; what is not here stands in ``settings.json``."""

    seed: Count
    epochs: Annotated[int, Field(ge=1)]
    final_loss: float
    chosen: dict[Name, float]
    """What an inner split chose; empty without one."""


class HeadFigures(FrozenSettings):
    """Figures of one head of a leave-one-subject-out run, with 95 % intervals over subjects."""

    uf1: Rate
    uar: Rate
    accuracy: Rate
    uf1_ci95: tuple[Rate, Rate] | None
    uar_ci95: tuple[Rate, Rate] | None
    accuracy_ci95: tuple[Rate, Rate] | None


class RunRecord(FrozenSettings):
    """The leave-one-subject-out run of the same clips and settings that a model refers to."""

    predictions_sha256: Digest
    evaluation: Name
    seeds: tuple[int, ...]
    clips: Count
    subjects: Count
    svm: HeadFigures
    softmax: HeadFigures
    floors: dict[Name, Rate]
    """UF1 without eyes: the largest class, and permuted labels."""


class CalibrationRecord(FrozenSettings):
    """``softmax(scale * scores + bias)``, see :mod:`astsvm.recognizer.calibration`."""

    scale: Annotated[float, Field(ge=0, le=_LARGEST_SCALE)]
    bias: tuple[Annotated[float, Field(ge=-_LARGEST_BIAS, le=_LARGEST_BIAS)], ...]
    clips: Count
    seeds: Count
    log_loss: Annotated[float, Field(ge=0)]
    """Mean negative logarithm of the true class's probability, on the scores it was fitted to."""
    base_rate_log_loss: Annotated[float, Field(ge=0)]
    """The same for the classes' frequencies alone."""
    predictions_sha256: Digest


class Manifest(FrozenSettings):
    """Everything about a bundle that is not a setting or a weight."""

    format: Literal["astsvm-model"] = FORMAT
    format_version: Literal[1] = FORMAT_VERSION
    generated_by: Name
    versions: dict[Name, Name]
    class_names: Annotated[tuple[Name, ...], Field(min_length=2, max_length=1000)]
    protocol: Name
    synthetic: bool
    data: TrainingData
    training: TrainingRecord
    run: RunRecord | None = None
    calibration: CalibrationRecord | None = None
    members: dict[Name, MemberRecord]

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        if len(set(self.class_names)) < len(self.class_names):
            raise ValueError(f"class_names must differ, received {self.class_names}")
        if self.calibration and len(self.calibration.bias) != len(self.class_names):
            raise ValueError("calibration.bias must have a number for each class")
        return self


def read_manifest(content: bytes) -> Manifest:
    """Read ``manifest.json``.

    Raises
    ------
    StorageError
        If it is none, or of a newer version of the format; the message does not name the file.
    """
    try:
        values: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise StorageError(f"its manifest is no JSON ({str(error)[:120]})") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise StorageError("its manifest is not one of astsvm's")
    version = values.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        wrote = printable(str(values.get("generated_by", "another program"))[:80])
        raise StorageError(
            f"it has format version {printable(str(version)[:20])}, this astsvm reads version "
            f"{FORMAT_VERSION}. It was written by {wrote}; use that version, or train again"
        )
    try:
        return Manifest(**values)
    except (SettingsError, TypeError) as error:
        raise StorageError(f"its manifest is damaged: {' '.join(str(error).split())[:300]}") from (
            error
        )
