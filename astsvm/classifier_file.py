"""The file of an SVM head: a skops archive whose types and arrays are checked before use.

skops names arrays after their place in memory and stamps every member with the time. Both are
replaced by numbers in order of appearance and a fixed date, so that equal heads give equal bytes.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

from astsvm.errors import StorageError
from astsvm.storage.sealed_archive import ZIP_ERRORS, pack_archive

__all__ = ["pack_head", "unpack_head"]

_FORMAT = "astsvm-svm-head"
_VERSION = 1
_MOST_CLASSES = 1000
_SCHEMA = "schema.json"


def pack_head(parts: dict[str, Any]) -> bytes:
    """Return the file of a head with the parts `classes`, `seen`, `scaler` and `machines`."""
    import skops.io

    content = {"format": _FORMAT, "format_version": _VERSION, **parts}
    return _without_addresses(skops.io.dumps(content))


def unpack_head(data: bytes, source: str) -> dict[str, Any]:
    """Return the parts of a head that :func:`pack_head` packed.

    Nothing is built before every type in the file is known to be harmless, and nothing is returned
    before the arrays fit together.

    Parameters
    ----------
    data : bytes
        The file's content.
    source : str
        What messages call the file.

    Raises
    ------
    StorageError
        If the file holds any other type, or is no complete head.
    """
    content = _read_content(data, source)
    try:
        _check_parts(content)
    except (KeyError, AttributeError, TypeError, ValueError, IndexError) as error:
        raise StorageError(
            f"{source}: expected a complete SVM head, but {error}. Train the model again."
        ) from error
    return content


def _without_addresses(data: bytes) -> bytes:
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}

    def renumber(node: Any) -> None:
        for value in node.values() if isinstance(node, dict) else node:
            if isinstance(value, dict | list):
                renumber(value)
        if not isinstance(node, dict):
            return
        if isinstance(node.get("file"), str):
            node["file"] = files.setdefault(node["file"], f"{len(files)}.npy")
        if isinstance(node.get("__id__"), int):
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers))

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read(_SCHEMA))
        renumber(schema)
        members = {new: archive.read(old) for old, new in files.items()}
    return pack_archive({**members, _SCHEMA: json.dumps(schema).encode()})


def _read_content(data: bytes, source: str) -> dict[str, Any]:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        _refuse_compressed(data)
        foreign = skops.io.get_untrusted_types(data=data)
        if foreign:
            raise StorageError(
                f"{source}: refused, because it holds types that an SVM head never holds: "
                f"{', '.join(foreign)}. Do not use this file."
            )
        content = skops.io.loads(data, trusted=[])
    except (
        *ZIP_ERRORS,
        UntrustedTypesFoundException,
        TypeError,
        AttributeError,
        ImportError,
        MemoryError,
        SyntaxError,
    ) as error:
        text = " ".join(str(error).split())[:200]
        raise StorageError(
            f"{source}: expected an SVM head written by astsvm, but the file is foreign or damaged "
            f"({type(error).__name__}: {text})."
        ) from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise StorageError(
            f"{source}: expected an SVM head written by astsvm; it is something else."
        )
    if content.get("format_version") != _VERSION:
        raise StorageError(
            f"{source}: the SVM head has format version {content.get('format_version')!r}, this "
            f"astsvm reads version {_VERSION}. Use the version that wrote it, or train again."
        )
    return content


def _refuse_compressed(data: bytes) -> None:
    """Refuse what could unfold to more than the file's own size; a head is stored as it is."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sizes = [info.file_size for info in archive.infolist()]
        stored = all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    if not stored or sum(sizes) > len(data):
        raise ValueError("its members are compressed, or claim more bytes than the file has")


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
