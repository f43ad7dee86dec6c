"""Which versions of Python and of the libraries a result was made with."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

__all__ = [
    "NOT_INSTALLED",
    "code_digest",
    "installed_versions",
    "processor_kind",
    "whole_installation",
]

NOT_INSTALLED = "not installed"

_PROCESSOR_LIST = Path("/proc/cpuinfo")
_VECTORS = ("avx512f", "avx2", "avx")


def installed_versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return the version of Python and of each distribution, without importing any.

    Parameters
    ----------
    distributions : iterable of str
        Names as pip knows them, for example ``"scikit-learn"``.

    Returns
    -------
    dict of str to str
        ``python`` first, then the names as given; :data:`NOT_INSTALLED` where there is none.
    """
    versions = {"python": platform.python_version()}
    for name in distributions:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = NOT_INSTALLED
    return versions


def processor_kind() -> str:
    """Return the processor's architecture and, where Linux tells, its widest vectors.

    The libraries choose their code by these, and another order of adding has other last digits.
    """
    try:
        told = set(_PROCESSOR_LIST.read_text(errors="replace").split())
    except OSError:
        told = set()
    widest = next((name for name in _VECTORS if name in told), "")
    return f"{platform.machine()} {widest}".strip()


def code_digest(places: Iterable[str], package: Path = Path(__file__).parent) -> str:
    """Digest some of astsvm's own sources, as they lie on the disk.

    Parameters
    ----------
    places : iterable of str
        Files and folders below the package; of a folder every Python file counts.
    package : Path
        Where astsvm lies.
    """
    digest = hashlib.sha256()
    for place in places:
        root = package / place
        for file in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            digest.update(file.relative_to(package).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def whole_installation() -> dict[str, str]:
    """Return all that two machines must have in common to compute the same, name -> version.

    Returns
    -------
    dict of str to str
        ``python``, ``astsvm`` and every distribution it requires, the kind of processor
        (``machine``), and a digest of astsvm's own sources (``sources``), which tells two states
        of the same version apart.
    """
    required = (line for line in requires("astsvm") or [] if "extra ==" not in line)
    names = sorted(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in required)
    return {
        **installed_versions(["astsvm", *names]),
        "machine": processor_kind(),
        "sources": _sources_digest(),
    }


def _sources_digest() -> str:
    package = Path(__file__).parent
    digest = hashlib.sha256()
    # The command line, which computes nothing, lies elsewhere while astsvm is being developed.
    for file in sorted(package.rglob("*.py")):
        name = file.relative_to(package).as_posix()
        if not name.startswith("cli/"):
            digest.update(f"{name}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
