"""What software a result was made with."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from astsvm import versions
from astsvm.errors import EvaluationError
from astsvm.execution.environment import ONEDNN
from astsvm.versions import installed_versions, processor_kind

__all__ = ["SourcesChangedError", "code_digest", "require_code", "software_versions"]

_DISTRIBUTIONS = (
    "astsvm",
    "tensorflow",
    "keras",
    "scikit-learn",
    "numpy",
    "scipy",
    "opencv-python-headless",
    "dlib-bin",
    "h5py",
)
_DECISIVE_CODE = (
    "baselines",
    "network",
    "classifier.py",
    "svm_machines.py",
    "config.py",
    "frozen_settings.py",
    "datasets/protocol_tables.py",
    "datasets/protocols.py",
    "evaluation/fold.py",
    "evaluation/fold_fitting.py",
    "evaluation/fold_network.py",
    "evaluation/inner_selection.py",
    "evaluation/method.py",
    "evaluation/metrics.py",
    "evaluation/run_plan.py",
    "evaluation/splits.py",
    "execution/environment.py",
    "storage/opening.py",
    "storage/reader.py",
)


def software_versions() -> dict[str, str]:
    """Return the versions that a fold's numbers depend on, without importing the packages.

    Returns
    -------
    dict of str to str
        ``python``, the libraries as pip names them, the kind of processor, whether
        TensorFlow computes with ``oneDNN``, and ``code``, a digest of the sources that read,
        label, split, fit and predict, so that a run is not resumed with another method under the
        same version number.
    """
    return {
        **installed_versions(_DISTRIBUTIONS),
        "machine": processor_kind(),
        # Its last digits are others; on, unless whoever runs this has switched it off.
        "oneDNN": "on" if os.environ.get(ONEDNN, "1") == "1" else "off",
        "code": code_digest(),
    }


class SourcesChangedError(EvaluationError):
    """astsvm was changed on the disk while a run went on."""


def code_digest() -> str:
    """Digest of the sources that read, label, split, fit and predict, as they lie on the disk."""
    return versions.code_digest(_DECISIVE_CODE, Path(__file__).parents[1])


@cache
def require_code(expected: str) -> None:
    """Refuse to compute with other sources than a run began with.

    A process that starts later loads what lies on the disk by then. It looks once: what it has
    loaded stays.

    Raises
    ------
    SourcesChangedError
        If :func:`code_digest` is another one now.
    """
    if code_digest() != expected:
        raise SourcesChangedError(
            "the sources of astsvm on the disk are no longer those this run began with, so its "
            "folds would not belong together. Put them back and resume, or begin a new run."
        )
