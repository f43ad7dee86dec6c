"""The durable result of one fold: a file that is whole, unchanged and of this run, or not there.

A fold file is an ``.npz`` archive (plain arrays, no pickle) whose zip comment is the SHA-256 of
every byte before it, so that a cut or flipped file is known before anything in it is parsed. Inside
stands the fingerprint of the fold (data, settings, versions, seed, subject); a file of another run
is not taken for one of this.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from astsvm.errors import StorageError
from astsvm.evaluation.fold import FoldResult
from astsvm.storage.atomic import write_bytes_atomically

__all__ = ["fold_file_name", "load_fold", "save_fold"]

_FORMAT = "astsvm-fold 2"
_ARRAYS = (
    "probabilities",
    "svm_scores",
    "losses",
    "epoch_probabilities",
    "epoch_svm_scores",
    "scaler_mean",
    "scaler_scale",
)
_MAPS = ("attention", "motion")
_HEX_DIGITS = 64
_LONGEST_NAME = 150


def fold_file_name(subject: str) -> str:
    """Return ``DATABASE_SUBJECT.npz`` for a subject key, safe for any name and never twice.

    Characters other than letters, digits, ``_``, ``-`` and ``.`` are percent-encoded, and so is an
    underscore of the database, since the first one separates, and a dot at the start, since that
    would hide the file. Long names end in a digest.
    """
    database, _, name = subject.partition("/")
    stem = f"{_encoded(database).replace('_', '%5F')}_{_encoded(name)}"
    if stem.startswith("."):
        stem = f"%2E{stem[1:]}"
    if len(stem) > _LONGEST_NAME:
        # "~" is encoded in every other name, so a shortened one meets no whole one.
        stem = f"{stem[:100]}~{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
    return f"{stem}.npz"


def _encoded(name: str) -> str:
    return quote(name, safe="").replace("~", "%7E")


def save_fold(path: Path, result: FoldResult, fingerprint: str) -> None:
    """Write a fold's result whole or not at all.

    Parameters
    ----------
    path : Path
        File to write; an existing one is replaced.
    result : FoldResult
        What the fold found.
    fingerprint : str
        Digest of everything the result depends on.
    """
    write_bytes_atomically(path, _sealed(result, fingerprint))


def load_fold(path: Path, fingerprint: str) -> FoldResult:
    """Read a fold's result, or say why it cannot be trusted.

    Parameters
    ----------
    path : Path
        A file that :func:`save_fold` wrote.
    fingerprint : str
        The fingerprint the fold must have.

    Raises
    ------
    StorageError
        If the file is missing, cut, changed, foreign, or belongs to another fold or run.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path}: the fold cannot be read: {error.strerror}.") from error
    body, seal = content[:-_HEX_DIGITS], content[-_HEX_DIGITS:]
    if hashlib.sha256(body).hexdigest().encode() != seal:
        raise StorageError(
            f"{path}: the fold's checksum does not match its content; it is computed again."
        )
    try:
        header, result = _parsed(content)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise StorageError(f"{path}: not a fold of astsvm: {error}.") from error
    if header.get("format") != _FORMAT or header.get("fingerprint") != fingerprint:
        raise StorageError(
            f"{path}: the fold belongs to another run or version; it is computed again."
        )
    return result


def _parsed(content: bytes) -> tuple[dict[str, Any], FoldResult]:
    with zipfile.ZipFile(io.BytesIO(content)):
        pass  # numpy would take a single array for an archive as well
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        header = json.loads(str(archive["header"]))
        arrays = {name: archive[name] for name in _ARRAYS}
        maps = {kind: _maps(archive, kind) for kind in _MAPS}
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    clips = tuple(header["clips"])
    scores = [arrays[name].shape for name in ("probabilities", "svm_scores")]
    if any(len(shape) != 2 or shape[0] != len(clips) for shape in scores):
        raise ValueError(f"{len(clips)} clips do not fit scores of shapes {scores}")
    if any(len(array) != len(clips) for kind in maps.values() for array in kind.values()):
        raise ValueError(f"{len(clips)} clips do not fit the maps of another number")
    for name in ("epoch_probabilities", "epoch_svm_scores"):
        if arrays[name].ndim != 3 or arrays[name].shape[1:] != scores[0]:
            raise ValueError(f"{name} of shape {arrays[name].shape} do not fit the other scores")
    fields = {name: header[name] for name in ("seed", "subject", "seconds", "chosen")}
    digests = {name: header[name] for name in ("network_sha256", "svm_sha256")}
    return header, FoldResult(
        clips=clips,
        **fields,
        **digests,
        **arrays,
        attention=maps["attention"],
        motion=maps["motion"],
    )


def _maps(archive: Any, kind: str) -> dict[str, Any]:
    """Read the arrays ``KIND/NAME`` of an archive by name."""
    names = [name for name in archive.files if name.startswith(f"{kind}/")]
    return {name.removeprefix(f"{kind}/"): archive[name] for name in names}


def _sealed(result: FoldResult, fingerprint: str) -> bytes:
    header = {
        "format": _FORMAT,
        "fingerprint": fingerprint,
        "seed": result.seed,
        "subject": result.subject,
        "seconds": result.seconds,
        "clips": list(result.clips),
        "chosen": result.chosen,
        "network_sha256": result.network_sha256,
        "svm_sha256": result.svm_sha256,
    }
    arrays = {name: getattr(result, name) for name in _ARRAYS}
    for kind in _MAPS:
        for name, array in getattr(result, kind).items():
            arrays[f"{kind}/{name}"] = array
    file = io.BytesIO()
    np.savez(file, header=np.array(json.dumps(header)), **arrays)
    with zipfile.ZipFile(file, "a") as archive:
        # The comment ends the file; its length is part of the bytes that are summed up.
        archive.comment = b"0" * _HEX_DIGITS
    body = file.getvalue()[:-_HEX_DIGITS]
    return body + hashlib.sha256(body).hexdigest().encode()
