"""What software a result was made with."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["software_versions"]

_PACKAGES = {
    "astsvm": "astsvm",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "sklearn": "scikit-learn",
    "numpy": "numpy",
    "scipy": "scipy",
    "opencv": "opencv-python-headless",
    "dlib": "dlib-bin",
    "h5py": "h5py",
}
_DECISIVE_CODE = ("network", "classifier.py", "evaluation/fold.py", "evaluation/fold_network.py")


def software_versions() -> dict[str, str]:
    """Return the versions that a fold's numbers depend on, without importing the packages.

    Returns
    -------
    dict of str to str
        ``python``, the libraries by their import names, the processor's architecture, and
        ``code``, a digest of the sources that fit and predict, so that a run is not resumed with
        another method under the same version number.
    """
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for name, distribution in _PACKAGES.items():
        try:
            versions[name] = version(distribution)
        except PackageNotFoundError:
            versions[name] = "not installed"
    versions["code"] = _code_digest()
    return versions


def _code_digest() -> str:
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for place in _DECISIVE_CODE:
        root = package / place
        for file in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            digest.update(file.relative_to(package).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
