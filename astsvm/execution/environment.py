"""The environment of computing processes: one thread each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

__all__ = [
    "GPU_MEMORY_ON_DEMAND",
    "ONEDNN",
    "ONE_THREAD",
    "VISIBLE_GPUS",
    "WITHOUT_GPU",
    "environment",
]

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}
"""What makes the libraries compute in one thread: only then are the bits the same every time."""

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
"""Says whether TensorFlow computes with oneDNN, which gives other bits; unset, we switch it on."""

VISIBLE_GPUS = "CUDA_VISIBLE_DEVICES"
WITHOUT_GPU = {VISIBLE_GPUS: ""}
"""Hides the GPUs of a machine from a process."""

GPU_MEMORY_ON_DEMAND = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
"""TensorFlow else takes all memory of a GPU, and a second process finds none."""


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the processes that start meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
