"""Naming what differs between two JSON objects, such as the settings of two files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["describe_differences", "differing_keys"]

_MAXIMUM_SHOWN = 8


def differing_keys(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the dotted names of all values in which two nested objects differ, in text order."""
    one, other = _flatten(first), _flatten(second)
    absent = object()
    return tuple(
        key
        for key in sorted(one.keys() | other.keys())
        if one.get(key, absent) != other.get(key, absent)
    )


def describe_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    """Return ``key: value, not value; ...``, or an empty text if nothing differs."""
    one, other = _flatten(first), _flatten(second)
    keys = differing_keys(first, second)
    shown = [f"{key}: {_show(one, key)}, not {_show(other, key)}" for key in keys[:_MAXIMUM_SHOWN]]
    if len(keys) > _MAXIMUM_SHOWN:
        shown.append(f"and {len(keys) - _MAXIMUM_SHOWN} more")
    return "; ".join(shown)


def _show(flat: Mapping[str, Any], key: str) -> str:
    return repr(flat[key])[:80] if key in flat else "absent"


def _flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, item in value.items():
        key = f"{prefix}{name}"
        if isinstance(item, Mapping):
            flat |= _flatten(item, f"{key}.")
        else:
            # Tuples become lists in JSON; the two mean the same here.
            flat[key] = list(item) if isinstance(item, tuple) else item
    return flat
