"""Frozen, validated settings of a whole run, and the presets `paper`, `fast` and `demo`.

Settings are data: they are written as JSON into every file and run folder, and compared when a run
is resumed. Unknown keys are refused. Values named *ours* are not the paper's.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from astsvm.errors import SettingsError

__all__ = [
    "PRESETS",
    "FlowSettings",
    "MagnificationSettings",
    "NetworkSettings",
    "PreprocessingSettings",
    "Settings",
    "TrainingSettings",
]

Stream = Literal["flow", "idsf"]
Module = Literal["2d", "3d"]
PositiveInt = Annotated[int, Field(ge=1)]


def _require_distinct(name: str, values: tuple[str, ...]) -> None:
    if not values or len(set(values)) != len(values):
        raise ValueError(f"{name} must name at least one and none twice, received {values}")


class _InvalidSettingsError(SettingsError):
    """What is wrong with each setting, so that the record around it can name its place."""

    def __init__(self, model: str, problems: list[tuple[str, str]]) -> None:
        self.model = model
        self.problems = problems
        told = (f"{key}: {text}" if key else text for key, text in problems)
        super().__init__(f"{model}: " + "; ".join(told))

    def __reduce__(self) -> tuple[type[_InvalidSettingsError], tuple[str, list[tuple[str, str]]]]:
        # An exception is otherwise copied from its message alone, as when a worker sends it.
        return type(self), (self.model, self.problems)


def _problems(model: type[BaseModel], error: ValidationError) -> list[tuple[str, str]]:
    """Turn a pydantic error into (dotted key, what was expected and what came)."""
    found: list[tuple[str, str]] = []
    for item in error.errors(include_url=False):
        key = ".".join(str(part) for part in item["loc"])
        key = key if key.isprintable() else repr(key)
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, _InvalidSettingsError):
            found += [(f"{key}.{inner}".rstrip("."), text) for inner, text in cause.problems]
        elif isinstance(cause, ValueError):
            found.append((key, str(cause)))
        elif item["type"] == "extra_forbidden":
            close = difflib.get_close_matches(key, model.model_fields, n=1)
            hint = f"did you mean {close[0]}?" if close else "expected one of "
            hint += "" if close else ", ".join(model.model_fields)
            found.append((key, f"there is no such setting; {hint}"))
        else:
            received = "" if item["type"] == "missing" else f", received {item['input']!r:.80}"
            found.append((key, f"{item['msg'][0].lower()}{item['msg'][1:]}{received}"))
    return found


class _Frozen(BaseModel):
    """A settings record: immutable, no unknown keys, readable errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            model = type(self)
            raise _InvalidSettingsError(model.__name__, _problems(model, error)) from None

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy with the given fields changed."""
        return type(self)(**{**self.model_dump(), **changes})

    def to_json(self) -> str:
        """Return canonical JSON: keys sorted, no spaces; equal settings give equal text."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        SettingsError
            If `text` is no JSON object or does not describe valid settings.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SettingsError(f"{cls.__name__}: expected a JSON object, but {error}") from error
        if not isinstance(values, dict):
            raise SettingsError(
                f"{cls.__name__}: expected a JSON object, received {type(values).__name__}."
            )
        return cls(**values)


class MagnificationSettings(_Frozen):
    """Eulerian video magnification (METHOD 1.3; Wu et al. 2012)."""

    alpha: Annotated[float, Field(ge=0, le=200)] | None = None
    """Magnification; 0 switches it off; None takes 20 from 150 fps on and 8 below (ours)."""
    r1: Annotated[float, Field(gt=0, le=1)] = 0.4
    r2: Annotated[float, Field(gt=0, le=1)] = 0.05
    lambda_c: Annotated[float, Field(gt=0)] = 16.0
    """Spatial cut-off wavelength in pixels."""

    def alpha_at(self, fps: float) -> float:
        """Return the magnification used for a clip of `fps` frames per second."""
        if self.alpha is not None:
            return self.alpha
        return 20.0 if fps >= 150 else 8.0

    @model_validator(mode="after")
    def _band_is_open(self) -> Self:
        if self.r2 >= self.r1:
            raise ValueError(f"r2 must be smaller than r1, received r1={self.r1}, r2={self.r2}")
        return self


class FlowSettings(_Frozen):
    """Dense optical flow (METHOD 1.5). Window, levels, iterations and local mean are ours."""

    method: Literal["lucas_kanade", "dis", "farneback"] = "lucas_kanade"
    reference: Literal["adjacent", "onset"] = "adjacent"
    zero_first: bool = False
    """Put a zero field first, so that `length` points give `length` fields."""
    head_motion: Literal["none", "median"] = "median"
    """`median` subtracts the median of u and of v from each field (ours)."""
    window: Annotated[int, Field(ge=3, le=63)] = 15
    levels: Annotated[int, Field(ge=1, le=6)] = 3
    iterations: Annotated[int, Field(ge=1, le=10)] = 2
    regularisation: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Tikhonov term in units of the level's mean squared gradient."""
    local_mean_sigma: Annotated[float, Field(ge=0, le=64)] = 8.0
    """Sigma in pixels of the local mean subtracted before Lucas-Kanade; 0 leaves it out."""

    @model_validator(mode="after")
    def _window_has_a_centre(self) -> Self:
        if self.window % 2 == 0:
            raise ValueError(f"window must be odd, received {self.window}")
        return self


