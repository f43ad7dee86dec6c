"""Which runs the paper's ablation tables consist of, and which of them some clips allow.

A row of a table is a variant of the method: its settings with a few of them changed. Rows of
several tables that have the same settings share one run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from astsvm.baselines.registry import all_baselines
from astsvm.config import Settings
from astsvm.errors import SettingsError

if TYPE_CHECKING:
    from astsvm.storage.reader import ClipCollection

__all__ = ["TABLES", "AblationPlan", "PlannedRow", "PlannedTable", "Variant", "plan_ablation"]

FEATURES: Final = 8
"""Number of the table of features, which takes baselines."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class Variant:
    """A row of a table.

    Parameters
    ----------
    name : str
        Folder of its run, and its key among the published figures.
    label : str
        As in the paper.
    network : mapping of str to object
        What it changes of the network's settings.
    baseline : str
        A baseline whose input goes to the method's SVM in place of the network's features.
    """

    name: str
    label: str
    network: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    baseline: str = ""


FULL: Final = Variant("full", "AST+SVMNet")
_FLOW: Final = Variant("flow-only", "Optical flow only", {"streams": ("flow",)})
_IDSF: Final = Variant("idsf-only", "IDSF only", {"streams": ("idsf",)})
_NO_ATTENTION: Final = Variant("no-attention", "Without FAM", {"attention": "none"})
_CAM: Final = Variant("cam-only", "CAM only", {"attention": "cam"})
_SAM: Final = Variant("sam-only", "SAM only", {"attention": "sam"})
_2D: Final = Variant("2d-only", "2-D modules only", {"modules": ("2d",)})
_3D: Final = Variant("3d-only", "3-D modules only", {"modules": ("3d",)})

_VARIANTS: Final[dict[int, tuple[str, tuple[Variant, ...]]]] = {
    9: ("Input features", (_FLOW, _IDSF, FULL)),
    10: ("Attention", (_NO_ATTENTION, _CAM, _SAM, FULL)),
    11: ("Network layers", (_2D, _3D, FULL)),
    12: ("Classification", (FULL,)),
    FEATURES: ("Hand-crafted features under the method's SVM", (_IDSF, FULL)),
}
TABLES: Final = (9, 10, 11, 12)
"""Numbers of the tables that are computed unless others are asked for."""

NO_FEATURES: Final = ("flow_svm", "flow_svm_raw")
"""Descriptors that are no features of the field."""


@dataclass(frozen=True)
class PlannedRow:
    """A row, with the settings of its run, or with the reason why there is none."""

    variant: Variant
    settings: Settings
    reason: str = ""

    @property
    def depends_on(self) -> tuple[str, str]:
        """Return all that its run depends on besides the clips; equal rows share one."""
        return self.variant.baseline, self.settings.network.to_json()


@dataclass(frozen=True)
class PlannedTable:
    """A table of the paper; the last row is the method that the others are compared with."""

    number: int
    title: str
    rows: tuple[PlannedRow, ...]


@dataclass(frozen=True)
class AblationPlan:
    """What is to be computed.

    Parameters
    ----------
    reference : Variant
        The method on all streams there are.
    tables : tuple of PlannedTable
        In the order of their numbers.
    remarks : tuple of str
        What the clips do not allow to judge.
    """

    reference: Variant
    tables: tuple[PlannedTable, ...]
    remarks: tuple[str, ...]

    def runs(self) -> dict[str, PlannedRow]:
        """Return what has to be run, once each, by the folder's name: the reference first."""
        rows = [row for table in self.tables for row in table.rows if not row.reason]
        rows.sort(key=lambda row: row.variant.name != self.reference.name)
        first: dict[tuple[str, str], PlannedRow] = {}
        for row in rows:
            first.setdefault(row.depends_on, row)
        return {row.variant.name: row for row in first.values()}

    def without(self, name: str, reason: str) -> AblationPlan:
        """Return the plan with the rows of a variant listed as not possible."""
        tables = tuple(
            replace(
                table,
                rows=tuple(
                    replace(row, reason=reason) if row.variant.name == name else row
                    for row in table.rows
                ),
            )
            for table in self.tables
        )
        return replace(self, tables=tables)

    def run_of(self, row: PlannedRow) -> str:
        """Return the name of the run that a row takes its figures from; empty if there is none."""
        runs = self.runs().items()
        return next((name for name, one in runs if one.depends_on == row.depends_on), "")


