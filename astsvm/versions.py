"""Which versions of Python and of the libraries a result was made with."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

__all__ = ["NOT_INSTALLED", "installed_versions"]

NOT_INSTALLED = "not installed"


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