class PreprocessingSettings(_Frozen):
    """From decoded frames to stored features (METHOD 1)."""

    size: Annotated[int, Field(ge=16, le=1024)] = 192
    alignment: Literal["similarity", "piecewise", "none"] = "similarity"
    """`none` resizes frames that are cropped to the face already."""
    landmark_model: Literal["68", "5"] = "68"
    magnification: MagnificationSettings = MagnificationSettings()
    interpolation: Literal["tim", "linear", "nearest"] = "tim"
    length: Annotated[int, Field(ge=2, le=1000)] = 11
    """Time points after interpolation; 11 points give ten adjacent flow fields (ours)."""
    flow: FlowSettings = FlowSettings()
    illumination: Literal["none", "median"] = "none"
    """`median` subtracts each difference frame's median (ours)."""
    streams: tuple[Stream, ...] = ("flow", "idsf")

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        _require_distinct("streams", self.streams)
        if self.alignment == "piecewise" and self.landmark_model != "68":
            raise ValueError("alignment piecewise needs landmark_model 68")
        if self.flow.window > self.size:
            raise ValueError(f"flow.window {self.flow.window} exceeds size {self.size}")
        return self

    @property
    def steps(self) -> int:
        """Number of flow fields and difference images a clip gets."""
        return self.length if self.flow.zero_first else self.length - 1


class NetworkSettings(_Frozen):
    """AST+SVMNet (METHOD 2)."""

    streams: tuple[Stream, ...] = ("flow", "idsf")
    attention: Literal["fam", "cam", "sam", "none"] = "fam"
    attention_activation: Literal["softmax", "literal_softmax", "sigmoid"] = "softmax"
    modules: tuple[Module, ...] = ("2d", "3d")
    kernels: Literal["full", "factorised"] = "full"
    """`factorised` writes a k x k x k kernel as 1 x k x k then k x 1 x 1 (ours)."""
    filters: tuple[PositiveInt, PositiveInt] = (6, 12)
    """Filters of a branch in the first and second inception block (ours)."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5

    @model_validator(mode="after")
    def _parts_are_distinct(self) -> Self:
        _require_distinct("streams", self.streams)
        _require_distinct("modules", self.modules)
        return self


class TrainingSettings(_Frozen):
    """How a fold is fitted. The number of epochs is fixed beforehand, never chosen on results."""

    epochs: PositiveInt = 50
    batch_size: PositiveInt = 32
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    class_weight: Literal["none", "balanced"] = "none"
    """Weights of the classes in the network's loss and in the SVM."""
    svm_c: Annotated[float, Field(gt=0)] = 1.0
    svm_gamma: Annotated[float, Field(gt=0)] | Literal["scale", "auto"] = "scale"


class Settings(_Frozen):
    """Everything a run depends on, apart from its data and seeds."""

    preset: str = "custom"
    """Name of the preset, for people; the fields below say what is done."""
    preprocessing: PreprocessingSettings = PreprocessingSettings()
    network: NetworkSettings = NetworkSettings()
    training: TrainingSettings = TrainingSettings()

    @classmethod
    def from_preset(cls, name: str) -> Settings:
        """Return the settings of a preset.

        Parameters
        ----------
        name : str
            ``"paper"`` (full 3-D kernels), ``"fast"`` (factorised kernels) or ``"demo"`` (small
            images, few epochs).

        Raises
        ------
        SettingsError
            If there is no such preset.
        """
        try:
            return PRESETS[name]
        except KeyError:
            raise SettingsError(
                f"unknown preset {name!r}; expected one of {', '.join(PRESETS)}."
            ) from None

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read settings from a JSON file.

        Raises
        ------
        SettingsError
            If the file cannot be read or does not hold valid settings; the message names it.
        """
        try:
            return cls.from_json(path.read_bytes())
        except OSError as error:
            raise SettingsError(f"{path}: settings cannot be read: {error.strerror}") from error
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from error


PRESETS: dict[str, Settings] = {
    "paper": Settings(preset="paper"),
    "fast": Settings(
        preset="fast",
        network=NetworkSettings(kernels="factorised"),
        training=TrainingSettings(epochs=60, class_weight="balanced"),
    ),
    "demo": Settings(
        preset="demo",
        preprocessing=PreprocessingSettings(size=96),
        network=NetworkSettings(kernels="factorised", filters=(4, 8)),
        training=TrainingSettings(epochs=30, class_weight="balanced"),
    ),
}
