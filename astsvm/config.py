"""Frozen, validated settings of a whole run, and the presets `paper`, `fast` and `demo`.

Settings are data: they are written as JSON into every file and run folder, and compared when a run
is resumed. Unknown keys are refused. Values named *ours* are not the paper's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from astsvm.errors import SettingsError
from astsvm.frozen_settings import FrozenSettings
from astsvm.printable import require_printable

__all__ = [
    "PRESETS",
    "FlowSettings",
    "InnerSettings",
    "MagnificationSettings",
    "NetworkSettings",
    "PreprocessingSettings",
    "Settings",
    "TrainingSettings",
]

Stream = Literal["flow", "idsf"]
Module = Literal["2d", "3d"]
PositiveInt = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0)]

_CANDIDATE_EPOCHS = 5


def _require_distinct(name: str, values: tuple[object, ...]) -> None:
    if not values or len(set(values)) != len(values):
        raise ValueError(f"{name} must name at least one and none twice, received {values}")


class MagnificationSettings(FrozenSettings):
    """Eulerian video magnification (METHOD 1.3; Wu et al. 2012)."""

    alpha: Annotated[float, Field(ge=0, le=200)] | None = None
    """Magnification; 0 switches it off; None takes 20 from 150 fps on and 8 below (ours)."""
    r1: Annotated[float, Field(gt=0, le=1)] = 0.4
    """Coefficient of the faster low-pass in time, per frame; larger than `r2`."""
    r2: Annotated[float, Field(gt=0, le=1)] = 0.05
    """Coefficient of the slower low-pass."""
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


class FlowSettings(FrozenSettings):
    """Dense optical flow (METHOD 1.5). Window, levels, iterations and local mean are ours."""

    method: Literal["lucas_kanade", "dis", "farneback", "tvl1"] = "lucas_kanade"
    """Only `lucas_kanade` is the paper's; OpenCV's `dis` and `farneback`, and our `tvl1`, are for
    comparison."""
    reference: Literal["adjacent", "onset"] = "adjacent"
    """From frame to frame, or from the onset to every frame."""
    zero_first: bool = False
    """Put a zero field first, so that `length` points give `length` fields."""
    head_motion: Literal["none", "median"] = "median"
    """`median` subtracts the median of u and of v from each field (ours)."""
    window: Annotated[int, Field(ge=3, le=63)] = 15
    """Side of the window in pixels, odd."""
    levels: Annotated[int, Field(ge=1, le=6)] = 3
    """Levels of the pyramid; those smaller than the window are left out."""
    iterations: Annotated[int, Field(ge=1, le=10)] = 2
    """Warps on each level."""
    regularisation: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Tikhonov term in units of the level's mean squared gradient."""
    local_mean_sigma: Annotated[float, Field(ge=0, le=64)] = 8.0
    """Sigma in pixels of the local mean subtracted before Lucas-Kanade and TV-L1; 0 leaves it
    out."""

    @model_validator(mode="after")
    def _window_has_a_centre(self) -> Self:
        if self.window % 2 == 0:
            raise ValueError(f"window must be odd, received {self.window}")
        return self


class PreprocessingSettings(FrozenSettings):
    """From decoded frames to stored features (METHOD 1)."""

    size: Annotated[int, Field(ge=16, le=1024)] = 192
    """Side of the aligned face in pixels."""
    alignment: Literal["similarity", "piecewise", "none"] = "similarity"
    """`none` resizes frames that are cropped to the face already."""
    landmark_model: Literal["68", "5"] = "68"
    """dlib's landmark scheme; the 68-point file excludes commercial use."""
    magnification: MagnificationSettings = MagnificationSettings()
    interpolation: Literal["tim", "linear", "nearest"] = "tim"
    """Only `tim` is the paper's."""
    length: Annotated[int, Field(ge=2, le=1000)] = 11
    """Time points after interpolation; 11 points give ten adjacent flow fields (ours)."""
    flow: FlowSettings = FlowSettings()
    illumination: Literal["none", "median"] = "none"
    """`median` subtracts each difference frame's median (ours)."""
    streams: tuple[Stream, ...] = ("flow", "idsf")
    """Features to store."""

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

    @property
    def stream_shapes(self) -> dict[Stream, tuple[int, int, int, int]]:
        """Shape (T, H, W, C) of a clip's features, by stream."""
        places = (self.steps, self.size, self.size)
        return {"flow": (*places, 2), "idsf": (*places, 1)}


