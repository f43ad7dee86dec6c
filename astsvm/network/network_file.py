"""The file of a trained network: Keras' own format, written reproducibly and read with care.

Keras can open the file (``keras.saving.load_model``), but astsvm does not let it: a saved model
says what to build, and may name any class. We build the network from settings and take nothing but
numbers from the file. Each array must lie where Keras puts that of the network built here, with its
shape and type; they are copied into a file that we write ourselves, and that one Keras reads.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import numpy.typing as npt

from astsvm.errors import StorageError
from astsvm.storage.inspection import (
    array_place,
    child,
    child_names,
    open_guarded,
    read_array,
)
from astsvm.storage.sealed_archive import pack_archive, unpack_archive

__all__ = ["load_weights", "pack_network"]

_WEIGHTS = "model.weights.h5"
_LARGEST = {"metadata.json": 2**16, "config.json": 2**24, _WEIGHTS: 2**28}
_NO_DATE = "1980-01-01@00:00:00"

Arrays = dict[str, npt.NDArray[Any]]


def pack_network(model: keras.Model) -> bytes:
    """Return the ``.keras`` file of a network; equal weights give equal bytes.

    Parameters
    ----------
    model : keras.Model
        Not compiled: an optimiser's state is not part of it.
    """
    # Not Keras' own archive: that one tells the time.
    metadata = {"keras_version": keras.__version__, "date_saved": _NO_DATE}
    config = keras.saving.serialize_keras_object(model)
    contents = [
        json.dumps(metadata).encode(),
        json.dumps(config, sort_keys=True).encode(),
        _weights_file(model),
    ]
    return pack_archive(dict(zip(_LARGEST, contents, strict=True)))


def load_weights(model: keras.Model, data: bytes) -> None:
    """Give a network the weights of a file that :func:`pack_network` packed.

    Parameters
    ----------
    model : keras.Model
        Built as the one that was packed.
    data : bytes
        The file's content.

    Raises
    ------
    StorageError
        If the file is no such archive, or its arrays are not those of this network, or not finite.
        The message does not name the file.
    """
    members = unpack_archive(data, _LARGEST)
    with tempfile.TemporaryDirectory() as folder:
        given, ours = Path(folder, "given.h5"), Path(folder, "ours.weights.h5")
        given.write_bytes(members[_WEIGHTS])
        model.save_weights(ours)
        with h5py.File(ours, "r+") as template:
            arrays = _checked_arrays(given, template)
            for path, array in arrays.items():
                template[path][...] = array
        model.load_weights(ours)


def _weights_file(model: keras.Model) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, _WEIGHTS)
        model.save_weights(path)
        return path.read_bytes()


def _checked_arrays(given: Path, template: h5py.File) -> Arrays:
    """Read every array that the template holds, from the same place of another file."""
    arrays: Arrays = {}
    descriptor = os.open(given, os.O_RDONLY)
    try:
        with open_guarded(given) as file:
            _collect(file, template, descriptor, arrays)
    except StorageError as error:
        # The temporary file means nothing to whoever reads this.
        reason = str(error).removeprefix(f"{given}: ")
        raise StorageError(f"its weights are not those of this network: {reason}") from error
    finally:
        os.close(descriptor)
    return arrays


def _collect(group: Any, template: Any, descriptor: int, arrays: Arrays) -> None:
    names, expected = child_names(group), child_names(template)
    if names != expected:
        odd = sorted(set(names) ^ set(expected))[:3]
        raise StorageError(f"{template.name} differs in {', '.join(odd)}")
    for name in expected:
        found, wanted = child(group, name), template[name]
        if isinstance(wanted, h5py.Group):
            _collect(found, wanted, descriptor, arrays)
            continue
        place = array_place(found, wanted.dtype.str, wanted.ndim)
        if place.shape != wanted.shape:
            raise StorageError(f"{wanted.name} has shape {place.shape}, not {wanted.shape}")
        array = read_array(descriptor, place)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise StorageError(f"{wanted.name} holds NaN or infinity")
        arrays[wanted.name] = array
