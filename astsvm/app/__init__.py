"""The web page: drop a clip, see what the model sees of it and says of it.

A clip travels through this package so: the page sends it (``page.py``), the gate lets the request
through or not (``gate.py``), the intake keeps it under a name nobody can guess (``intake.py``), the
model answers (``answering.py``), the answer becomes HTML (``answer_page.py``), and the clip is
deleted. Nothing of an answer is ever a file: pictures and downloads lie in the page itself.

Importing this package is cheap; gradio loads when the page is built.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.app.limits import Limits as Limits
    from astsvm.app.server import AppServer as AppServer

__all__ = ["AppServer", "Limits"]

_LAZY = {"AppServer": "server", "Limits": "limits"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
