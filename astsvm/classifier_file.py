"""The file of an SVM head: a skops archive whose types and arrays are checked before use."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from astsvm.errors import StorageError
from astsvm.storage.atomic import write_bytes_atomically

__all__ = ["read_head", "write_head"]

_FORMAT = "astsvm-svm-head"
_VERSION = 1
_MOST_CLASSES = 1000


def write_head(path: Path, parts: dict[str, Any]) -> None:
    """Write the parts of a head: `classes`, `seen`, `scaler` and `machines`.

    Raises
    ------
    StorageError
        If the system refuses to write.
    """
    import skops.io

    content = {"format": _FORMAT, "format_version": _VERSION, **parts}
    write_bytes_atomically(path, skops.io.dumps(content))


def read_head(path: Path) -> dict[str, Any]:
    """Read what :func:`write_head` wrote.

    Nothing is built before every type in the file is known to be harmless, and nothing is returned
    before the arrays fit together.

    Raises
    ------
    StorageError
        If the file cannot be read, holds any other type, or is no complete head.
    """
    content = _read_content(path)
    try:
        _check_parts(content)
    except (KeyError, AttributeError, TypeError, ValueError, IndexError) as error:
        raise StorageError(
            f"{path}: expected a complete SVM head, but {error}. Train the model again."
        ) from error
    return content


def _read_content(path: Path) -> dict[str, Any]:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        data = path.read_bytes()
        foreign = skops.io.get_untrusted_types(data=data)
        if foreign:
            raise StorageError(
                f"{path}: refused, because it holds types that an SVM head never holds: "
                f"{', '.join(foreign)}. Do not use this file."
            )
        content = skops.io.loads(data, trusted=[])
    except OSError as error:
        raise StorageError(f"{path}: the SVM head cannot be read: {error.strerror}.") from error
    except (
        zipfile.BadZipFile,
        UntrustedTypesFoundException,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        ImportError,
        IndexError,
        RecursionError,
        NotImplementedError,
    ) as error:
        raise StorageError(
            f"{path}: expected an SVM head written by astsvm, but the file is foreign or damaged "
            f"({type(error).__name__}: {error})."
        ) from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise StorageError(f"{path}: expected an SVM head written by astsvm; it is something else.")
    if content.get("format_version") != _VERSION:
        raise StorageError(
            f"{path}: the SVM head has format version {content.get('format_version')!r}, this "
            f"astsvm reads version {_VERSION}. Use the version that wrote it, or train again."
        )
    return content


def _check_parts(content: dict[str, Any]) -> None:
    """Check what a file brought: libsvm itself trusts sizes and would read past an array."""
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    seen, classes = content["seen"], content["classes"]
    scaler, machines = content["scaler"], content["machines"]
    if type(classes) is not int or type(scaler) is not StandardScaler:
        raise ValueError("its class count or scaler is missing")
    if classes > _MOST_CLASSES:
        raise ValueError(f"it claims {classes} classes, more than {_MOST_CLASSES}")
    if type(seen) is not np.ndarray or seen.dtype != np.int64 or seen.ndim != 1:
        raise ValueError("its list of classes is not a row of whole numbers")
    if not len(seen) or np.any(np.diff(seen) <= 0) or seen[0] < 0 or seen[-1] >= classes:
        raise ValueError("its list of classes is out of range")
    width = len(scaler.mean_)
    scales = scaler.scale_
    finite = scales.shape == (width,) and np.isfinite([scaler.mean_, scales]).all()
    if not finite or not np.all(scales > 0):
        raise ValueError("its scaler is inconsistent")
    if machines is not None and type(machines) is not OneVsRestClassifier:
        raise ValueError("its machines are of another kind")
    expected = {1: 0, 2: 1}.get(len(seen), len(seen))
    estimators = [] if machines is None else machines.estimators_
    if len(estimators) != expected or any(type(one) is not SVC for one in estimators):
        raise ValueError(f"it has {len(estimators)} machines for {len(seen)} classes")
    # What else may be wrong, such as a type of number, shows when a head is used.
    trial = scaler.transform(np.zeros((1, width)))
    for machine in estimators:
        _check_machine(machine, width)
        machine.decision_function(trial)


def _check_machine(machine: Any, width: int) -> None:
    vectors = machine.support_vectors_
    count = len(vectors)
    sound = (
        machine.kernel == "rbf"
        and vectors.shape == (count, width)
        and machine._dual_coef_.shape == machine.dual_coef_.shape == (1, count)
        and machine.support_.shape == (count,)
        and machine._intercept_.shape == machine.intercept_.shape == (1,)
        and machine._n_support.shape == (2,)
        and np.all(machine._n_support >= 0)
        and machine._n_support.sum() == count
        and machine.shape_fit_[1] == width
        and np.isfinite(vectors).all()
        and np.isfinite(machine._dual_coef_).all()
        and np.isfinite(machine._intercept_).all()
        and 0 < machine._gamma < np.inf
    )
    if not sound:
        raise ValueError("the arrays of a machine do not fit together")