def plan_ablation(
    clips: ClipCollection, settings: Settings, tables: Collection[int] = TABLES
) -> AblationPlan:
    """Say which rows of which tables clips allow.

    Parameters
    ----------
    clips : ClipCollection
        The clips.
    settings : Settings
        The method; each row changes one of its choices.
    tables : collection of int
        Numbers of the tables: 8, 9, 10, 11, 12.

    Raises
    ------
    SettingsError
        If there is no such table, or the clips hold none of the settings' streams.
    """
    if not tables or not set(tables) <= set(_VARIANTS):
        raise SettingsError(
            f"tables: expected some of {', '.join(map(str, sorted(_VARIANTS)))}, received "
            f"{', '.join(map(str, tables)) or 'none'}."
        )
    wanted = settings.network.streams
    there = tuple(name for name in wanted if name in clips.streams)
    if not there:
        raise SettingsError(
            f"the method takes the streams {', '.join(wanted)}, but the clip files hold "
            f"{', '.join(clips.streams)} only. Preprocess the clips again."
        )
    reference = _reference(wanted, there)
    planned = tuple(
        PlannedTable(number, _VARIANTS[number][0], tuple(_rows(number, clips, settings, reference)))
        for number in sorted(tables)
    )
    return AblationPlan(reference, planned, tuple(_remarks(clips, wanted, there)))


def _reference(wanted: Sequence[str], there: tuple[str, ...]) -> Variant:
    """Return the method on what there is; on a single stream it is a row of Table 9 as well."""
    if there == tuple(wanted):
        return FULL
    (alone,) = (one for one in (_FLOW, _IDSF) if one.network["streams"] == there)
    return Variant(
        alone.name, f"AST+SVMNet, {alone.label[0].lower()}{alone.label[1:]}", alone.network
    )


def _rows(
    number: int, clips: ClipCollection, settings: Settings, reference: Variant
) -> list[PlannedRow]:
    variants = list(_VARIANTS[number][1])
    if number == FEATURES:
        variants = [*_feature_variants(), *variants]
    # Table 9 is about the streams: there the method is that with all of them, or is not possible.
    if number != 9:
        variants = [reference if variant is FULL else variant for variant in variants]
    return [_row(variant, clips, settings, reference) for variant in variants]


def _row(
    variant: Variant, clips: ClipCollection, settings: Settings, reference: Variant
) -> PlannedRow:
    if variant.baseline:
        lacking = all_baselines()[variant.baseline].unmet(clips)
        return PlannedRow(variant, settings, lacking)
    # A row that names no streams takes those of the reference.
    base = _NOTHING if variant is FULL else reference.network
    network = settings.network.replace(**{**base, **variant.network})
    absent = [name for name in network.streams if name not in clips.streams]
    reason = f"the stream {' and '.join(absent)} is not stored" if absent else ""
    return PlannedRow(variant, settings.replace(network=network.model_dump()), reason)


def _feature_variants() -> list[Variant]:
    return [
        Variant(f"features-{name}", baseline.title, baseline=name)
        for name, baseline in all_baselines().items()
        if baseline.kind == "descriptor" and name not in NO_FEATURES
    ]


def _remarks(clips: ClipCollection, wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    remarks = []
    if len(there) < len(wanted):
        remarks.append(
            f"The clips hold {' and '.join(there)} only, so every row is of a network with one "
            "path; the paper's rows in Tables 10 to 12 have two."
        )
    if any(clips.streams[name][0] == 1 for name in there):
        remarks.append(
            "A clip is one image here: attention over frames and convolution over time have "
            "nothing to tell apart, so CAM and 3-D modules cannot be judged."
        )
    return remarks