class NetworkSettings(FrozenSettings):
    """AST+SVMNet (METHOD 2)."""

    streams: tuple[Stream, ...] = ("flow", "idsf")
    """Paths of the network."""
    attention: Literal["fam", "cam", "sam", "none"] = "fam"
    """Fusion attention, only one of its two parts, or none."""
    attention_resolution: Annotated[int, Field(ge=4, le=1024)] | None = None
    """Rows and columns, about, at which attention looks at clips; None is as they are stored."""
    attention_activation: Literal["softmax", "literal_softmax", "sigmoid"] = "softmax"
    """`softmax` is scaled to mean 1 (ours); `literal_softmax` sums to 1."""
    modules: tuple[Module, ...] = ("2d", "3d")
    """Inception modules on each path."""
    resolution: Annotated[int, Field(ge=4, le=1024)] = 32
    """Rows and columns, about, to which attended clips are averaged before the modules (ours)."""
    kernels: Literal["full", "factorised"] = "full"
    """`factorised` writes a k x k x k kernel as 1 x k x k then k x 1 x 1 (ours)."""
    filters: tuple[PositiveInt, PositiveInt] = (6, 12)
    """Filters of a branch in the first and second inception block (ours)."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Share of the features dropped before the softmax in training (ours)."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """`mixed_bfloat16` convolves in bfloat16, which GPUs are fast at; all else stays float32."""

    @model_validator(mode="after")
    def _parts_are_distinct(self) -> Self:
        _require_distinct("streams", self.streams)
        _require_distinct("modules", self.modules)
        return self


class InnerSettings(FrozenSettings):
    """What an inner split of a fold's training subjects may choose (ours)."""

    splits: Annotated[int, Field(ge=2, le=10)] = 3
    """Parts of the training subjects, each held out once by an inner network."""
    epochs: tuple[PositiveInt, ...] = ()
    """Numbers of epochs to choose from; none stands for five even steps up to `training.epochs`."""
    svm_c: tuple[PositiveFloat, ...] = (0.1, 1.0, 10.0)
    """Candidates for C."""
    gamma_factors: tuple[PositiveFloat, ...] = (0.25, 1.0, 4.0)
    """Candidates for gamma, in units of scikit-learn's ``"scale"``."""

    @model_validator(mode="after")
    def _candidates_are_distinct(self) -> Self:
        for name in ("svm_c", "gamma_factors"):
            _require_distinct(name, getattr(self, name))
        if list(self.epochs) != sorted(set(self.epochs)):
            raise ValueError(f"epochs must ascend, none twice, received {self.epochs}")
        return self


class TrainingSettings(FrozenSettings):
    """How a fold is fitted. The number of epochs is fixed beforehand, or chosen by `inner`.

    It is never chosen on results of the held-out subject.
    """

    epochs: PositiveInt = 50
    """Passes over the training clips; with `inner`, the most there may be (ours)."""
    batch_size: PositiveInt = 32
    """Clips in a step of Adam."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    """Of Adam."""
    class_weight: Literal["none", "balanced"] = "none"
    """Weights of the classes in the network's loss and in the SVM."""
    augmentation: Literal["none", "flip"] = "none"
    """`flip` mirrors training clips inside the fold (ours); held-out clips stay as they are."""
    svm_kernel: Literal["rbf", "linear", "polynomial", "chi_square"] = "rbf"
    """Kernel of every support vector machine; only `rbf` is the paper's. `polynomial` adds 1 to
    the product; `chi_square` is for values of 0 or more that are not standardised."""
    svm_degree: Annotated[int, Field(ge=1, le=6)] = 2
    """Degree of the polynomial kernel."""
    svm_standardise: bool = True
    """Bring every feature to mean 0 and deviation 1 over the training clips first."""
    svm_multiclass: Literal["one_vs_rest", "one_vs_one"] = "one_vs_rest"
    """A machine for each class, as in the paper, or for each pair of classes, as libsvm does it."""
    svm_c: PositiveFloat = 1.0
    """C of every support vector machine (ours)."""
    svm_gamma: PositiveFloat | Literal["scale", "auto"] = "scale"
    """Width of the kernel: a number, or scikit-learn's `scale` or `auto` (ours). For `chi_square`
    both stand for 1 over the mean distance of two training clips."""
    inner: InnerSettings | None = None
    """Chooses epochs, C and gamma anew in every fold; None takes the values above."""

    @model_validator(mode="after")
    def _candidates_are_within_reach(self) -> Self:
        if self.inner and self.inner.epochs and self.inner.epochs[-1] > self.epochs:
            raise ValueError(
                f"inner.epochs must not exceed epochs {self.epochs}, received {self.inner.epochs}"
            )
        if self.inner and (self.svm_kernel != "rbf" or not self.svm_standardise):
            raise ValueError("inner chooses for svm_kernel rbf and svm_standardise true only")
        if self.svm_kernel == "chi_square" and self.svm_standardise:
            raise ValueError("svm_kernel chi_square needs svm_standardise false")
        return self

    @property
    def candidate_epochs(self) -> tuple[int, ...]:
        """Numbers of epochs that training may end with, ascending."""
        if self.inner is None:
            return (self.epochs,)
        steps = range(1, _CANDIDATE_EPOCHS + 1)
        even = {max(1, round(self.epochs * step / _CANDIDATE_EPOCHS)) for step in steps}
        return self.inner.epochs or tuple(sorted(even))


class Settings(FrozenSettings):
    """Everything a run depends on, apart from its data and seeds."""

    preset: Annotated[str, AfterValidator(require_printable)] = "custom"
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
            ``"paper"`` (full 3-D kernels), ``"fast"`` (coarser maps, factorised
            kernels) or ``"demo"`` (small images, few epochs).

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
        network=NetworkSettings(attention_resolution=96, resolution=16, kernels="factorised"),
        training=TrainingSettings(epochs=60, class_weight="balanced"),
    ),
    "demo": Settings(
        preset="demo",
        preprocessing=PreprocessingSettings(size=96),
        network=NetworkSettings(kernels="factorised", filters=(4, 8)),
        training=TrainingSettings(epochs=30, class_weight="balanced"),
    ),
}
