"""What ``config.json`` of a run is: all that a result depends on, and what that means for folds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from astsvm.errors import StorageError
from astsvm.storage.differences import describe_differences
from astsvm.storage.entry import canonical_json

__all__ = ["config_differences", "fold_fingerprint", "require_run_config", "stamped_config"]

_FORMAT = "astsvm-run"
_VERSION = 1
_TOLD_ONLY = ("files", "other_than_settings")
"""Keys for people: no number of the run depends on them."""


def stamped_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return a config with the name and version of its format."""
    return {"format": _FORMAT, "format_version": _VERSION, **config}


def require_run_config(config: dict[str, Any], path: Path) -> None:
    """Refuse what is no config of a run, or one of another version.

    Raises
    ------
    StorageError
        Naming the file.
    """
    if config.get("format") != _FORMAT or config.get("format_version") != _VERSION:
        raise StorageError(
            f"{path}: expected format {_FORMAT!r} version {_VERSION}, "
            f"received {config.get('format')!r} version {config.get('format_version')!r}."
        )


def config_differences(there: dict[str, Any], here: dict[str, Any]) -> str:
    """Say in what two runs differ that matters; empty if one can be gone on with as the other."""
    one, other = (
        {key: value for key, value in config.items() if key not in _TOLD_ONLY}
        for config in (there, here)
    )
    return describe_differences(one, other)


def fold_fingerprint(config: dict[str, Any], seed: int, subject: str) -> str:
    """Digest of all that one fold depends on; the other seeds of the run are not part of it."""
    depends = {key: value for key, value in config.items() if key not in (*_TOLD_ONLY, "seeds")}
    depends |= {"format": _FORMAT, "format_version": _VERSION, "seed": seed, "subject": subject}
    return hashlib.sha256(canonical_json(depends).encode()).hexdigest()
