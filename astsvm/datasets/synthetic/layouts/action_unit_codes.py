"""Planted action units as coders write them into a sheet, and the objective class they make up."""

from __future__ import annotations

from collections.abc import Collection, Mapping

__all__ = ["action_unit_text", "coded_units", "objective_class"]

_ONE_SIDED = 0.3
"""An imbalance beyond it is coded as one-sided."""

_CLASSES: Mapping[int, tuple[frozenset[int], ...]] = {
    number: tuple(frozenset(units) for units in sets)
    for number, sets in {
        1: ((6,), (12,), (6, 12), (6, 7, 12), (7, 12)),
        2: ((1, 2), (5,), (25,), (1, 2, 25), (25, 26), (5, 24)),
        3: ((23,), (4,), (4, 7), (4, 5), (4, 5, 7), (17, 24), (4, 6, 7), (4, 38)),
        4: (
            *((10,), (9,), (4, 9), (4, 40), (4, 5, 40), (4, 7, 9), (4, 9, 17)),
            *((4, 7, 10), (4, 5, 7, 9), (7, 10)),
        ),
        5: ((1,), (15,), (1, 4), (6, 15), (15, 17)),
        6: ((1, 2, 4), (20,)),
    }.items()
}
_ANY_OTHER = 7
_NOTICED = 0.5
"""A unit below this share of the strongest one escapes the coders."""


def coded_units(strengths: Mapping[int, float]) -> frozenset[int]:
    """Return the units that coders would see: those that come along faintly are left out."""
    strongest = max(strengths.values())
    return frozenset(
        unit for unit, strength in strengths.items() if strength >= _NOTICED * strongest
    )


def objective_class(units: Collection[int]) -> int:
    """Return the objective class, 1 to 7, of a set of action units.

    Davison, Merghani and Yap, J. Imaging 2018, doi 10.3390/jimaging4100119, table 2.
    """
    shown = frozenset(units)
    return next((number for number, sets in _CLASSES.items() if shown in sets), _ANY_OTHER)


def action_unit_text(
    units: Collection[int], imbalance: Mapping[int, float], sides: tuple[str, str]
) -> str | int:
    """Return ``12``, a number, for one unit and ``"4+L10"`` for several.

    Parameters
    ----------
    units : collection of int
        Planted units.
    imbalance : mapping of int to float
        How much stronger the right half of the picture, the person's left, shows each.
    sides : (str, str)
        What is written before a unit that the person's right or left side shows more.
    """
    coded = []
    for unit in sorted(units):
        right, left = sides
        lean = imbalance.get(unit, 0.0)
        side = left if lean > _ONE_SIDED else right if lean < -_ONE_SIDED else ""
        coded.append(f"{side}{unit}")
    text = "+".join(coded)
    return int(text) if text.isdigit() else text
