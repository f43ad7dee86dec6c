"""Every setting with its values, its default and its meaning, drawn from the pydantic models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import griffe
from pydantic import BaseModel

from astsvm.config import PRESETS, Settings

__all__ = ["every_setting", "setting_names", "where_presets_differ"]

_SECTION_OF_METHOD = re.compile(r"METHOD (\d)(?:\.(\d))?")


def every_setting() -> str:
    """Return a heading and a table for every record of settings, as Markdown."""
    return "\n\n".join(_section(prefix, model) for prefix, model in _records("", Settings))


def setting_names() -> list[str]:
    """Return the dotted name of every setting, without the records that are always there."""
    return [
        _joined(prefix, name)
        for prefix, model in _records("", Settings)
        for name in _own_settings(model)
    ]


def where_presets_differ() -> str:
    """Return a table of the settings that are not the same in all presets, as Markdown."""
    columns = " | ".join(f"`{name}`" for name in PRESETS)
    lines = [f"| setting | {columns} |", "|---" * (len(PRESETS) + 1) + "|"]
    for name in setting_names():
        values = [_as_json(_value(settings, name)) for settings in PRESETS.values()]
        if len(set(values)) > 1 and name != "preset":
            lines.append(f"| [`{name}`](#{name}) | {' | '.join(values)} |")
    return "\n".join(lines)


def _records(prefix: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield every record with its dotted name, the outermost first."""
    yield prefix, model
    for name in model.model_fields:
        if inner := _record_of(model, name):
            yield from _records(_joined(prefix, name), inner)


def _record_of(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """Return the record that a field holds or may hold, None if it holds a plain value."""
    annotation = model.model_fields[name].annotation
    for kind in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _own_settings(model: type[BaseModel]) -> list[str]:
    """Name the fields that are given a value: all but the records that are always there."""
    fields = model.model_fields
    return [n for n in fields if fields[n].annotation is not _record_of(model, n)]


def _section(prefix: str, model: type[BaseModel]) -> str:
    properties = model.model_json_schema()["properties"]
    title = f"`{prefix}`" if prefix else "The whole"
    lines = [f"## {title}", "", _meaning(model.__name__), ""]
    if own := _own_settings(model):
        lines += ["| setting | values | default | meaning |", "|---|---|---|---|"]
    for name in own:
        cells = (
            f'<span id="{_joined(prefix, name)}">`{name}`</span>',
            _values(properties[name]),
            _as_json(model.model_fields[name].default),
            _meaning(f"{model.__name__}.{name}"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    if inner := [_joined(prefix, name) for name in model.model_fields if _record_of(model, name)]:
        # A heading's anchor is its text without the dots.
        links = ", ".join(f"[`{name}`](#{name.replace('.', '')})" for name in inner)
        lines += ["", f"Records in it: {links}."]
    return "\n".join(lines)


def _values(schema: dict[str, Any]) -> str:
    """Say in words which values a JSON schema allows."""
    if "anyOf" in schema:
        return ", or ".join(_values(choice) for choice in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        choices = schema.get("enum") or [schema["const"]]
        return ", ".join(f"`{_plain(choice)}`" for choice in choices)
    if "$ref" in schema:
        return "a record"
    kind = schema["type"]
    if kind == "array":
        if "prefixItems" in schema:
            return "list: " + "; ".join(_values(item) for item in schema["prefixItems"])
        return f"list: {_values(schema['items'])}"
    names = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "boolean": "yes or no",
    }
    return "`null`" if kind == "null" else names[kind] + _range(schema)


def _range(schema: dict[str, Any]) -> str:
    words = (
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "to"),
        ("exclusiveMaximum", "below"),
    )
    return "".join(f" {word} {schema[key]:g}" for key, word in words if key in schema)


@cache
def _module() -> Any:
    return griffe.load("astsvm.config")


def _meaning(name: str) -> str:
    """Return the docstring of a model or field in one line, with links to the method's page.

    Raises
    ------
    ValueError
        If it has none: a setting that nobody explains is not finished.
    """
    docstring = _module()[name].docstring
    if docstring is None:
        raise ValueError(f"astsvm.config.{name} has no docstring that explains it.")
    line = " ".join(docstring.value.split()).replace("``", "`").replace("|", "\\|")
    return _SECTION_OF_METHOD.sub(_link_to_method, line)


def _link_to_method(match: re.Match[str]) -> str:
    chapter, section = match.groups()
    anchor = f"step-{chapter}-{section}" if section else f"part-{chapter}"
    return f"[{match[0].lower()}](method.md#{anchor})"


def _value(settings: BaseModel, name: str) -> Any:
    """Return a setting by its dotted name; None within a record that is not there."""
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def _as_json(value: Any) -> str:
    return f"`{json.dumps(value)}`"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
