"""What mkdocs does beside its own: pages drawn from the code, and docstrings mended.

A page asks for a part by a line such as ``<!-- every setting -->``; the part is then drawn from
the code itself, so that it cannot be out of date.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from baseline_tables import every_baseline
from command_pages import every_command
from docstring_pages import mended
from protocol_tables import every_protocol
from setting_tables import every_setting, where_presets_differ

PARTS = {
    "every baseline": every_baseline,
    "every command": every_command,
    "every protocol": every_protocol,
    "every setting": every_setting,
    "where the presets differ": where_presets_differ,
}
"""What stands in the comment -> the function that draws it."""

_PART = re.compile(r"^<!-- (.+) -->$", re.MULTILINE)


def with_parts(markdown: str) -> str:
    """Put every part that a page asks for in the place where it is asked for.

    Raises
    ------
    KeyError
        If there is no such part.
    """
    return _PART.sub(lambda match: PARTS[match[1]](), markdown)


def on_config(config: Any) -> Any:
    """List the decisions in the order of their numbers; a new one needs no entry."""
    folder = Path(config.docs_dir)
    found = sorted(path.name for path in (folder / "decisions").glob("[0-9]*.md"))
    for entry in config.nav:
        if isinstance(entry, dict) and "Decisions" in entry:
            entry["Decisions"] = ["decisions/index.md", *(f"decisions/{name}" for name in found)]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill the parts in before the page is read."""
    return with_parts(markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Mend the docstrings after they have been read."""
    return mended(html)
