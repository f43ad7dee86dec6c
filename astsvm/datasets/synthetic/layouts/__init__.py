"""Layouts that a synthetic corpus can be written in: a module each, by name.

Adding one takes a module with a :class:`~astsvm.datasets.synthetic.layouts.contract.Layout` called
``LAYOUT`` and a line in :data:`LAYOUTS`.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from astsvm.datasets.synthetic.layouts.contract import Layout
from astsvm.errors import SettingsError

__all__ = ["LAYOUTS", "find_layout"]

LAYOUTS = {
    "folder": "astsvm.datasets.synthetic.layouts.folder",
    "casme2": "astsvm.datasets.synthetic.layouts.casme2",
    "smic": "astsvm.datasets.synthetic.layouts.smic",
    "samm": "astsvm.datasets.synthetic.layouts.samm",
}
"""Name of a layout -> module that arranges it; ``load_dataset`` reads it by the same name."""


def find_layout(name: str) -> Layout:
    """Return a layout by its name.

    Raises
    ------
    SettingsError
        If there is none.
    """
    if name not in LAYOUTS:
        raise SettingsError(f"layout: expected one of {', '.join(LAYOUTS)}, received {name!r}.")
    return cast(Layout, import_module(LAYOUTS[name]).LAYOUT)
