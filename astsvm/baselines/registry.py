"""The register of baselines: what each takes, how it is trained, where it comes from.

Adding a baseline takes a function that makes its input from one clip, a function that builds its
network where it is more than a descriptor, and one entry in :mod:`astsvm.baselines.hand_crafted` or
:mod:`astsvm.baselines.small_networks`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from astsvm.baselines.clip_content import Need, unmet_needs
from astsvm.config import TrainingSettings
from astsvm.errors import EvaluationError, InvalidInputError, SettingsError

if TYPE_CHECKING:
    import keras

    from astsvm.baselines.clip_content import ClipContent
    from astsvm.storage.reader import ClipCollection

__all__ = ["Baseline", "Kind", "all_baselines", "find_baseline"]

Kind = Literal["descriptor", "network"]
Shape = tuple[int, int, int, int]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Baseline:
    """A method to compare with.

    Parameters
    ----------
    name : str
        As in ``astsvm baseline NAME``.
    title : str
        As in reports.
    source : str
        Who published it, with DOI or arXiv id.
    needs : tuple of str
        What of a clip goes into `inputs`, in this order, of
        :data:`astsvm.baselines.clip_content.NEEDS`.
    inputs : str
        ``"module:function"`` that makes the input of one clip: a vector (d,), a map (H, W, C) or
        maps (T, H, W, C).
    options : mapping of str to object
        Keyword arguments of that function.
    network : str
        ``"module:function"`` that builds the network from the shape (T, H, W, C) and the number
        of classes; empty for a descriptor, which has a logistic regression instead.
    training : TrainingSettings
        How it is trained: fixed epochs and the settings of the SVM. The same for all data.
    is_map : bool
        Whether the input has places, so that AST+SVMNet can take it as its own.
    differs : tuple of str
        What differs from the source.
    """

    name: str
    title: str
    source: str
    needs: tuple[Need, ...]
    inputs: str
    training: TrainingSettings
    network: str = ""
    options: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    is_map: bool = False
    differs: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """Whether anything but the two heads is trained."""
        return "network" if self.network else "descriptor"

    @property
    def stream(self) -> str:
        """Name of the stream that its inputs are stored as."""
        return "motion" if self.network else self.name

    def require_needs(self, clips: ClipCollection) -> None:
        """Refuse clip files that do not offer what the baseline needs.

        Raises
        ------
        EvaluationError
            Naming the baseline, what it needs and what is not there.
        """
        if reasons := self.unmet(clips):
            raise EvaluationError(
                f"the baseline {self.name} needs {', '.join(self.needs)}, but {reasons}. Choose "
                "another baseline (astsvm baseline --list), or preprocess clips of frames."
            )

    def unmet(self, clips: ClipCollection) -> str:
        """Say why clip files do not offer what the baseline needs; empty if they do."""
        found = unmet_needs(clips, self.needs)
        return "; ".join(f"there are no {need}: {why}" for need, why in found.items())

    def input_of(self, content: ClipContent) -> npt.NDArray[np.float32]:
        """Make the input of one clip as it is stored, (T, H, W, C) float32.

        A vector (d,) becomes (1, 1, 1, d), a map (H, W, C) becomes (1, H, W, C).

        Raises
        ------
        InvalidInputError
            If the function makes anything else, or a value that is not finite.
        """
        make = _resolved(self.inputs)
        values = np.asarray(make(*content.of(self.needs), **self.options), dtype=np.float32)
        if values.ndim not in (1, 3, 4) or values.size == 0 or not np.isfinite(values).all():
            raise InvalidInputError(
                f"the input of the baseline {self.name} must be a vector (d,), a map (H, W, C) or "
                f"maps (T, H, W, C) of finite numbers, received shape {values.shape}."
            )
        return values.reshape((1,) * (4 - values.ndim) + values.shape)

    def build(self, shape: Shape, classes: int) -> keras.Model:
        """Build its network for inputs of a shape (T, H, W, C), named as the stream."""
        model: keras.Model
        if self.network:
            model = _resolved(self.network)(shape, classes)
        else:
            from astsvm.baselines.descriptor_network import build_descriptor_network

            model = build_descriptor_network(shape, classes, self.stream)
        return model


def all_baselines() -> dict[str, Baseline]:
    """Return every baseline by its name: descriptors first, then networks."""
    from astsvm.baselines.hand_crafted import HAND_CRAFTED
    from astsvm.baselines.small_networks import SMALL_NETWORKS

    return {baseline.name: baseline for baseline in (*HAND_CRAFTED, *SMALL_NETWORKS)}


def find_baseline(name: str) -> Baseline:
    """Return a baseline by its name.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    known = all_baselines()
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise SettingsError(f"unknown baseline {name!r}; expected one of {', '.join(known)}.{hint}")


def _resolved(place: str) -> Callable[..., Any]:
    module, _, function = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
