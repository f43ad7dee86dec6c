"""Every protocol with its classes, its labels and its source, drawn from the records."""

from __future__ import annotations

import re

from astsvm.datasets.protocol_tables import ANY_DATABASE, PROTOCOLS, LabelProtocol

__all__ = ["every_protocol"]

_DOI = re.compile(r"doi (10\.\S+?)(?=;|$)")


def every_protocol() -> str:
    """Return a heading, the classes and their labels for every protocol, as Markdown."""
    return "\n\n".join(_section(protocol) for protocol in PROTOCOLS.values())


def _section(protocol: LabelProtocol) -> str:
    lines = [f"### `{protocol.name}`", "", protocol.text, ""]
    if any(label != name for table in protocol.tables.values() for label, name in table.items()):
        lines += ["| class | labels that make it |", "|---|---|"]
        lines += [f"| `{name}` | {_labels(protocol, name)} |" for name in protocol.classes]
        lines.append("")
    elif protocol.classes:
        names = ", ".join(f"`{name}`" for name in protocol.classes)
        lines += [f"The classes in their order: {names}.", ""]
    for key, reason in protocol.exclusions.items():
        lines.append(f"- Left out: `{key}`, {reason}.")
    source = _DOI.sub(r"[doi \1](https://doi.org/\1)", protocol.source)
    return "\n".join([*lines, "", f"Source: {source}."])


def _labels(protocol: LabelProtocol, wanted: str) -> str:
    """List the labels of a class, with the database where they hold for that one only."""
    told = []
    for database, table in protocol.tables.items():
        labels = ", ".join(label for label, name in table.items() if name == wanted)
        if labels:
            told.append(labels if database == ANY_DATABASE else f"{labels} (`{database}`)")
    return "; ".join(told)
